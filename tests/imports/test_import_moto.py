"""Imports from an account in moto, as from AWS, also where not everything may be asked."""

import boto3
import pytest

from infra.checklist.asking import Account
from infra.checklist.documents import DocumentError
from infra.imports.live import ALSO, NEEDED, read
from infra.imports.stack import Imported, convert
from tests.checklist.account import Refusing, Shop, mocked


def imported(session: boto3.Session) -> Imported:
    return convert(read(Account(session), "shop", ["order-api"]))


def test_a_service_of_an_account() -> None:
    with mocked() as session:
        Shop(session)
        found = imported(session)
    service = found.settings["services"]["order-api"]
    assert service["image"].endswith("order-api:1.4.2")
    assert service["target_group"]["path_patterns"] == ["/*"]
    assert service["target_group"]["health_check"]["path"] == "/healthz"
    assert found.settings["load_balancer"]["https"] is True
    assert found.settings["region"] == "eu-central-1"


@pytest.mark.parametrize("permission", NEEDED)
def test_a_needed_permission_that_is_missing_is_named(permission: str) -> None:
    with mocked() as session:
        Shop(session)
        Refusing(session).refuse = lambda name: name == permission
        with pytest.raises(DocumentError, match=f"the permission {permission} is missing"):
            imported(session)


@pytest.mark.parametrize("permission", ALSO)
def test_without_another_permission_it_goes_on(permission: str) -> None:
    with mocked() as session:
        Shop(session)
        Refusing(session).refuse = lambda name: name == permission
        found = imported(session)
    assert found.settings["services"]["order-api"]["desired_count"] == 2
    assert permission in "".join(one.text for one in found.notes)


def test_only_reading_is_asked_and_all_of_it_is_documented() -> None:
    with mocked() as session:
        Shop(session)
        refusing = Refusing(session)
        imported(session)
    assert set(refusing.seen) <= {*NEEDED, *ALSO}

"""Imports from the API of a plane: our own settings come back, somebody's service is carried."""

import json
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.checklist.asking import Account
from infra.checklist.documents import DocumentError
from infra.imports.live import read
from infra.imports.notes import Kind
from infra.imports.stack import Imported, convert
from infra.imports.written import IMAGES, SETTINGS, files
from infra.local import settings as settings_file
from infra.local.apply import Stack
from infra.local.runtime import images
from infra.local.securitygroups import DEFAULT_VPC
from tests.api.plane import Plane
from tests.imports.conftest import Command
from tests.imports.foreign import CREDENTIAL, IMAGE, SECRET, Cart

SUBNETS = ["subnet-0privatea", "subnet-0privateb"]


def asked(url: str, cluster: str, *services: str) -> Imported:
    account = Account(boto3.Session("test", "test", region_name="eu-central-1"), url)
    return convert(read(account, cluster, services))


@pytest.fixture
def cart(api: Plane) -> Imported:
    ec2 = api.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=DEFAULT_VPC)
    Cart(api.client, DEFAULT_VPC, SUBNETS, group["GroupId"])
    return asked(api.url, "Shop_Prod")


def said(imported: Imported, kind: Kind) -> dict[str, str]:
    return {one.what: one.why for one in imported.notes if one.kind is kind}


def test_our_own_settings_come_back_as_they_are(api: Plane) -> None:
    ours = settings_file.load()
    Stack(ours, api.url, 20).apply()
    imported = asked(api.url, ours.name)
    assert imported.settings == json.loads(settings_file.DEFAULT.read_text())
    assert said(imported, Kind.FILL) == {}
    assert {one.what for one in imported.notes} == {"logConfiguration", "not known"}
    assert "application-autoscaling" in said(imported, Kind.CHANGED)["not known"]


def test_one_service_of_several(api: Plane) -> None:
    Stack(settings_file.load(), api.url, 20).apply()
    imported = asked(api.url, "rehearsal", "inventory-api")
    assert list(imported.settings["services"]) == ["inventory-api"]
    assert "Service Connect as a client" in said(imported, Kind.FILL)


def test_what_somebodys_service_has_is_carried(cart: Imported) -> None:
    assert cart.settings["name"] == "shop-prod"
    (service,) = cart.settings["services"].items()
    name, found = service
    assert name == "cart-service"
    assert (found["image"], found["container_port"]) == (IMAGE, 5000)
    assert (found["cpu"], found["memory"], found["stop_timeout"]) == (512, 1024, 25)
    assert found["container"]["command"][:2] == ["gunicorn", "--bind"]
    assert found["container"]["read_only_root_filesystem"] is False
    group = found["target_group"]
    assert (group["path_patterns"], group["priority"]) == (["/cart/*", "/status"], 7)
    assert (group["deregistration_delay"], group["health_check"]["path"]) == (300, "/status")
    assert found["deployment"]["circuit_breaker"] == {"enable": False, "rollback": False}


def test_what_is_not_carried_is_said(cart: Imported) -> None:
    left = said(cart, Kind.LEFT)
    assert {
        "container datadog-agent (datadog/agent)",
        "mountPoints",
        "volume",
        "condition host-header shop.example",
    } <= set(left)
    assert set(said(cart, Kind.CHANGED)) == {
        "name Cart_Service",
        "cluster Shop_Prod",
        "not known",
    }


def test_no_secret_is_written(cart: Imported) -> None:
    environment = cart.settings["services"]["cart-service"]["environment"]
    assert environment == {
        "DATABASE_URL": "placeholder",
        "DB_PASSWORD": "placeholder",
        "SHOP_CURRENCY": "EUR",
        "TOKEN_TTL": "3600",
    }
    assert said(cart, Kind.FILL) == {
        "environment DATABASE_URL": "it looks like a credential",
        "secret DB_PASSWORD": f"{SECRET} is not read",
    }
    texts = "".join(files(cart, "Cart", "here", "out").values())
    assert CREDENTIAL not in texts
    assert "hunter2" not in texts
    assert "0123456789abcdef0123456789abcdef" not in texts  # the agent's


def test_the_files_are_read_by_those_who_need_them(cart: Imported, tmp_path: Path) -> None:
    for name, text in files(cart, "Cart", "here", "out").items():
        (tmp_path / name).write_text(text)
    settings_file.load(tmp_path / SETTINGS)
    catalogue = images.load(tmp_path / IMAGES)
    assert catalogue.resolve(IMAGE).tag == "2026.11"
    with pytest.raises(images.CatalogueError, match=r"images.shop/cart still says TODO at direc"):
        catalogue.check_filled()


def test_the_command_writes_and_does_not_overwrite(
    api: Plane, cart: Imported, tmp_path: Path, rehearse: Command
) -> None:
    words = ["import", "--cluster", "Shop_Prod", "--endpoint-url", api.url, "--json"]
    words += ["--out", str(tmp_path / "cart")]
    first, again = rehearse(*words), rehearse(*words)
    assert first.returncode == again.returncode == 0, first.stderr
    told: dict[str, Any] = json.loads(first.stdout)
    assert told["services"] == ["cart-service"]
    assert [Path(one).name for one in told["files"]] == [SETTINGS, IMAGES, "NOTES.md"]
    assert len(told["notes"]) == len(cart.notes)
    assert "datadog-agent" in first.stderr
    assert "imported cart-service into" in first.stderr
    (tmp_path / "cart" / IMAGES).write_text("# mine\n")
    refused = rehearse(*words)
    assert refused.returncode == 64
    assert "images.toml is there already" in refused.stderr
    assert (tmp_path / "cart" / IMAGES).read_text() == "# mine\n"
    assert rehearse(*words, "--force").returncode == 0


def sentence(done: "subprocess.CompletedProcess[str]", what: str) -> None:
    assert done.returncode == 64, done.stderr
    first, hint = done.stderr.splitlines()
    assert what in first
    assert hint.startswith("hint: ")


def test_what_cannot_be_asked_is_one_sentence(
    api: Plane, tmp_path: Path, rehearse: Command
) -> None:
    api.client("ecs").create_cluster(clusterName="empty")
    here = ("import", "--out", str(tmp_path / "out"), "--endpoint-url", api.url)
    sentence(rehearse(*here, "--cluster", "nobody"), "ClusterNotFoundException")
    sentence(rehearse(*here, "--cluster", "empty"), "no active service in the cluster empty")
    sentence(
        rehearse(*here, "--cluster", "empty", "--service", "x"), "no service x in the cluster empty"
    )
    away = ("import", "--cluster", "shop", "--endpoint-url", "http://127.0.0.1:9")
    sentence(rehearse(*away), "http://127.0.0.1:9 does not answer ecs:ListServices")
    assert not (tmp_path / "out").exists()


def test_asking_without_a_cluster_is_refused(api: Plane) -> None:
    with pytest.raises(DocumentError, match="ClusterNotFound"):
        asked(api.url, "nobody", "web")

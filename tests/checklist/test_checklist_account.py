"""The live loader against moto: what is there, what is changed, what may not be asked."""

from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest

from infra.checklist.asking import PERMISSIONS, Account
from infra.checklist.documents import DocumentError
from infra.checklist.findings import Verdict
from infra.checklist.live import facts_of
from tests.checklist.account import Refusing, Shop, findings, mocked
from tests.checklist.stored import of_rule, verdicts

PASS, FAIL = {Verdict.PASS}, {Verdict.FAIL}


def test_what_is_right_in_an_account_passes() -> None:
    with mocked() as session:
        Shop(session)
        found = findings(session)
    for rule in ("NET001", "NET002", "NET003", "NET004", "NET005", "NET006", "ALB001", "ALB002",
                 "ALB004", "ALB006", "SG001", "SG002", "SG003", "SG004", "VPCE001", "VPCE002",
                 "VPCE005", "VPCE006", "VPCE007", "DEP002", "DEP005", "SEC003"):  # fmt: skip
        assert verdicts(found, rule) == PASS, of_rule(found, rule)


def test_defaults_are_those_of_aws() -> None:
    with mocked() as session:
        shop = Shop(session)
        (one,) = facts_of(Account(session)).target_groups
        assert (one.deregistration_delay, one.check.interval) == (300, 30)
        found = findings(session)
    (delay,) = of_rule(found, "LC002")
    assert (delay.verdict, delay.at) == (Verdict.FAIL, shop.target_group)
    assert delay.services == ("order-api",)


def test_one_nat_gateway_for_two_zones() -> None:
    with mocked() as session:
        shop = Shop(session, nats=1)
        (failed,) = [x for x in of_rule(findings(session), "NET004") if x.verdict is Verdict.FAIL]
    assert failed.at == shop.private[1]
    assert failed.text.startswith(f"eu-central-1b leaves through {shop.nats[0]} in eu-central-1a")


def test_a_route_to_the_internet_makes_a_subnet_public() -> None:
    with mocked() as session:
        shop = Shop(session)
        gateway = shop.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        shop.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=shop.vpc)
        where = {"RouteTableId": shop.tables[0], "DestinationCidrBlock": "0.0.0.0/0"}
        shop.ec2.delete_route(**where)
        shop.ec2.create_route(**where, GatewayId=gateway)
        assert verdicts(findings(session), "NET002") == FAIL


def test_the_gateway_of_s3_is_gone() -> None:
    with mocked() as session:
        shop = Shop(session)
        shop.ec2.delete_vpc_endpoints(VpcEndpointIds=[shop.gateway])
        found = of_rule(findings(session), "VPCE001")
    assert {one.text for one in found} == {
        f"image layers come from S3, and {table} has no S3 gateway endpoint"
        for table in shop.tables
    }


def test_anybody_may_call_the_task() -> None:
    with mocked() as session:
        shop = Shop(session)
        shop.let_in(shop.task_group, 8080, cidr="0.0.0.0/0")
        assert verdicts(findings(session), "SG002") == FAIL


def test_autoscaling_is_asked() -> None:
    with mocked() as session:
        Shop(session)
        scaling = session.client("application-autoscaling")
        scaling.register_scalable_target(
            ServiceNamespace="ecs", ResourceId="service/shop/order-api", MinCapacity=1,
            MaxCapacity=4, ScalableDimension="ecs:service:DesiredCount",
        )  # fmt: skip
        assert verdicts(findings(session), "DEP002") == FAIL


def test_only_the_cluster_that_was_named() -> None:
    with mocked() as session:
        shop = Shop(session)
        shop.ecs.create_cluster(clusterName="other")
        assert findings(session, "shop")
        with pytest.raises(DocumentError, match="no active service in the cluster other"):
            findings(session, "other")


def test_an_empty_account_is_refused() -> None:
    with mocked() as session, pytest.raises(DocumentError, match="no active service in the region"):
        findings(session)


NEEDED = ("ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListServices", "ecs:DescribeServices")
# moto keeps no Service Connect, so that nobody asks which namespaces there are
NOT_MISSED = "servicediscovery:ListNamespaces"
OPTIONAL = [one for one in PERMISSIONS if one not in (*NEEDED, NOT_MISSED)]


def test_an_alb_behind_an_nlb_is_followed_to_the_front() -> None:
    with mocked() as session:
        front = Shop(session).put_in_front()
        found = findings(session)
    (failed,) = [one for one in of_rule(found, "SG006") if one.verdict is Verdict.FAIL]
    assert failed.at == front
    assert Verdict.FAIL not in verdicts(found, "ALB004")


@dataclass(frozen=True, slots=True)
class Watched:
    """One account for all that only ask, and what fails in it if everything may be asked."""

    account: Account
    refusing: Refusing
    failed: set[str]


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with mocked() as session:
        Shop(session).put_in_front()
        refusing = Refusing(session)
        account = Account(session)
        found = findings(account)
        failed = {one.rule.id for one in found if one.verdict is Verdict.FAIL}
        yield Watched(account, refusing, failed)


def test_what_is_asked_is_what_the_list_of_permissions_says(watched: Watched) -> None:
    watched.refusing.seen.clear()
    watched.refusing.refuse = lambda name: False
    findings(watched.account)
    assert sorted(set(watched.refusing.seen)) == sorted(PERMISSIONS)
    verbs = ("Describe", "List", "Get", "GET")
    assert all(one.partition(":")[2].startswith(verbs) for one in PERMISSIONS)


@pytest.mark.parametrize("permission", OPTIONAL)
def test_a_permission_that_is_missing_is_named(permission: str, watched: Watched) -> None:
    """What depends on it is unknown; nothing fails that did not fail before."""
    watched.refusing.refuse = lambda name: name == permission
    found = findings(watched.account)
    told = {one.text for one in found if one.verdict is Verdict.UNKNOWN}
    assert f"the permission {permission} is missing" in told
    assert {one.rule.id for one in found if one.verdict is Verdict.FAIL} <= watched.failed


@pytest.mark.parametrize("permission", NEEDED)
def test_without_services_there_is_nothing_to_check(permission: str, watched: Watched) -> None:
    watched.refusing.refuse = lambda name: name == permission
    with pytest.raises(DocumentError, match=f"the permission {permission} is missing"):
        findings(watched.account)


def test_nothing_but_ecs_may_be_asked(watched: Watched) -> None:
    watched.refusing.refuse = lambda name: name not in NEEDED
    found = findings(watched.account)
    assert verdicts(found, "DEP001") == FAIL
    assert verdicts(found, "DEP003") == PASS
    assert verdicts(found, "SG004") == {Verdict.UNKNOWN}


@pytest.mark.parametrize("code", ["InvalidAction", "UnknownOperationException", "NotImplemented"])
def test_an_endpoint_without_the_service_is_named(code: str, watched: Watched) -> None:
    watched.refusing.refuse = lambda name: not name.startswith("ecs:")
    watched.refusing.code = code
    found = findings(watched.account)
    watched.refusing.code = "AccessDenied"
    told = {one.text for one in found if one.verdict is Verdict.UNKNOWN}
    assert "AWS eu-central-1 does not answer ec2:DescribeSubnets" in told


def test_another_error_is_told_as_it_is(watched: Watched) -> None:
    watched.refusing.refuse = lambda name: name == "ec2:DescribeSubnets"
    watched.refusing.code = "OptInRequired"
    found = findings(watched.account)
    watched.refusing.code = "AccessDenied"
    assert "ec2:DescribeSubnets failed: OptInRequired: no" in {one.text for one in found}


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(DocumentError, match="AWS cannot be asked: Unable to locate credentials"):
        facts_of(Account(boto3.Session(region_name="eu-central-1")))

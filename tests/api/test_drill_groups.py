"""A drill's security groups, by the same calls at the plane and at an emulator that is not ours."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from chaos import firewall
from chaos.entries import GroupSeen, RuleSeen
from tests.api.plane import REGION, Plane

OUT = RuleSeen(egress=True, protocol="-1", from_port=0, to_port=65_535, peer="0.0.0.0/0")


@pytest.fixture(params=["plane", "moto"])
def ec2(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    if request.param == "plane":
        plane: Plane = request.getfixturevalue("plane")
        yield plane.client("ec2")
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield boto3.client("ec2", region_name=REGION)


@pytest.fixture
def vpc(ec2: Any, request: pytest.FixtureRequest) -> str:
    if "moto" in request.node.name:
        made: str = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        return made
    return "vpc-1"


def make(ec2: Any, vpc: str, name: str) -> str:
    made: str = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
    return made


def allow(ec2: Any, group: str, peer: str, *, egress: bool = False) -> None:
    pair = {"UserIdGroupPairs": [{"GroupId": peer}]}
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, **pair}
    side = ec2.authorize_security_group_egress if egress else ec2.authorize_security_group_ingress
    side(GroupId=group, IpPermissions=[rule])


def rules(ec2: Any, group: str) -> set[RuleSeen]:
    (found,) = firewall.groups(ec2, [group])
    return set(found.rules)


def peers(ec2: Any, group: str, *, egress: bool = False) -> set[str]:
    return {r.peer for r in rules(ec2, group) if r.egress is egress}


def test_a_twin_may_do_what_its_model_may_and_leaves_no_trace(ec2: Any, vpc: str) -> None:
    """The database lets the application in by its group, and the load balancer may call it."""
    alb, app, database = (make(ec2, vpc, name) for name in ("alb", "app", "database"))
    allow(ec2, app, alb)
    allow(ec2, app, app)
    allow(ec2, database, app)
    allow(ec2, alb, app, egress=True)
    before = {group: rules(ec2, group) for group in (alb, app, database)}
    (model,) = firewall.groups(ec2, [app])

    twin = firewall.make(ec2, "rehearse-app-m", [model], model.rules)
    assert peers(ec2, twin) == {alb, twin}
    assert peers(ec2, twin, egress=True) == {"0.0.0.0/0"}
    assert peers(ec2, database) == {app, twin}
    assert peers(ec2, alb, egress=True) == {"0.0.0.0/0", app, twin}

    assert firewall.remove(ec2, "rehearse-app-m", 1.0)
    assert {group: rules(ec2, group) for group in (alb, app, database)} == before
    with pytest.raises(ClientError, match="does not exist"):
        firewall.groups(ec2, [twin])
    assert not firewall.remove(ec2, "rehearse-app-m", 1.0)


def test_a_twin_has_no_more_than_it_is_given(ec2: Any, vpc: str) -> None:
    """Not even EC2's own rule that lets everything out."""
    alb, app = make(ec2, vpc, "alb"), make(ec2, vpc, "app")
    (model,) = firewall.groups(ec2, [app])
    wanted = (
        RuleSeen(egress=False, protocol="tcp", from_port=1, to_port=2, peer=alb),
        RuleSeen(egress=False, protocol="-1", from_port=0, to_port=65_535, peer="10.0.0.0/16"),
        RuleSeen(egress=True, protocol="tcp", from_port=443, to_port=443, peer="::/0"),
    )
    twin = firewall.make(ec2, "rehearse-app-m", [model], wanted)
    assert rules(ec2, twin) == set(wanted)


def test_groups_come_in_the_order_of_their_ids(ec2: Any, vpc: str) -> None:
    made = [make(ec2, vpc, name) for name in ("b", "a", "c")]
    found: tuple[GroupSeen, ...] = firewall.groups(ec2, made)
    assert [group.name for group in found] == ["b", "a", "c"]
    assert {group.vpc for group in found} == {vpc}
    assert found[0].rules == (OUT,)
    assert firewall.groups(ec2, []) == ()


def test_a_group_that_stays_in_use_is_said_to_be(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time the error is EC2's own; here a load balancer has the group."""
    monkeypatch.setattr(firewall, "REMOVE_EXTRA_REAL_SECONDS", 0.0)
    monkeypatch.setattr(firewall, "REMOVE_SECONDS", 0.0)
    ec2, elb = plane.client("ec2"), plane.client("elbv2")
    used = make(ec2, "vpc-1", "rehearse-app-m")
    elb.create_load_balancer(Name="alb", Subnets=["s-a", "s-b"], SecurityGroups=[used])
    with pytest.raises(ClientError, match="has a dependent object"):
        firewall.remove(ec2, "rehearse-app-m", 1.0)

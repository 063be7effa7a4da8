"""Security groups of a running plane: as the settings say, and as an EC2 client changes them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.plane.tasks import journal
from tests.plane.up import Up, wait_for

pytestmark = pytest.mark.runtime

ORDERS, ALB, INVENTORY = "rehearsal-order-api", "rehearsal-alb", "rehearsal-inventory-api"
LIMIT_S = 20.0


class Groups:
    """The groups of the settings, by name."""

    def __init__(self, plane: Up) -> None:
        self.ec2: Any = plane.client("ec2")
        self.elb: Any = plane.client("elbv2")

    def id(self, name: str) -> str:
        filters = [{"Name": "group-name", "Values": [name]}]
        (found,) = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        group_id: str = found["GroupId"]
        return group_id

    def callers(self, name: str) -> list[tuple[int, str]]:
        """(port, peer) of every ingress rule."""
        filters = [{"Name": "group-id", "Values": [self.id(name)]}]
        rules = self.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        return sorted((r["FromPort"], _peer(r)) for r in rules if not r["IsEgress"])

    @contextmanager
    def without(self, name: str, caller: str) -> Iterator[None]:
        """The group lacks its rule for the caller's."""
        pair = {"UserIdGroupPairs": [{"GroupId": self.id(caller)}]}
        rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, **pair}
        self.ec2.revoke_security_group_ingress(GroupId=self.id(name), IpPermissions=[rule])
        try:
            yield
        finally:
            self.ec2.authorize_security_group_ingress(GroupId=self.id(name), IpPermissions=[rule])

    def health(self, group: str = "order-api") -> list[dict[str, str]]:
        (found,) = self.elb.describe_target_groups(Names=[group])["TargetGroups"]
        arn = found["TargetGroupArn"]
        targets = self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [target["TargetHealth"] for target in targets]


def _peer(rule: dict[str, Any]) -> str:
    block: str | None = rule.get("CidrIpv4") or rule.get("CidrIpv6")
    return block or str(rule["ReferencedGroupInfo"]["GroupId"])


def status(url: str) -> int:
    return httpx.get(url, timeout=10).status_code


def test_the_settings_let_in_who_calls_and_nobody_else(plane: Up) -> None:
    groups = Groups(plane)
    alb, inventory = groups.id(ALB), groups.id(INVENTORY)
    assert groups.callers(ALB) == [
        (80, "0.0.0.0/0"),
        (80, "::/0"),
        (443, "0.0.0.0/0"),
        (443, "::/0"),
    ]
    assert groups.callers(ORDERS) == sorted([(8080, alb), (8080, inventory)])
    assert groups.callers(INVENTORY) == [(8080, alb)]
    (balancer,) = groups.elb.describe_load_balancers()["LoadBalancers"]
    assert balancer["SecurityGroups"] == [alb]


def test_a_group_in_use_cannot_be_deleted(plane: Up) -> None:
    groups = Groups(plane)
    with pytest.raises(groups.ec2.exceptions.ClientError, match="has a dependent object"):
        groups.ec2.delete_security_group(GroupId=groups.id(ORDERS))


def test_without_its_rule_a_caller_gets_no_answer_and_others_do(plane: Up) -> None:
    """inventory-api says 503 when order-api does not answer; the load balancer still reaches it."""
    groups = Groups(plane)
    sku = httpx.get(f"{plane.url}/inventory", timeout=10).json()["items"][0]["sku"]
    item, orders = f"{plane.url}/inventory/{sku}", f"{plane.url}/orders"
    assert status(item) == 200
    with groups.without(ORDERS, INVENTORY):
        wait_for(lambda: status(item) == 503, LIMIT_S)
        assert status(orders) == 200
        assert {h["State"] for h in groups.health()} == {"healthy"}
    wait_for(lambda: status(item) == 200, LIMIT_S)


def test_without_its_rule_the_load_balancer_times_out(make_plane: Callable[..., Up]) -> None:
    plane = make_plane().start()
    groups = Groups(plane)
    with groups.without(ORDERS, ALB):
        wait_for(lambda: any(h.get("Reason") == "Target.Timeout" for h in groups.health()), LIMIT_S)
        assert status(f"{plane.url}/orders") == 504
        assert status(f"{plane.url}/inventory") == 200
    wait_for(lambda: status(f"{plane.url}/orders") == 200, LIMIT_S)
    wait_for(lambda: {h["State"] for h in groups.health()} <= {"healthy", "draining"}, LIMIT_S)
    said = [e["why"] for e in journal(plane) if e["kind"] == "security-group-refuses"]
    missing = f"{groups.id(ORDERS)} has no ingress rule for tcp 8080 from {groups.id(ALB)}"
    assert missing in said

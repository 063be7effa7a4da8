"""The plane's records, seen as a VPC."""

from infra.local.scheduler.model import TaskStatus
from infra.local.topology import balancer_interfaces, task_interface, task_permits, topology
from infra.network.model import Rule
from infra.network.permits import Permit
from infra.network.reach import reaches
from tests.network.vpc import EDGE, VPC, group, records, task


def test_the_load_balancer_is_let_in_by_its_group_and_nobody_else() -> None:
    store = records(group("sg-alb"), group("sg-app", Rule("tcp", 8080, 8080, group="sg-alb")))
    app, peer = task(store, 1, "sg-app"), task(store, 2, "sg-app")
    seen = topology(store, EDGE, VPC)
    (node,) = balancer_interfaces(store.balancers["arn:alb"], EDGE)
    assert reaches(seen, node, task_interface(app), 8080).allowed
    refused = reaches(seen, task_interface(peer), task_interface(app), 8080)
    assert refused.why == "sg-app has no ingress rule for tcp 8080 from sg-app"
    assert task_permits(store, app, EDGE, VPC) == (Permit("tcp", 8080, 8080, "127.0.0.1/32"),)


def test_a_stopped_task_is_no_member_of_its_groups_any_more() -> None:
    store = records(group("sg-app", Rule("tcp", 80, 80, group="sg-app")))
    app = task(store, 1, "sg-app")
    task(store, 2, "sg-app", status=TaskStatus.STOPPED)
    task(store, 3, "sg-app", status=TaskStatus.DEACTIVATING)
    assert task_permits(store, app, EDGE, VPC) == (
        Permit("tcp", 80, 80, "127.64.10.1/32"),
        Permit("tcp", 80, 80, "127.64.10.3/32"),
    )


def test_a_private_block_from_elsewhere_stands_for_the_vpc() -> None:
    store = records(group("sg-app", Rule("tcp", 80, 80, cidr="10.0.0.0/16")))
    app, peer = task(store, 1, "sg-app"), task(store, 2, "sg-app")
    assert reaches(
        topology(store, EDGE, VPC), task_interface(peer), task_interface(app), 80
    ).allowed
    assert task_permits(store, app, EDGE, VPC) == (
        Permit("tcp", 80, 80, "127.0.0.1/32"),
        Permit("tcp", 80, 80, "127.64.0.0/16"),
    )


def test_a_block_of_this_machine_is_meant_as_it_is_written() -> None:
    store = records(
        group(
            "sg-app",
            Rule("tcp", 80, 80, cidr="10.248.10.5/32"),
            Rule("tcp", 81, 81, cidr="203.0.113.0/24"),
            Rule("tcp", 82, 82, cidr="::/0"),
        )
    )
    app = task(store, 1, "sg-app")
    assert task_permits(store, app, EDGE, "10.248.0.0/16") == (
        Permit("tcp", 80, 80, "10.248.10.5/32"),
        Permit("tcp", 81, 81, "203.0.113.0/24"),
    )


def test_a_group_that_nobody_made_lets_everything_in() -> None:
    store = records(group("sg-app"))
    assert task_permits(store, task(store, 1, "sg-app", "sg-made-up"), EDGE, VPC) is None
    assert task_permits(store, task(store, 2), EDGE, VPC) is None
    assert task_permits(store, task(store, 3, "sg-app"), EDGE, VPC) == ()

"""Where a connection leads: to its destination, or to a port that never answers."""

from collections.abc import Iterator, Mapping

import pytest

from infra.local.scheduler.model import TaskStatus
from infra.local.securitygroups import GroupRule
from infra.local.store import Store
from infra.local.ways import OPEN, GuardedWays
from infra.network.model import Rule
from tests.network.vpc import EDGE, VPC, group, records, task


@pytest.fixture
def store() -> Store:
    return records(
        group("sg-alb"),
        group("sg-caller"),
        group("sg-app", Rule("tcp", 8080, 8080, group="sg-alb")),
    )


@pytest.fixture
def said() -> list[Mapping[str, object]]:
    return []


@pytest.fixture
def ways(store: Store, said: list[Mapping[str, object]]) -> Iterator[GuardedWays]:
    made = GuardedWays(store, EDGE, VPC, lambda kind, facts: said.append({"kind": kind, **facts}))
    yield made
    made.close()


def test_what_a_rule_lets_in_leads_where_it_says(store: Store, ways: GuardedWays) -> None:
    task(store, 1, "sg-app")
    alb, place = store.balancers["arn:alb"], ("127.64.10.1", 8080)
    assert ways.reachable(alb, place)
    assert ways.from_balancer(alb, place) == place
    assert not ways.reachable(alb, ("127.64.10.1", 8081))


def test_what_no_rule_lets_in_leads_to_another_port_of_the_address(
    store: Store, ways: GuardedWays, said: list[Mapping[str, object]]
) -> None:
    task(store, 1, "sg-app")
    callers = [task(store, n, "sg-caller") for n in (2, 3)]
    for caller in callers:
        address, port = ways.from_task(caller, ("127.64.10.1", 8080))
        assert address == "127.64.10.1"
        assert port != 8080
    assert [s["why"] for s in said] == ["sg-app has no ingress rule for tcp 8080 from sg-caller"]


def test_a_new_rule_acts_once_it_is_told(store: Store, ways: GuardedWays) -> None:
    task(store, 1, "sg-app")
    caller, place = task(store, 2, "sg-caller"), ("127.64.10.1", 8080)
    assert ways.from_task(caller, place) != place
    rule = GroupRule("sgr-new", False, Rule("tcp", 8080, 8080, group="sg-caller"))
    store.security_groups["sg-app"].rules["sgr-new"] = rule
    ways.security_changed()
    assert ways.from_task(caller, place) == place
    del store.security_groups["sg-app"].rules["sgr-new"]
    ways.security_changed()
    assert ways.from_task(caller, place) != place


def test_another_task_at_the_address_has_its_own_groups(store: Store, ways: GuardedWays) -> None:
    alb, place = store.balancers["arn:alb"], ("127.64.10.1", 8080)
    old = task(store, 1, "sg-caller")
    assert not ways.reachable(alb, place)
    old.status = TaskStatus.STOPPED
    new = task(store, 2, "sg-app")
    new.address = "127.64.10.1"
    assert ways.reachable(alb, place)


def test_another_group_of_the_load_balancer_acts_by_itself(store: Store, ways: GuardedWays) -> None:
    task(store, 1, "sg-app")
    alb, place = store.balancers["arn:alb"], ("127.64.10.1", 8080)
    assert ways.reachable(alb, place)
    alb.security_groups = ["sg-caller"]
    assert not ways.reachable(alb, place)


def test_a_target_that_is_no_task_is_nobodys_to_guard(store: Store, ways: GuardedWays) -> None:
    assert ways.reachable(store.balancers["arn:alb"], ("127.0.0.1", 9000))


def test_open_ways_lead_where_they_say(store: Store) -> None:
    caller, place = task(store, 2, "sg-caller"), ("127.64.10.1", 8080)
    assert OPEN.from_task(caller, place) == place
    assert OPEN.from_balancer(store.balancers["arn:alb"], place) == place
    assert OPEN.reachable(store.balancers["arn:alb"], place)

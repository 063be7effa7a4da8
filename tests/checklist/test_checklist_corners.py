"""Corners of single rules: one change to the stack where all is well, one verdict."""

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.checklist.documents import Resource
from infra.checklist.expected import Expected
from infra.checklist.findings import Verdict
from tests.checklist.corners import CORNERS, FAIL, ORDER_GROUP, OTHER, PASS, UNKNOWN
from tests.checklist.stored import (
    ORDER,
    changed,
    environment,
    findings,
    setting,
    verdicts,
    without,
)


@pytest.mark.parametrize("sentence", CORNERS)
def test_corner(sentence: str) -> None:
    rule, at, changes, wanted = CORNERS[sentence]
    assert verdicts(findings(changed("good", changes)), rule, at) == wanted


@pytest.mark.parametrize(
    ("rule", "at", "said", "wanted"),
    [
        ("LC001", ORDER, Expected(start_seconds={"order-api": 80}), PASS),
        ("LC001", ORDER, Expected(start_seconds={"order-api": 91}), FAIL),
        ("LC002", ORDER_GROUP, Expected(longest_request={"order-api": 31}), FAIL),
        ("LC002", ORDER, Expected(longest_request={"order-api": 30}), PASS),
    ],
)
def test_what_is_expected_is_compared(
    rule: str, at: str, said: Expected, wanted: set[Verdict]
) -> None:
    assert verdicts(findings(changed("good", {}), said), rule, at) == wanted


def test_a_delay_as_long_as_the_longest_request_is_right() -> None:
    state = changed("good", {ORDER_GROUP: setting(deregistration_delay=400)})
    said = Expected(longest_request={"order-api": 390})
    assert verdicts(findings(state, said), "LC002", ORDER) == PASS
    assert verdicts(findings(state), "LC002", ORDER_GROUP) == FAIL


def test_declared_calls_are_those_that_count() -> None:
    """Without the rule between them, nobody needs to be let through if nobody calls."""
    state = without("good", "order_from_inventory")
    assert verdicts(findings(state), "SG005", ORDER) == FAIL
    said = Expected(calls={"inventory-api": ("order-api",)})
    assert verdicts(findings(state, said), "SG005", ORDER) == FAIL


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("http://order-api:8080/orders", FAIL),
        ("order-api:8080", FAIL),
        ("order-api", FAIL),
        ("http://user@order-api/", FAIL),
        ("http://order-api-2:8080", PASS),
        ("http://my-order-api:8080", PASS),
        ("https://docs.example/order-api", PASS),
    ],
)
def test_a_call_is_a_host_in_the_environment(value: str, wanted: set[Verdict]) -> None:
    """A third service may call; the one that says so and may not is what fails."""
    inventory = 'aws_ecs_task_definition.this["inventory"]'
    state = changed("good", {inventory: environment(PEER=value)})
    state = [one for one in state if "order_from_inventory" not in one.at]
    allowed = [
        replace(one, at="aws_ecs_service.third", values={**one.values, **third(state)})
        for one in state
        if one.at.endswith("aws_ecs_service.inventory")
    ]
    assert verdicts(findings([*state, *allowed]), "SG005", ORDER) == wanted


def third(state: list[Resource]) -> dict[str, Any]:
    """Another service in the group of the first, which lets in whom the balancer's group is."""
    (order,) = [one for one in state if one.at.endswith(ORDER)]
    (group,) = [one for one in state if one.at.endswith("aws_security_group.balancer")]
    network = {**order.values["network_configuration"][0], "security_groups": [group.values["id"]]}
    return {"name": "third", "task_definition": "third:1", "network_configuration": [network]}


def test_who_says_whom_it_calls_is_not_taken_to_call_others() -> None:
    """inventory-api names order-api; that it does not wait for another service is no mistake."""
    (order,) = [one for one in changed("good", {}) if one.at.endswith(ORDER)]
    text = json.dumps(order.values).replace("order-api", "other-api")
    other = replace(order, at="aws_ecs_service.other", values=json.loads(text))
    found = findings([*changed("good", {}), other])
    assert verdicts(found, "SC005", "aws_ecs_service.other") == PASS


def test_no_way_out_can_be_meant() -> None:
    state = without("good", "aws_route.out")
    assert verdicts(findings(state), "NET005") == FAIL
    assert verdicts(findings(state, Expected(no_egress=True)), "NET005") == OTHER


@pytest.mark.parametrize(
    ("part", "rule", "wanted"),
    [
        ("aws_ecs_task_definition", "LC003", UNKNOWN),
        ("aws_subnet", "NET003", UNKNOWN),
        ("aws_route_table.private", "NET002", UNKNOWN),
        ("aws_lb_target_group", "LC002", UNKNOWN),
        ("aws_lb_listener", "ALB004", UNKNOWN),
        ("aws_security_group.order", "SG004", UNKNOWN),
        ("aws_lb.this", "SG004", UNKNOWN),
        ("aws_nat_gateway", "NET004", UNKNOWN),
        ("aws_service_discovery_http_namespace", "SC002", UNKNOWN),
        ("aws_vpc.this", "VPCE006", UNKNOWN),
        ("aws_ecr_repository", "DEP005", UNKNOWN),
        ("aws_iam_role.this", "SEC003", UNKNOWN),
    ],
)
def test_what_is_not_in_the_state_is_unknown(part: str, rule: str, wanted: set[Verdict]) -> None:
    found = findings(without("good", part))
    assert wanted <= verdicts(found, rule)
    assert Verdict.FAIL not in verdicts(found, rule)


def test_endpoints_may_be_in_another_state() -> None:
    gone: list[Resource] = [
        one for one in without("good", "aws_vpc_endpoint") if one.type != "aws_vpc"
    ]
    assert verdicts(findings(gone), "VPCE002", ORDER) == UNKNOWN


def test_inline_rules_that_stand_beside_the_group_too_count_once() -> None:
    """A refreshed state repeats them in the group."""

    def repeat(values: dict[str, Any]) -> None:
        one = {"protocol": "tcp", "from_port": 8080, "to_port": 8080, "self": False}
        empty: list[str] = []
        lists = dict.fromkeys(("ipv6_cidr_blocks", "prefix_list_ids", "security_groups"), empty)
        values["ingress"] = [{**one, **lists, "cidr_blocks": ["10.0.0.0/16"]}]

    state = changed("paths", {"aws_security_group.order": repeat})
    found = [one for one in findings(state) if one.rule.id == "SG003"]
    assert len([one for one in found if one.verdict is Verdict.FAIL]) == 2
    inline = changed("good", {"aws_security_group.order": repeat})
    assert verdicts(findings(inline), "SG003", "aws_security_group.order") == FAIL

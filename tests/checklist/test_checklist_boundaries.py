"""Where a verdict turns, and what Terraform can say in several ways."""

from dataclasses import replace

import pytest

from infra.checklist.documents import Resource
from infra.checklist.expected import Expected
from infra.checklist.facts import Alias
from infra.checklist.findings import Verdict
from infra.checklist.lookup import alias_name
from infra.checklist.rule import Severity
from infra.checklist.terraform import facts_of
from infra.network.model import PORTS
from tests.checklist.boundaries import BOUNDARIES, GONE, INVENTORY_TASK, LINK, OPEN_80, ROUTES, S3
from tests.checklist.corners import FAIL, PASS, UNKNOWN
from tests.checklist.stored import (
    ORDER,
    ORDER_TASK,
    Change,
    changed,
    environment,
    findings,
    of_rule,
    resources,
    setting,
    verdicts,
)

ANSWER = {"type": "fixed-response", "target_group_arn": "", "redirect": [], "forward": []}


def state_of(name: str, changes: dict[str, Change]) -> list[Resource]:
    return [one for one in changed(name, changes) if not one.values.get("gone")]


@pytest.mark.parametrize("sentence", BOUNDARIES)
def test_boundary(sentence: str) -> None:
    rule, at, changes, wanted = BOUNDARIES[sentence]
    base = "peers" if rule == "SC004" else "good"
    assert verdicts(findings(state_of(base, changes)), rule, at) == wanted


def test_a_start_as_long_as_the_patience_is_in_time() -> None:
    said = Expected(start_seconds={"order-api": 90})
    assert verdicts(findings(changed("good", {}), said), "LC001", ORDER) == PASS


def test_an_orphan_of_a_target_group() -> None:
    (found,) = [one for one in of_rule(findings(resources("paths")), "ALB004") if "stray" in one.at]
    assert found.verdict is Verdict.FAIL
    assert found.text.endswith("sends requests here, and no service answers")


def test_a_protocol_that_is_not_said_is_a_warning() -> None:
    found = of_rule(findings(resources("isolated")), "SC003")
    assert {one.severity for one in found if one.verdict is Verdict.FAIL} == {Severity.WARN}


@pytest.mark.parametrize(
    ("internal", "answers", "wanted"),
    [
        (False, False, Severity.ERROR),
        (True, False, Severity.WARN),
        (True, True, Severity.ERROR),
    ],
    ids=["a public redirect", "an internal redirect", "an internal listener that answers"],
)
def test_a_port_that_is_closed(internal: bool, answers: bool, wanted: Severity) -> None:
    changes = {OPEN_80: GONE, "aws_lb.this": setting(internal=internal)}
    if answers:
        changes["aws_lb_listener.http"] = setting(default_action=[ANSWER])
    found = of_rule(findings(state_of("good", changes)), "ALB006")
    (closed,) = [one for one in found if one.at.endswith("listener.http")]
    assert (closed.verdict, closed.severity) == (Verdict.FAIL, wanted)


def test_both_ends_of_a_link_are_told() -> None:
    ends = {'egress_rule.balancer["order"]': GONE, 'ingress_rule.task["order"]': GONE}
    found = of_rule(findings(state_of("good", ends)), "SG004")
    assert len([one for one in found if one.verdict is Verdict.FAIL]) == 2


HIDDEN = {ORDER: setting(service_connect_configuration=[]), "api_gateway": GONE}
INTERNAL = {"aws_lb.this": setting(internal=True)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({**HIDDEN, **INTERNAL}, "found through the internal load balancer"),
        (HIDDEN, "neither Service Connect nor Cloud Map"),
        ({ORDER: HIDDEN[ORDER], **INTERNAL}, "neither Service Connect nor Cloud Map"),
    ],
    ids=["internal", "public", "internal behind API Gateway"],
)
def test_an_internal_load_balancer_is_a_detour(changes: dict[str, Change], said: str) -> None:
    (found,) = [
        one
        for one in of_rule(findings(state_of("good", changes)), "SC001")
        if one.at.endswith(ORDER)
    ]
    assert said in found.text


def test_who_is_declared_must_get_through_though_another_does() -> None:
    state = state_of("good", {LINK: GONE, INVENTORY_TASK: environment()})
    (order,) = [one for one in state if one.at.endswith(ORDER)]
    network = {**order.values["network_configuration"][0]}
    (group,) = [one for one in state if one.at.endswith("aws_security_group.balancer")]
    network["security_groups"] = [group.values["id"]]  # which the service lets in
    values = {**order.values, "name": "third", "network_configuration": [network]}
    state.append(replace(order, at="aws_ecs_service.third", values=values))
    assert verdicts(findings(state), "SG005", ORDER) == PASS
    said = Expected(calls={"inventory-api": ("order-api",)})
    assert verdicts(findings(state, said), "SG005", ORDER) == FAIL


def with_more(changes: dict[str, Change], *more: Resource) -> list[Resource]:
    return [*state_of("good", changes), *more]


def identity(part: str) -> str:
    """The id of the resource whose address ends so."""
    (found,) = [one for one in resources("good") if one.at.endswith(part)]
    return str(found.values["id"])


def test_routes_in_the_table_itself() -> None:
    changes: dict[str, Change] = {ROUTES: GONE}
    for zone in ("eu-central-1a", "eu-central-1b"):
        nat = identity(f'nat_gateway.this["{zone}"]')
        route = {"cidr_block": "0.0.0.0/0", "nat_gateway_id": nat}
        changes[f'aws_route_table.private["{zone}"]'] = setting(route=[route])
    assert verdicts(findings(state_of("good", changes)), "NET005") == PASS


def test_a_subnet_without_a_table_has_the_main_one() -> None:
    table = identity('route_table.private["eu-central-1a"]')
    values = {"vpc_id": identity("aws_vpc.this"), "route_table_id": table}
    main = Resource("aws_main.a", "aws_main_route_table_association", values)
    changes = {"aws_route_table_association": GONE}
    assert verdicts(findings(with_more(changes, main)), "NET005") == PASS
    assert verdicts(findings(with_more(changes)), "NET005") == UNKNOWN


def test_route_tables_are_attached_to_an_endpoint_beside_it() -> None:
    more = [
        Resource(
            f"a.{zone}",
            "aws_vpc_endpoint_route_table_association",
            {
                "vpc_endpoint_id": identity("aws_vpc_endpoint.s3[0]"),
                "route_table_id": identity(f'route_table.private["{zone}"]'),
            },
        )
        for zone in ("eu-central-1a", "eu-central-1b")
    ]
    changes = {S3: setting(route_table_ids=[])}
    assert verdicts(findings(with_more(changes, *more)), "VPCE001", ORDER) == PASS
    assert verdicts(findings(with_more(changes)), "VPCE001", ORDER) == FAIL


def test_the_clusters_namespace_is_the_services() -> None:
    (space,) = [one for one in resources("good") if "http_namespace" in one.at]
    changes: dict[str, Change] = {
        "aws_ecs_cluster": setting(service_connect_defaults=[{"namespace": space.values["arn"]}]),
        ORDER: lambda v: v["service_connect_configuration"][0].update(namespace=None),
    }
    assert verdicts(findings(state_of("good", changes)), "SC002", ORDER) == PASS


def test_what_a_plan_knows_later_is_unknown() -> None:
    state = [
        replace(one, values={**one.values, "network_mode": None}, later={"network_mode": True})
        if one.at.endswith(ORDER_TASK)
        else one
        for one in resources("good")
    ]
    assert verdicts(findings(state), "NET001", ORDER_TASK) == UNKNOWN


def test_subnets_of_a_mapping() -> None:
    mapping = [{"subnet_id": "subnet-1"}, {"subnet_id": "subnet-2"}]
    state = state_of("good", {"aws_lb.static": setting(subnets=[], subnet_mapping=mapping)})
    (found,) = [one for one in facts_of(state, "a").load_balancers if one.type == "network"]
    assert found.subnets == ("subnet-1", "subnet-2")


EMPTY = {"cidr_blocks": [], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [],
         "self": False, "protocol": "tcp", "from_port": 80, "to_port": 81}  # fmt: skip


def test_inline_rules_are_one_for_each_peer() -> None:
    blocks = {**EMPTY, "cidr_blocks": ["10.0.0.0/8", "10.1.0.0/16"], "self": True}
    out = {**EMPTY, "protocol": "-1", "from_port": 0, "to_port": 0, "prefix_list_ids": ["pl-1"]}
    values = {"id": "sg-1", "name": "a", "vpc_id": "vpc-1", "ingress": [blocks], "egress": [out]}
    facts = facts_of([Resource("aws_security_group.a", "aws_security_group", values)], "a")
    rules = [(one.egress, one.rule) for one in facts.permissions]
    ingress = [rule for egress, rule in rules if not egress]
    (egress,) = [rule for egress, rule in rules if egress]
    assert [one.cidr or one.group for one in ingress] == ["10.0.0.0/8", "10.1.0.0/16", "sg-1"]
    assert {(one.from_port, one.to_port) for one in ingress} == {(80, 81)}
    assert (egress.prefix_list, egress.from_port, egress.to_port) == ("pl-1", *PORTS)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [(("a", "b", "c"), "c"), (("a", "b", ""), "b"), (("a", "", ""), "a")],
)
def test_what_an_alias_is_called(names: tuple[str, str, str], wanted: str) -> None:
    assert alias_name(Alias(*names, 80, None, None, None)) == wanted

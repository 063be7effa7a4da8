"""Where a verdict turns, and what Terraform can say in several ways."""

from dataclasses import replace
from typing import Any

import pytest

from infra.checklist.documents import Resource
from infra.checklist.facts import Alias, Expected
from infra.checklist.findings import Verdict
from infra.checklist.lookup import alias_name
from infra.checklist.rule import Severity
from infra.checklist.terraform import facts_of
from infra.network.model import PORTS
from tests.checklist.corners import FAIL, ORDER_GROUP, OTHER, PASS, UNKNOWN
from tests.checklist.stored import (
    ORDER,
    ORDER_TASK,
    Change,
    changed,
    container,
    environment,
    findings,
    of_rule,
    resources,
    setting,
    verdicts,
)

INVENTORY = "aws_ecs_service.inventory"
INVENTORY_TASK = 'aws_ecs_task_definition.this["inventory"]'
LINK = "order_from_inventory"
GONE: Change = setting(gone=True)  # takes the resource out
OPEN_80 = 'ingress_rule.balancer["80"]'
ROUTES = "aws_route.out"
LOGS = 'aws_vpc_endpoint.interface["logs"]'
S3 = "aws_vpc_endpoint.s3"
NETWORK = ("referenced_security_group_id", "cidr_ipv4", "cidr_ipv6", "prefix_list_id")


def peer(**values: str) -> Change:
    """A rule whose only peer is this one; none if nothing is given."""
    return setting(**{**dict.fromkeys(NETWORK), **values})


def connect(**values: object) -> Change:
    """A change of what the service publishes."""
    return lambda v: v["service_connect_configuration"][0]["service"][0].update(values)


def timeouts(per_request: int, idle: int) -> Change:
    wanted = {"per_request_timeout_seconds": per_request, "idle_timeout_seconds": idle}
    return connect(timeout=[wanted])


def on_one_table(values: dict[str, Any]) -> None:
    values["route_table_ids"] = values["route_table_ids"][:1]


def weighted(values: dict[str, Any]) -> None:
    """The target group in a forward block, as it is written for several."""
    (action,) = values["action"]
    group = {"arn": action["target_group_arn"], "weight": 1}
    action.update(target_group_arn="", forward=[{"target_group": [group]}])


def redirected(values: dict[str, Any]) -> None:
    """To HTTP, where it redirects at all."""
    for redirect in values["default_action"][0]["redirect"]:
        redirect["protocol"] = "HTTP"


def sidecar(values: dict[str, Any]) -> None:
    values["container_definitions"] = values["container_definitions"].replace(
        "[{", '[{"name": "proxy", "stopTimeout": 5}, {', 1
    )


def policy(effect: str, action: str) -> Change:
    statement = f'{{"Effect": "{effect}", "Action": "{action}", "Resource": "*"}}'
    return setting(policy=f'{{"Statement": [{statement}]}}')


def small(count: int) -> dict[str, Change]:
    """Thirty-two addresses in each zone, and so many tasks at the peak of a deployment."""
    of_order = setting(desired_count=count - 4, deployment_maximum_percent=100)
    return {
        'private["eu-central-1a"]': setting(cidr_block="10.0.128.0/27"),
        'private["eu-central-1b"]': setting(cidr_block="10.0.144.0/27"),
        ORDER: of_order,
    }


DROPS = {"capabilities": {"drop": ["NET_RAW"]}}
OTHER_ACL = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/other/0"
BOUNDARIES: dict[str, tuple[str, str, dict[str, Change], set[Verdict]]] = {
    "a task definition for EC2": (
        "NET001", ORDER_TASK, {ORDER_TASK: setting(requires_compatibilities=["EC2"])}, FAIL),
    # of 64 addresses AWS keeps 10, the NLB takes 16, five endpoints in two zones take 10
    "as many tasks as addresses": ("NET006", ORDER, small(28), PASS),
    "one task more than addresses": ("NET006", ORDER, small(29), FAIL),
    "no HTTPS at all": ("ALB002", "aws_lb.this", {"aws_lb_listener.https": GONE}, FAIL),
    "a redirect that stays in clear": (
        "ALB002", "aws_lb.this",
        {"aws_lb_listener.http": redirected}, FAIL),
    "invalid header fields are passed on": (
        "ALB003", "aws_lb.this", {"aws_lb.this": setting(drop_invalid_header_fields=False)}, FAIL),
    "desync is only watched": (
        "ALB003", "aws_lb.this", {"aws_lb.this": setting(desync_mitigation_mode="monitor")}, FAIL),
    "a target group in a forward block": (
        "ALB004", ORDER_GROUP, {'listener_rule.this["order"]': weighted}, PASS),
    "UDP lets no request in": (
        "ALB006", "listener.http", {OPEN_80: setting(ip_protocol="udp")}, FAIL),
    "a rule of another group": (
        "ALB006", "listener.http", {OPEN_80: setting(security_group_id="sg-other")}, FAIL),
    "egress is not ingress": (
        "ALB006", "listener.http",
        {OPEN_80: GONE, 'egress_rule.balancer["order"]': setting(from_port=80, to_port=80)}, FAIL),
    "a listener that a prefix list may reach": (
        "ALB006", "listener.https",
        {'ingress_rule.balancer["443"]': peer(prefix_list_id="pl-1")}, PASS),
    "nobody calls, and nobody could": (
        "SG005", ORDER, {LINK: GONE, INVENTORY_TASK: environment()}, FAIL),
    "a rule of which the peer is not known": (
        "SG004", ORDER, {'ingress_rule.task["order"]': peer()}, UNKNOWN),
    "who is in a prefix list is not known": (
        "SG004", ORDER, {'ingress_rule.task["order"]': peer(prefix_list_id="pl-1")}, UNKNOWN),
    "the endpoints let in one zone's tasks": (
        "VPCE005", ORDER,
        {'ingress_rule.endpoints["order"]': peer(cidr_ipv4="10.0.128.0/20")}, FAIL),
    "stopTimeout as long as a request": (
        "LC003", ORDER, {ORDER_TASK: container(stopTimeout=15)}, PASS),
    "a container that nobody calls may end at once": ("LC003", ORDER, {ORDER_TASK: sidecar}, PASS),
    "keep-alive as long as the idle timeout": (
        "LC004", ORDER, {ORDER_TASK: environment(KEEP_ALIVE_SECONDS="28")}, FAIL),
    "keep-alive in too few milliseconds": (
        "LC004", ORDER, {ORDER_TASK: environment(KEEP_ALIVE_TIMEOUT_MS="5000")}, FAIL),
    "no idle timeout": ("LC005", ORDER, {ORDER: timeouts(15, 0)}, PASS),
    "a gateway is no interface endpoint": (
        "VPCE002", ORDER, {LOGS: setting(vpc_endpoint_type="Gateway")}, FAIL),
    "an endpoint of another VPC": ("VPCE002", ORDER, {LOGS: setting(vpc_id="vpc-2")}, FAIL),
    "S3 on one of two route tables": ("VPCE001", ORDER, {S3: on_one_table}, FAIL),
    "Cloud Map in place of Service Connect": (
        "SC001", ORDER,
        {ORDER: setting(service_connect_configuration=[], service_registries=[
            {"registry_arn": "arn:map"}])}, PASS),
    "a service alone": (
        "SC001", ORDER, {INVENTORY: GONE, ORDER: setting(service_connect_configuration=[])}, OTHER),
    "names are one's own in a namespace of one's own": (
        "SC004", ORDER,
        {INVENTORY: lambda v: v["service_connect_configuration"][0].update(namespace="arn:b")},
        PASS),
    "nine tenths of a task is one": (
        "DEP003", ORDER,
        {ORDER: setting(desired_count=3, deployment_minimum_healthy_percent=30)}, PASS),
    "none of four": (
        "DEP003", ORDER,
        {ORDER: setting(desired_count=4, deployment_minimum_healthy_percent=0)}, FAIL),
    "what is denied is not allowed": (
        "SEC003", ORDER_TASK, {"role_policy.execution": policy("Deny", "s3:*")}, PASS),
    "everything is allowed": (
        "SEC003", ORDER_TASK, {"role_policy.execution": policy("Allow", "*")}, FAIL),
    "a secret without a value": (
        "SEC004", ORDER_TASK, {ORDER_TASK: environment(API_TOKEN="")}, PASS),
    "one capability less": ("SEC002", ORDER_TASK, {ORDER_TASK: container(linuxParameters=DROPS)},
                            FAIL),
    "API Gateway waits as long": (
        "EDGE001", "aws_lb.this", {"api_gateway": setting(timeout_milliseconds=28_000)}, FAIL),
    "a call may take as long": ("EDGE001", "aws_lb.this", {ORDER: timeouts(28, 300)}, FAIL),
    "an integration with the internet": (
        "EDGE001", "aws_lb.this",
        {"api_gateway": setting(connection_type="INTERNET", timeout_milliseconds=50)}, PASS),
    "a web ACL of another load balancer": (
        "EDGE002", "aws_lb.this", {"web_acl": setting(resource_arn=OTHER_ACL)}, FAIL),
    "a task definition by its family": (
        "LC003", ORDER, {ORDER: setting(task_definition="order-api")}, PASS),
    "an attribute that is not there": (
        "DEP003", ORDER, {ORDER: lambda v: v.pop("desired_count")}, UNKNOWN),
}  # fmt: skip


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

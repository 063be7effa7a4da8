"""Corners of single rules: one change to the stack where all is well, one verdict."""

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.checklist.documents import Resource
from infra.checklist.facts import Expected
from infra.checklist.findings import Verdict
from tests.checklist.stored import (
    ORDER,
    ORDER_TASK,
    Change,
    changed,
    container,
    environment,
    findings,
    nested,
    setting,
    verdicts,
    without,
)

PASS, FAIL = {Verdict.PASS}, {Verdict.FAIL}
UNKNOWN, OTHER = {Verdict.UNKNOWN}, {Verdict.NOT_APPLICABLE}

HEALTH = {"command": ["CMD", "true"], "startPeriod": 90}
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/order-api"
SCALING = "aws_appautoscaling_target.order"
ORDER_GROUP = 'aws_lb_target_group.this["order"]'


def shell(script: str) -> Change:
    return container(command=["sh", "-c", script])


CORNERS: dict[str, tuple[str, str, dict[str, Change], set[Verdict]]] = {
    # sentence: rule, where, changes, verdict
    "a container's startPeriod longer than the grace": (
        "LC001", ORDER, {ORDER_TASK: container(healthCheck=HEALTH)}, FAIL),
    "a drain period longer than stopTimeout": (
        "LC003", ORDER, {ORDER_TASK: environment(DRAIN_SECONDS="45")}, FAIL),
    "gunicorn's graceful timeout longer than stopTimeout": (
        "LC003", ORDER, {ORDER_TASK: container(command=["gunicorn", "--graceful-timeout", "60"])},
        FAIL),
    "a stopTimeout above Fargate's": (
        "LC003", ORDER, {ORDER_TASK: container(stopTimeout=300)}, FAIL),
    "no stopTimeout: thirty seconds": (
        "LC003", ORDER, {ORDER_TASK: container(stopTimeout=None)}, PASS),
    "uvicorn without a word on keep-alive": (
        "LC004", ORDER, {ORDER_TASK: container(command=["uvicorn", "app"], environment=[])}, FAIL),
    "uvicorn with its own option": (
        "LC004", ORDER,
        {ORDER_TASK: container(command=["uvicorn", "--timeout-keep-alive=75"], environment=[])},
        PASS),
    "keep-alive in milliseconds": (
        "LC004", ORDER, {ORDER_TASK: environment(KEEP_ALIVE_TIMEOUT_MS="75000")}, PASS),
    "an application that says nothing about keep-alive": (
        "LC004", ORDER, {ORDER_TASK: environment()}, UNKNOWN),
    "an idle timeout below the per-request one": (
        "LC005", ORDER,
        {ORDER: lambda v: v["service_connect_configuration"][0]["service"][0]["timeout"][0].update(
            idle_timeout_seconds=5)}, FAIL),
    "a shell that execs": ("LC006", ORDER, {ORDER_TASK: shell("migrate && exec python")}, PASS),
    "a shell that does not exec its last command": (
        "LC006", ORDER, {ORDER_TASK: shell("exec true; python")}, FAIL),
    "what starts is in the image": ("LC006", ORDER, {ORDER_TASK: container(command=None)}, OTHER),
    "all tasks stopped at once": (
        "DEP003", ORDER, {ORDER: setting(deployment_minimum_healthy_percent=0)}, FAIL),
    "neither start nor stop can come first": (
        "DEP003", ORDER, {ORDER: setting(deployment_maximum_percent=100)}, FAIL),
    "half of four tasks": (
        "DEP003", ORDER,
        {ORDER: setting(desired_count=4, deployment_minimum_healthy_percent=50)}, PASS),
    "no percents at all: 100 and 200": (
        "DEP003", ORDER,
        {ORDER: setting(deployment_minimum_healthy_percent=None, deployment_maximum_percent=None)},
        PASS),
    "autoscaling of another cluster's service": (
        "DEP002", ORDER,
        {ORDER: setting(desired_count=1), SCALING: setting(resource_id="service/b/order-api")},
        FAIL),
    "a service that is scaled to nothing": (
        "DEP002", ORDER,
        {ORDER: setting(desired_count=0), SCALING: setting(min_capacity=0)}, OTHER),
    "autoscaling has the last word": ("DEP002", ORDER, {ORDER: setting(desired_count=1)}, PASS),
    "a breaker that does not roll back": (
        "DEP001", ORDER, {ORDER: nested("deployment_circuit_breaker", rollback=False)}, FAIL),
    "CodeDeploy does the deployments": (
        "DEP001", ORDER, {ORDER: setting(deployment_controller=[{"type": "CODE_DEPLOY"}])}, OTHER),
    "a digest": (
        "DEP005", ORDER, {ORDER_TASK: container(image=f"{ECR}@sha256:{'0' * 64}")}, PASS),
    "a tag that can be moved": (
        "DEP005", ORDER, {"aws_ecr_repository": setting(image_tag_mutability="MUTABLE")}, FAIL),
    "a registry's port is no tag": (
        "DEP005", ORDER, {ORDER_TASK: container(image="registry:5000/order-api")}, FAIL),
    "another repository": (
        "DEP005", ORDER, {ORDER_TASK: container(image=f"{ECR}-2:1")}, UNKNOWN),
    "a password in a URL": (
        "SEC004", ORDER_TASK, {ORDER_TASK: environment(STORE="postgres://a:b@db/orders")}, FAIL),
    "the name of a secret is none": (
        "SEC004", ORDER_TASK, {ORDER_TASK: environment(TOKEN_URL="https://id", SECRET_ARN="a")},
        PASS),
    "capabilities are kept": (
        "SEC002", ORDER_TASK, {ORDER_TASK: container(linuxParameters=None)}, FAIL),
    "the smallest log buffer": (
        "LOG001", ORDER_TASK,
        {ORDER_TASK: container(logConfiguration={"logDriver": "awslogs",
                                                 "options": {"mode": "non-blocking"}})}, FAIL),
    "an action with a star": (
        "SEC003", ORDER_TASK,
        {"aws_iam_role_policy.execution": setting(
            policy='{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}')}, FAIL),
    "a trust policy for any account": (
        "SEC003", ORDER_TASK, {'role.this["task"]': setting(assume_role_policy="{}")}, FAIL),
    "a public subnet": (
        "NET002", ORDER, {"aws_route.out": setting(nat_gateway_id="", gateway_id="igw-1")}, FAIL),
    "a regional NAT gateway": (
        "NET004", "", {"aws_nat_gateway.this": setting(availability_mode="regional", subnet_id="")},
        PASS),
    "an old TLS policy": (
        "ALB002", "aws_lb.this",
        {"aws_lb_listener.https": setting(ssl_policy="ELBSecurityPolicy-2016-08")}, FAIL),
    "the load balancer is internal": (
        "ALB002", "", {"aws_lb.this": setting(internal=True)}, OTHER),
    "a health check for a page": (
        "ALB005", ORDER_GROUP, {ORDER_GROUP: nested("health_check", path="/")}, FAIL),
    "a delay of nothing": (
        "LC002", ORDER_GROUP, {ORDER_GROUP: setting(deregistration_delay=0)}, FAIL),
    "no delay set: 300": (
        "LC002", ORDER_GROUP, {ORDER_GROUP: setting(deregistration_delay=None)}, FAIL),
    "tasks on EC2": ("LC001", ORDER, {ORDER: setting(launch_type="EC2")}, set()),
    "Fargate by capacity providers": (
        "LC001", ORDER,
        {ORDER: setting(launch_type=None,
                        capacity_provider_strategy=[{"capacity_provider": "FARGATE_SPOT"}])}, PASS),
    "the port's name is another": (
        "SC003", ORDER,
        {ORDER_TASK: container(portMappings=[{"containerPort": 8080, "name": "x"}])}, FAIL),
    "a namespace of somebody else": (
        "SC002", ORDER, {ORDER: nested("service_connect_configuration", namespace="arn:other")},
        UNKNOWN),
    "the proxy listens elsewhere, where nobody is let in": (
        "SG005", ORDER,
        {ORDER: lambda v: v["service_connect_configuration"][0]["service"][0].update(
            ingress_port_override=9000)}, FAIL),
    "API Gateway is guarded": (
        "EDGE002", "aws_lb.this",
        {"aws_wafv2_web_acl_association.this": setting(
            resource_arn="arn:aws:apigateway:eu-central-1::/restapis/a/stages/b")}, OTHER),
    "a secret of SSM": (
        "VPCE003", ORDER,
        {ORDER_TASK: container(secrets=[{"name": "A", "valueFrom": "/shop/a"}])}, FAIL),
    "an image from elsewhere": ("VPCE001", ORDER, {ORDER_TASK: container(image="nginx:1")}, OTHER),
    "DNS is off in the VPC": (
        "VPCE006", "", {"aws_vpc.this": setting(enable_dns_hostnames=False)}, FAIL),
}  # fmt: skip


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

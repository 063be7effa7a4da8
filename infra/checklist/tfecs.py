"""ECS, ECR, Cloud Map, IAM and autoscaling in Terraform's shape (see `shapes`)."""

import json

from infra.checklist.containers import containers_of
from infra.checklist.facts import (
    Alias,
    Cluster,
    Connect,
    Namespace,
    Repository,
    Role,
    ScalableTarget,
    Service,
    ServiceTarget,
    TaskDefinition,
)
from infra.checklist.known import Maybe, Unknown, Values, each, within

LAUNCH_TYPES = ("FARGATE", "EC2", "EXTERNAL")


def service(values: Values) -> Service:
    network = values.block("network_configuration")
    breaker = values.block("deployment_circuit_breaker")
    alarms = values.block("alarms")
    return Service(
        at=values.at,
        name=values.text("name"),
        cluster=values.text("cluster"),
        task_definition=values.text("task_definition"),
        launch_type=_launch_type(values),
        platform=values.text("platform_version", "LATEST"),
        desired=values.number("desired_count", 0),
        minimum=values.number("deployment_minimum_healthy_percent", 100),
        maximum=values.number("deployment_maximum_percent", 200),
        breaker=within(breaker, lambda b: b.flag("enable")),
        breaker_rollback=within(breaker, lambda b: b.flag("rollback")),
        alarms=within(alarms, lambda b: b.texts("alarm_names")),
        grace=values.number("health_check_grace_period_seconds", 0),
        exec=values.flag("enable_execute_command"),
        rebalancing=within(
            values.relaxed().text("availability_zone_rebalancing", "DISABLED"),
            lambda word: word == "ENABLED",
        ),
        subnets=within(network, lambda b: b.texts("subnets")),
        groups=within(network, lambda b: b.texts("security_groups")),
        public_ip=within(network, lambda b: b.flag("assign_public_ip")),
        targets=each(values.blocks("load_balancer"), _target),
        registries=each(values.blocks("service_registries"), lambda b: str(b.get("registry_arn"))),
        connect=within(values.block("service_connect_configuration"), _connect),
        scheduling=values.text("scheduling_strategy", "REPLICA"),
        controller=within(values.block("deployment_controller"), lambda b: b.text("type", "ECS")),
        managed_tags=values.flag("enable_ecs_managed_tags"),
        propagated_tags=values.text("propagate_tags", "NONE"),
    )


def _launch_type(values: Values) -> Maybe:
    """FARGATE where all capacity providers are Fargate's."""
    strategy = values.blocks("capacity_provider_strategy")
    if isinstance(strategy, tuple) and strategy:
        names = [str(one.get("capacity_provider", "")) for one in strategy]
        return "FARGATE" if all(name.startswith("FARGATE") for name in names) else "EC2"
    return values.text("launch_type", "EC2", among=LAUNCH_TYPES)


def _target(values: Values) -> ServiceTarget:
    return ServiceTarget(
        values.text("target_group_arn"),
        values.text("container_name"),
        values.number("container_port", 0),
    )


def _connect(values: Values) -> Connect:
    aliases = each(values.blocks("service"), _alias)
    return Connect(values.flag("enabled"), values.text("namespace"), aliases)


def _alias(values: Values) -> Alias:
    alias = values.block("client_alias")
    timeout = values.block("timeout")
    return Alias(
        port_name=values.text("port_name"),
        discovery_name=values.text("discovery_name"),
        dns_name=within(alias, lambda b: b.text("dns_name")),
        port=within(alias, lambda b: b.number("port", 0)),
        ingress_port=values.number("ingress_port_override") or None,  # 0 in an applied state
        per_request=within(timeout, lambda b: b.number("per_request_timeout_seconds")),
        idle=within(timeout, lambda b: b.number("idle_timeout_seconds")),
    )


def task_definition(values: Values) -> TaskDefinition:
    compatible = values.texts("requires_compatibilities")
    return TaskDefinition(
        at=values.at,
        arn=values.text("arn"),
        family=values.text("family"),
        network_mode=values.text("network_mode", "bridge"),
        compatibilities=compatible,
        cpu=values.text("cpu"),
        memory=values.text("memory"),
        architecture=within(
            values.block("runtime_platform"), lambda b: b.text("cpu_architecture", "X86_64")
        ),
        execution_role=values.text("execution_role_arn"),
        task_role=values.text("task_role_arn"),
        fault_injection=values.relaxed().flag("enable_fault_injection"),
        containers=containers_of(values.at, values.get("container_definitions", "[]")),
    )


def cluster(values: Values) -> Cluster:
    defaults = values.block("service_connect_defaults")
    return Cluster(
        at=values.at,
        arn=values.text("arn"),
        name=values.text("name"),
        namespace=within(defaults, lambda b: b.text("namespace")),
        insights=within(values.blocks("setting"), _insights),
    )


def _insights(settings: tuple[Values, ...]) -> Maybe:
    found = [one.text("value") for one in settings if one.text("name") == "containerInsights"]
    return found[0] if found else "disabled"


def scalable_target(values: Values) -> ScalableTarget:
    return ScalableTarget(values.at, values.text("resource_id"), values.number("min_capacity", 0))


def repository(values: Values) -> Repository:
    mutability = values.text("image_tag_mutability", "MUTABLE")
    return Repository(
        at=values.at,
        url=values.text("repository_url"),
        immutable=within(mutability, lambda word: word.startswith("IMMUTABLE")),
    )


def namespace(values: Values) -> Namespace:
    return Namespace(values.at, values.text("id"), values.text("arn"), values.text("name"))


def roles(by_type: dict[str, list[Values]]) -> list[Role]:
    """Each role with its own policies, inline or beside it."""
    beside = [
        (values.text("role"), _document(values.text("policy")))
        for values in by_type.get("aws_iam_role_policy", ())
    ]
    return [_role(values, beside) for values in by_type.get("aws_iam_role", ())]


def _role(values: Values, beside: list[tuple[Maybe, Maybe]]) -> Role:
    name = values.text("name")
    identity = values.text("id")
    inline = each(values.blocks("inline_policy"), lambda b: _document(b.text("policy")))
    own = [policy for role, policy in beside if role in (name, identity)]
    own += [role for role, _ in beside if isinstance(role, Unknown)]
    everything = [*inline, *own] if isinstance(inline, tuple) else [inline, *own]
    unknown = [one for one in everything if isinstance(one, Unknown)]
    return Role(
        at=values.at,
        arn=values.text("arn"),
        name=name,
        trust=_document(values.text("assume_role_policy")),
        policies=unknown[0] if unknown else tuple(everything),  # type: ignore[arg-type]  # a Fact
    )


def _document(text: Maybe) -> Maybe:
    """A policy document, parsed; none is empty."""
    if isinstance(text, Unknown):
        return text
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return Unknown("a policy document is not JSON")
    return found if isinstance(found, dict) else Unknown("a policy document is no object")

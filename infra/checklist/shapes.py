"""AWS's answers in the shape that Terraform's resources have, so that one reader reads both."""

import re
from collections.abc import Mapping
from typing import Any

Shape = dict[str, Any]

WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(answer: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with Terraform's names: targetGroupArn is target_group_arn."""
    if isinstance(answer, Mapping):
        return {WORD.sub("_", key).lower(): snake(value) for key, value in answer.items()}
    return [snake(one) for one in answer] if isinstance(answer, list) else answer


def renamed(answer: Mapping[str, Any], **names: str) -> Shape:
    """With Terraform's names, and some by a name of their own: Terraform's first."""
    shaped: Shape = snake(answer)
    return shaped | {ours: shaped.get(theirs) for ours, theirs in names.items()}


def service(answer: Mapping[str, Any]) -> Shape:
    """Of DescribeServices. Service Connect is told with the deployments: the primary one's."""
    shaped = renamed(answer, name="service_name", cluster="cluster_arn",
                     load_balancer="load_balancers")  # fmt: skip
    deployment = shaped.get("deployment_configuration") or {}
    network = _within(shaped, "network_configuration", "awsvpc_configuration")
    public = network.get("assign_public_ip") == "ENABLED"
    return shaped | {
        "deployment_minimum_healthy_percent": deployment.get("minimum_healthy_percent"),
        "deployment_maximum_percent": deployment.get("maximum_percent"),
        "deployment_circuit_breaker": deployment.get("deployment_circuit_breaker"),
        "alarms": deployment.get("alarms"),
        "network_configuration": network | {"assign_public_ip": public},
        "service_connect_configuration": _connect(shaped.get("deployments") or []),
    }


def _connect(deployments: list[Shape]) -> Shape:
    for one in deployments:
        if one.get("status") == "PRIMARY":
            found: Shape = one.get("service_connect_configuration") or {}
            listed = [s | {"client_alias": s.get("client_aliases")}
                      for s in found.get("services") or []]  # fmt: skip
            return found | {"service": listed}
    return {}


def task_definition(answer: Mapping[str, Any]) -> Shape:
    """Of DescribeTaskDefinition; container definitions stay as they are, as in Terraform."""
    containers = answer.get("containerDefinitions")
    shaped = renamed(answer, arn="task_definition_arn")
    compatible = shaped.get("requires_compatibilities") or shaped.get("compatibilities")
    own = {"requires_compatibilities": compatible, "container_definitions": containers}
    return shaped | own


def target_group(answer: Mapping[str, Any]) -> Shape:
    """Of DescribeTargetGroups."""
    shaped = renamed(answer, arn="target_group_arn", name="target_group_name")
    matcher = shaped.get("matcher") or {}
    return shaped | {
        "health_check": {
            "path": shaped.get("health_check_path"),
            "port": shaped.get("health_check_port"),
            "protocol": shaped.get("health_check_protocol"),
            "interval": shaped.get("health_check_interval_seconds"),
            "timeout": shaped.get("health_check_timeout_seconds"),
            "healthy_threshold": shaped.get("healthy_threshold_count"),
            "unhealthy_threshold": shaped.get("unhealthy_threshold_count"),
            "matcher": matcher.get("http_code") or matcher.get("grpc_code") or "",
        }
    }


TARGET_GROUP_ATTRIBUTES = {
    "deregistration_delay": "deregistration_delay.timeout_seconds",
    "slow_start": "slow_start.duration_seconds",
    "load_balancing_algorithm_type": "load_balancing.algorithm.type",
}
BALANCER_ATTRIBUTES = {
    "idle_timeout": "idle_timeout.timeout_seconds",
    "client_keep_alive": "client_keep_alive.seconds",
    "enable_deletion_protection": "deletion_protection.enabled",
    "enable_zonal_shift": "zonal_shift.config.enabled",
    "access_logs": "access_logs.s3.enabled",
    "drop_invalid_header_fields": "routing.http.drop_invalid_header_fields.enabled",
    "desync_mitigation_mode": "routing.http.desync_mitigation_mode",
}


def load_balancer(answer: Mapping[str, Any]) -> Shape:
    """Of DescribeLoadBalancers."""
    shaped = renamed(answer, arn="load_balancer_arn", name="load_balancer_name",
                     load_balancer_type="type")  # fmt: skip
    zones = shaped.get("availability_zones") or []
    return shaped | {
        "internal": shaped.get("scheme") == "internal",
        "subnets": [str(zone.get("subnet_id", "")) for zone in zones],
    }


def listener(answer: Mapping[str, Any]) -> Shape:
    """Of DescribeListeners."""
    shaped = renamed(answer, arn="listener_arn")
    certificates = shaped.get("certificates") or [{}]
    actions = [_action(one) for one in shaped.get("default_actions") or []]
    return shaped | {
        "default_action": actions,
        "certificate_arn": certificates[0].get("certificate_arn"),
    }


def listener_rule(answer: Mapping[str, Any], listener: str) -> Shape:
    """Of DescribeRules, which does not repeat the listener."""
    shaped: Shape = snake(answer)
    return shaped | {
        "listener_arn": listener,
        "action": [_action(one) for one in shaped.get("actions") or []],
        "condition": [_condition(one) for one in shaped.get("conditions") or []],
    }


def _action(shaped: Shape) -> Shape:
    forward = shaped.get("forward_config") or {}
    groups = [g | {"arn": g.get("target_group_arn")} for g in forward.get("target_groups") or []]
    return shaped | {
        "forward": forward | {"target_group": groups},
        "redirect": shaped.get("redirect_config"),
        "fixed_response": shaped.get("fixed_response_config"),
    }


def _condition(shaped: Shape) -> Shape:
    """The block of the field: path-pattern with its path_pattern_config is path_pattern."""
    name = str(shaped.get("field", "")).replace("-", "_")
    found = shaped.get(f"{name}_config") or {"values": shaped.get("values") or []}
    return {name: found}


def _within(shaped: Shape, *names: str) -> Shape:
    for name in names:
        shaped = shaped.get(name) or {}
    return shaped

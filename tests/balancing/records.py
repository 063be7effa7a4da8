"""The store's records as the API would make them, in few words."""

import socket
from typing import Any

from infra.local.store import Listener, LoadBalancer, Rule, Store, TargetGroup


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as trial:
        trial.bind((address, 0))
        port: int = trial.getsockname()[1]
        return port


def store() -> Store:
    return Store(region="eu-central-1")


def group(into: Store, name: str = "orders", **changes: Any) -> TargetGroup:
    attributes = {"deregistration_delay.timeout_seconds": "300", **changes.pop("attributes", {})}
    quick = {"interval": 5, "timeout": 2, "healthy_threshold": 2, "unhealthy_threshold": 2}
    arn = f"arn:group/{name}"
    made = TargetGroup(
        name=name,
        arn=arn,
        protocol="HTTP",
        port=8080,
        vpc="vpc-1",
        attributes=attributes,
        **quick | {"health_check_path": "/healthz"} | changes,
    )
    into.groups[arn] = made
    return made


def balancer(into: Store, name: str = "web", **attributes: str) -> LoadBalancer:
    made = LoadBalancer(
        name=name,
        arn=f"arn:balancer/{name}",
        dns_name=f"{name}.elb.local",
        scheme="internet-facing",
        created_ms=0,
        subnets=[],
        security_groups=[],
        zones=["a", "b"],
        attributes={k.replace("__", "."): v for k, v in attributes.items()},
    )
    into.balancers[made.arn] = made
    return made


def forward(*groups: TargetGroup) -> list[dict[str, Any]]:
    (only,) = groups
    return [{"Type": "forward", "TargetGroupArn": only.arn}]


def fixed(status: int, body: str = "") -> list[dict[str, Any]]:
    config = {"StatusCode": str(status), "MessageBody": body, "ContentType": "text/plain"}
    return [{"Type": "fixed-response", "FixedResponseConfig": config}]


def path(*patterns: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "Values": list(patterns)}


def listener(
    into: Store,
    owner: LoadBalancer,
    default: list[dict[str, Any]],
    *rules: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    port: int = 80,
    protocol: str = "HTTP",
) -> Listener:
    """A listener with its default actions and further rules (conditions, actions) by priority."""
    numbered = [
        Rule(arn=f"arn:rule/{port}/{n}", priority=n, conditions=c, actions=a)
        for n, (c, a) in enumerate(rules, start=1)
    ]
    last = Rule(arn=f"arn:rule/{port}/default", priority=None, conditions=[], actions=default)
    made = Listener(
        arn=f"arn:listener/{owner.name}/{port}",
        load_balancer=owner.arn,
        port=port,
        protocol=protocol,
        rules=[last, *numbered],
    )
    into.listeners[made.arn] = made
    return made

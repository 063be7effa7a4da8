"""The page on AWS operations, from the handlers themselves."""

from collections.abc import Sequence
from inspect import getdoc

from docs.table import code, table
from infra.local.api.app import _handlers
from infra.local.api.context import Context
from infra.local.api.logs import LogLine
from infra.local.clock import SteadyClock
from infra.local.store import Store

NAMES = {
    "ecs": "Amazon ECS",
    "elbv2": "Elastic Load Balancing v2",
    "servicediscovery": "AWS Cloud Map",
    "logs": "CloudWatch Logs",
    "sts": "AWS STS",
    "ec2": "Amazon EC2: security groups only",
}


class _Nothing:
    """Signals that wake nobody and logs that are empty: the handlers are listed, never called."""

    def service_changed(self, service_arn: str) -> None: ...
    def task_changed(self, task_arn: str) -> None: ...
    def balancer_changed(self, load_balancer_arn: str) -> None: ...
    def group_changed(self, target_group_arn: str) -> None: ...
    def security_changed(self) -> None: ...
    def lines(
        self, group: str, start_ms: int | None, end_ms: int | None, limit: int
    ) -> Sequence[LogLine]:
        return ()


def operations() -> str:
    """The page: what the plane answers itself, by service."""
    nothing = _Nothing()
    context = Context(Store("eu-central-1", zones=("eu-central-1a",)), SteadyClock(), nothing)
    parts = [
        "# AWS operations",
        "The plane answers these itself, parsed and written by botocore's service models. Any other"
        ' operation of these services is refused: `UnsupportedFeatureException` with "not built in'
        ' the local Fargate yet" (ECS, Cloud Map, Logs), `InvalidAction` (ELB). A parameter that'
        " would ask for something not built is refused too, with what to do instead: see"
        " [not like AWS](../not-like-aws.md). Every other AWS service goes to moto, started at the"
        " first such call, or to `rehearse up --fallback URL`.",
    ]
    for service, handlers in _handlers(context, nothing).items():
        rows = ((code(name), _first_line(handlers[name])) for name in sorted(handlers))
        parts += [f"## {NAMES[service]} (`{service}`)", table(("operation", "note"), rows)]
    return "\n\n".join(parts)


def _first_line(handler: object) -> str:
    return (getdoc(handler) or "").split("\n\n")[0]

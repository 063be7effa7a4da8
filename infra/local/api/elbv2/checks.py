"""A target group's health check settings: defaults, ranges and how they go together (R4.1)."""

import re
from dataclasses import dataclass, replace

from infra.local.api.elbv2 import errors
from infra.local.store import Document, TargetGroup

_CODES = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")  # 200, 200,302 and 200-299
CODE_MIN, CODE_MAX = 200, 499

# The API's names, and ours. Their ranges are in the service's model and checked before.
_MEMBERS = {
    "HealthCheckEnabled": "enabled",
    "HealthCheckProtocol": "protocol",
    "HealthCheckPort": "port",
    "HealthCheckPath": "path",
    "HealthCheckIntervalSeconds": "interval",
    "HealthCheckTimeoutSeconds": "timeout",
    "HealthyThresholdCount": "healthy_threshold",
    "UnhealthyThresholdCount": "unhealthy_threshold",
}


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Times in seconds, with ELB's defaults. HTTPS target groups are checked by HTTP, too."""

    protocol: str = "HTTP"
    enabled: bool = True
    port: str = "traffic-port"
    path: str = "/"
    interval: int = 30
    timeout: int = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    matcher: str = "200"

    @classmethod
    def of(cls, group: TargetGroup) -> "HealthCheck":
        return cls(
            protocol=group.health_check_protocol,
            enabled=group.health_check_enabled,
            port=group.health_check_port,
            path=group.health_check_path,
            interval=group.interval,
            timeout=group.timeout,
            healthy_threshold=group.healthy_threshold,
            unhealthy_threshold=group.unhealthy_threshold,
            matcher=group.matcher,
        )

    def apply(self, group: TargetGroup) -> None:
        group.health_check_protocol = self.protocol
        group.health_check_enabled = self.enabled
        group.health_check_port = self.port
        group.health_check_path = self.path
        group.interval = self.interval
        group.timeout = self.timeout
        group.healthy_threshold = self.healthy_threshold
        group.unhealthy_threshold = self.unhealthy_threshold
        group.matcher = self.matcher


def read_check(params: Document, before: HealthCheck) -> HealthCheck:
    """The settings after a request. Raises ApiError for what ELB would not take."""
    changes = {ours: params[name] for name, ours in _MEMBERS.items() if name in params}
    check = replace(before, **changes)
    if "Matcher" in params:
        check = replace(check, matcher=_matcher(params["Matcher"]))
    _check(check)
    return check


def _matcher(document: Document) -> str:
    if "GrpcCode" in document:
        raise errors.unsupported_error("A gRPC health check", "give Matcher.HttpCode")
    codes: str = document.get("HttpCode", "200")
    numbers = [int(n) for n in re.findall(r"\d+", codes)]
    if not _CODES.fullmatch(codes) or not all(CODE_MIN <= n <= CODE_MAX for n in numbers):
        raise errors.validation_error(
            f"Health check matcher HTTP code '{codes}' must be within "
            f"'{CODE_MIN}-{CODE_MAX}' inclusive"
        )
    return codes


def _check(check: HealthCheck) -> None:
    if check.protocol not in ("HTTP", "HTTPS"):
        message = f"Health check protocol '{check.protocol}' must be HTTP or HTTPS"
        raise errors.validation_error(message)
    if not check.enabled:
        raise errors.validation_error(
            "Health check enabled must be true for target groups of type ip"
        )
    if not check.path.startswith("/"):
        raise errors.validation_error(
            f"Health check path '{check.path}' must begin with '/' character"
        )
    if check.timeout >= check.interval:
        raise errors.validation_error("Health check interval must be greater than the timeout.")
    if check.port != "traffic-port" and not (
        check.port.isdecimal() and 1 <= int(check.port) <= 65_535
    ):
        raise errors.validation_error(
            f"Health check port '{check.port}' must be 'traffic-port' or 1 to 65535"
        )

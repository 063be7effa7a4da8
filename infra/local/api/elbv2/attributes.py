"""Attributes: their names, defaults and what values they take (R4.10-R4.12, R4.20, R4.30)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.local.api.elbv2 import errors
from infra.local.store import Document


@dataclass(frozen=True, slots=True)
class Attribute:
    """A default, the words it may be, and the range of numbers it may be; neither: any text."""

    default: str
    words: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    def takes(self, value: str) -> bool:
        if value in self.words:
            return True
        if self.least is None or self.most is None:
            return not self.words
        return value.isdecimal() and self.least <= int(value) <= self.most

    @property
    def demand(self) -> str:
        """What it takes, in words; ELB's own for a range without further words."""
        between = f"between '{self.least}-{self.most}' inclusive"
        if self.least is None:
            return f"must be one of [{', '.join(self.words)}]"
        return f"must be {' or '.join((*self.words, between))}"


def _flag(default: str) -> Attribute:
    return Attribute(default, ("true", "false"))


_HEALTH = "target_group_health"
_TARGETS = "minimum_healthy_targets"
_WEEK = 604_800

GROUP: Mapping[str, Attribute] = {
    "deregistration_delay.timeout_seconds": Attribute("300", (), 0, 3600),
    "load_balancing.algorithm.anomaly_mitigation": Attribute("off", ("on", "off")),
    "load_balancing.algorithm.type": Attribute(
        "round_robin", ("round_robin", "least_outstanding_requests", "weighted_random")
    ),
    "load_balancing.cross_zone.enabled": Attribute(
        "use_load_balancer_configuration", ("true", "false", "use_load_balancer_configuration")
    ),
    "slow_start.duration_seconds": Attribute("0", ("0",), 30, 900),
    "stickiness.app_cookie.cookie_name": Attribute(""),
    "stickiness.app_cookie.duration_seconds": Attribute("86400", (), 1, _WEEK),
    "stickiness.enabled": _flag("false"),
    "stickiness.lb_cookie.duration_seconds": Attribute("86400", (), 1, _WEEK),
    "stickiness.type": Attribute("lb_cookie", ("lb_cookie", "app_cookie")),
    f"{_HEALTH}.dns_failover.{_TARGETS}.count": Attribute("1", ("off",), 1, 1000),
    f"{_HEALTH}.dns_failover.{_TARGETS}.percentage": Attribute("off", ("off",), 1, 100),
    f"{_HEALTH}.unhealthy_state_routing.{_TARGETS}.count": Attribute("1", (), 1, 1000),
    f"{_HEALTH}.unhealthy_state_routing.{_TARGETS}.percentage": Attribute("off", ("off",), 1, 100),
}

BALANCER: Mapping[str, Attribute] = {
    "access_logs.s3.bucket": Attribute(""),
    "access_logs.s3.enabled": _flag("false"),
    "access_logs.s3.prefix": Attribute(""),
    "client_keep_alive.seconds": Attribute("3600", (), 60, _WEEK),
    "connection_logs.s3.bucket": Attribute(""),
    "connection_logs.s3.enabled": _flag("false"),
    "connection_logs.s3.prefix": Attribute(""),
    "deletion_protection.enabled": _flag("false"),
    "health_check_logs.s3.bucket": Attribute(""),
    "health_check_logs.s3.enabled": _flag("false"),
    "health_check_logs.s3.prefix": Attribute(""),
    "idle_timeout.timeout_seconds": Attribute("60", (), 1, 4000),
    "ipv6.deny_all_igw_traffic": _flag("false"),
    "load_balancing.cross_zone.enabled": Attribute("true", ("true",)),
    "routing.http.desync_mitigation_mode": Attribute(
        "defensive", ("monitor", "defensive", "strictest")
    ),
    "routing.http.drop_invalid_header_fields.enabled": _flag("false"),
    "routing.http.preserve_host_header.enabled": _flag("false"),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": _flag("false"),
    "routing.http.xff_client_port.enabled": _flag("false"),
    "routing.http.xff_header_processing.mode": Attribute(
        "append", ("append", "preserve", "remove")
    ),
    "routing.http2.enabled": _flag("true"),
    "waf.fail_open.enabled": _flag("false"),
    "zonal_shift.config.enabled": _flag("false"),
}

_MTLS = "routing.http.request.x_amzn_mtls_clientcert"
_ANSWER = "routing.http.response"
LISTENER: Mapping[str, Attribute] = {
    **{
        f"{name}.header_name": Attribute("")
        for name in (
            _MTLS,
            *(f"{_MTLS}_{p}" for p in ("issuer", "leaf", "serial_number", "subject", "validity")),
            "routing.http.request.x_amzn_tls_cipher_suite",
            "routing.http.request.x_amzn_tls_version",
        )
    },
    **{
        f"{_ANSWER}.{name}.header_value": Attribute("")
        for name in (
            "access_control_allow_credentials",
            "access_control_allow_headers",
            "access_control_allow_methods",
            "access_control_allow_origin",
            "access_control_expose_headers",
            "access_control_max_age",
            "content_security_policy",
            "strict_transport_security",
            "x_content_type_options",
            "x_frame_options",
        )
    },
    f"{_ANSWER}.server.enabled": _flag("true"),
}


_LOGS = ("access_logs", "connection_logs", "health_check_logs")


def balancer_defaults(scheme: str) -> dict[str, str]:
    """The attributes of a new load balancer: only an internal one denies the internet gateway."""
    internal = {"ipv6.deny_all_igw_traffic": "true"} if scheme == "internal" else {}
    return defaults(BALANCER) | internal


def defaults(table: Mapping[str, Attribute]) -> dict[str, str]:
    return {name: attribute.default for name, attribute in table.items()}


def merge(
    table: Mapping[str, Attribute],
    current: Mapping[str, str],
    documents: Iterable[Document],
    what: str,
) -> dict[str, str]:
    """The attributes with the request's applied. `what` starts ELB's sentence about an unknown key.

    Terraform's provider drops a key that is "not recognized" and goes on.
    """
    merged = dict(current)
    for document in documents:
        key, value = document.get("Key", ""), document.get("Value", "")
        if key not in table:
            raise errors.validation_error(f"{what} attribute key '{key}' is not recognized")
        if not table[key].takes(value):
            raise errors.validation_error(f"'{key}' value '{value}' {table[key].demand}")
        merged[key] = value
    return merged


def check_balancer(attributes: Mapping[str, str]) -> None:
    """Refuse logs that are on and have no bucket to go to."""
    for kind in _LOGS:
        if attributes[f"{kind}.s3.enabled"] == "true" and not attributes[f"{kind}.s3.bucket"]:
            message = f"The value of '{kind}.s3.bucket' cannot be empty"
            raise errors.validation_error(message)


def check_group(attributes: Mapping[str, str]) -> None:
    """Refuse what does not go together (R4.11), and application cookies."""
    algorithm = attributes["load_balancing.algorithm.type"]
    if algorithm != "round_robin" and attributes["slow_start.duration_seconds"] != "0":
        raise errors.configuration_error(
            f"Slow start cannot be used with the algorithm {algorithm}"
        )
    sticky = attributes["stickiness.enabled"] == "true"
    if algorithm == "weighted_random" and sticky:
        raise errors.configuration_error(
            f"Stickiness cannot be used with the algorithm {algorithm}"
        )
    mitigation = attributes["load_balancing.algorithm.anomaly_mitigation"]
    if algorithm != "weighted_random" and mitigation == "on":
        raise errors.configuration_error(f"Anomaly mitigation cannot be used with {algorithm}")
    if sticky and attributes["stickiness.type"] == "app_cookie":
        raise errors.unsupported_error("Stickiness by app_cookie", "use lb_cookie")


def describe(attributes: Mapping[str, str]) -> Document:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]}

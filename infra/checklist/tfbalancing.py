"""Load balancers and what stands before them, in Terraform's shape (see `shapes`)."""

from infra.checklist.facts import (
    Action,
    Attachment,
    Condition,
    HealthCheck,
    Integration,
    Listener,
    ListenerRule,
    LoadBalancer,
    TargetGroup,
    WebAcl,
)
from infra.checklist.known import Maybe, Unknown, Values, each, within

PRIVATE_LINK = "enforce_security_group_inbound_rules_on_private_link_traffic"
REST_TIMEOUT_MS = 29_000
HTTP_TIMEOUT_MS = 30_000
CONDITIONS = ("path_pattern", "host_header", "http_request_method", "source_ip")


def load_balancer(values: Values) -> LoadBalancer:
    logs = values.block("access_logs")
    return LoadBalancer(
        at=values.at,
        arn=values.text("arn"),
        name=values.text("name"),
        type=values.text("load_balancer_type", "application"),
        internal=values.flag("internal"),
        groups=values.texts("security_groups"),
        subnets=_subnets(values),
        idle_timeout=values.number("idle_timeout", 60),
        client_keep_alive=values.number("client_keep_alive", 3600),
        deletion_protection=values.flag("enable_deletion_protection"),
        zonal_shift=values.flag("enable_zonal_shift"),
        access_logs=within(logs, lambda b: b.flag("enabled")),
        drop_invalid=values.flag("drop_invalid_header_fields"),
        desync=values.text("desync_mitigation_mode", "defensive"),
        checks_private_link=values.text(PRIVATE_LINK, "on") != "off",
    )


def _subnets(values: Values) -> Maybe:
    """From `subnets`, or from `subnet_mapping` where that is what was given."""
    subnets = values.texts("subnets")
    if subnets != ():
        return subnets
    return each(values.relaxed().blocks("subnet_mapping"), lambda b: str(b.get("subnet_id")))


def target_group(values: Values) -> TargetGroup:
    return TargetGroup(
        at=values.at,
        arn=values.text("arn"),
        name=values.text("name"),
        vpc=values.text("vpc_id"),
        target_type=values.text("target_type", "instance"),
        protocol=values.text("protocol", "HTTP"),
        port=values.number("port", 0),
        deregistration_delay=values.number("deregistration_delay", 300),
        slow_start=values.number("slow_start", 0),
        algorithm=values.text("load_balancing_algorithm_type", "round_robin"),
        check=within(values.block("health_check"), _health_check),
    )


def _health_check(values: Values) -> HealthCheck:
    """AWS's defaults where the block is not there or says nothing."""
    relaxed = values.relaxed()
    return HealthCheck(
        path=relaxed.text("path", "/"),
        port=relaxed.text("port", "traffic-port"),
        interval=relaxed.number("interval", 30),
        timeout=relaxed.number("timeout", 5),
        healthy=relaxed.number("healthy_threshold", 5),
        unhealthy=relaxed.number("unhealthy_threshold", 2),
        matcher=relaxed.text("matcher", "200"),
        protocol=relaxed.text("protocol", "HTTP"),
    )


def listener(values: Values) -> Listener:
    protocol = values.text("protocol", "HTTP")
    secure = isinstance(protocol, Unknown) or protocol in ("HTTPS", "TLS")
    return Listener(
        at=values.at,
        arn=values.text("arn"),
        load_balancer=values.text("load_balancer_arn"),
        port=values.number("port", 0),
        protocol=protocol,
        ssl_policy=values.text("ssl_policy", "ELBSecurityPolicy-2016-08") if secure else "",
        certificate=values.text("certificate_arn") if secure else "",
        actions=each(values.blocks("default_action"), _action),
    )


def listener_rule(values: Values) -> ListenerRule:
    return ListenerRule(
        at=values.at,
        listener=values.text("listener_arn"),
        priority=values.number("priority", 0),
        conditions=each(values.blocks("condition"), _condition),
        actions=each(values.blocks("action"), _action),
    )


def _condition(values: Values) -> Condition:
    """The block that is there, of those with plain values."""
    relaxed = values.relaxed()
    for name in CONDITIONS:
        found = within(relaxed.block(name), lambda b: b.texts("values"))
        if found != ():
            return Condition(name.replace("_", "-"), found)
    unknown: Maybe = Unknown(f"{values.at}: its condition is none of {', '.join(CONDITIONS)}")
    return Condition(unknown, unknown)


def _action(values: Values) -> Action:
    redirect = values.block("redirect")
    fixed = values.relaxed().block("fixed_response")
    return Action(
        type=values.text("type"),
        target_groups=_forwarded(values),
        redirect_protocol=within(redirect, lambda b: b.text("protocol", "#{protocol}")),
        redirect_port=within(redirect, lambda b: b.relaxed().text("port", "#{port}")),
        status=within(redirect, lambda r: r.relaxed().text("status_code") or _status(fixed)),
        body=within(fixed, lambda b: b.relaxed().text("message_body")),
    )


def _status(fixed: Maybe) -> Maybe:
    return within(fixed, lambda b: b.relaxed().text("status_code"))


def _forwarded(values: Values) -> Maybe:
    single = values.text("target_group_arn")
    if isinstance(single, Unknown) or single:
        return single if isinstance(single, Unknown) else (single,)
    return within(
        values.relaxed().block("forward"),
        lambda b: each(b.relaxed().blocks("target_group"), lambda g: str(g.get("arn"))),
    )


def attachment(values: Values) -> Attachment:
    return Attachment(values.at, values.text("target_group_arn"), values.text("target_id"))


def web_acl(values: Values) -> WebAcl:
    return WebAcl(values.at, values.text("resource_arn"))


def integrations(by_type: dict[str, list[Values]]) -> list[Integration]:
    """API Gateway's integrations through a VPC link, of REST and of HTTP APIs."""
    found = []
    for kind, default in (
        ("aws_api_gateway_integration", REST_TIMEOUT_MS),
        ("aws_apigatewayv2_integration", HTTP_TIMEOUT_MS),
    ):
        for values in by_type.get(kind, ()):
            if values.text("connection_type") == "VPC_LINK":
                timeout = values.number("timeout_milliseconds", default)
                found.append(Integration(values.at, timeout))
    return found

"""A rule's conditions and actions: ELB's documents read into what the proxy can do.

`parse` is also what the API validates rules with: whatever is not emulated raises here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from infra.local.proxy.model import (
    Action,
    Condition,
    Field,
    FixedResponse,
    Forward,
    Redirect,
    Rule,
)
from infra.local.store import Document

PLACEHOLDER = re.compile(r"#\{(\w+)\}")
CONFIGS = {
    Field.HOST_HEADER: "HostHeaderConfig",
    Field.HTTP_HEADER: "HttpHeaderConfig",
    Field.HTTP_REQUEST_METHOD: "HttpRequestMethodConfig",
    Field.PATH_PATTERN: "PathPatternConfig",
    Field.QUERY_STRING: "QueryStringConfig",
    Field.SOURCE_IP: "SourceIpConfig",
}
WEIGHT = 1  # of a target group without one
WEIGHT_MAX = 999


class UnsupportedRuleError(ValueError):
    """The rule asks for something that is not emulated; the message says what."""


def parse(
    conditions: Sequence[Document],
    actions: Sequence[Document],
    cluster_name: Callable[[str], str],
    local_port: Callable[[int], int],
) -> Rule:
    """Read one rule. `cluster_name` maps a target group's ARN, `local_port` a port of AWS's."""
    fields = [c["Field"] for c in conditions]
    if fields.count(Field.PATH_PATTERN) > 1:
        raise UnsupportedRuleError("a rule can have one path-pattern condition")
    return Rule(
        conditions=tuple(_condition(c) for c in conditions),
        action=_action(actions, cluster_name, local_port),
    )


def groups_of(actions: Sequence[Document]) -> tuple[str, ...]:
    """The ARNs of the target groups that these actions forward to."""
    return tuple(arn for a in actions if a["Type"] == "forward" for arn, _ in _weights(a))


def _condition(document: Document) -> Condition:
    name = document["Field"]
    if name not in set(Field):
        raise UnsupportedRuleError(f"condition field {name!r} is not emulated")
    field = Field(name)
    config: Document = document.get(CONFIGS[field], {})
    if document.get("RegexValues") or config.get("RegexValues"):
        raise UnsupportedRuleError(f"RegexValues of {name} are not emulated: use Values")
    values = config.get("Values") or document.get("Values") or []
    if not values:
        raise UnsupportedRuleError(f"condition {name} has no values")
    if field is Field.QUERY_STRING:
        return Condition(field, pairs=tuple((v.get("Key"), v["Value"]) for v in values))
    if field is Field.SOURCE_IP:
        return Condition(field, tuple(_network(v) for v in values))
    return Condition(field, tuple(values), name=config.get("HttpHeaderName", ""))


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise UnsupportedRuleError(f"source-ip {text!r} is no CIDR block: {error}") from None


def _action(
    actions: Sequence[Document],
    cluster_name: Callable[[str], str],
    local_port: Callable[[int], int],
) -> Action:
    last = max(actions, key=lambda a: int(a.get("Order", 1)))
    for action in actions:
        if action["Type"] not in ("forward", "redirect", "fixed-response"):
            raise UnsupportedRuleError(f"actions of type {action['Type']} are not emulated")
    if last["Type"] == "forward":
        return Forward(tuple((cluster_name(arn), weight) for arn, weight in _weights(last)))
    if last["Type"] == "redirect":
        return _redirect(last["RedirectConfig"], local_port)
    config = last["FixedResponseConfig"]
    return FixedResponse(
        status=int(config["StatusCode"]),
        content_type=config.get("ContentType") or "text/plain",
        body=config.get("MessageBody") or "",
    )


def _weights(action: Document) -> list[tuple[str, int]]:
    config = action.get("ForwardConfig") or {}
    if (config.get("TargetGroupStickinessConfig") or {}).get("Enabled"):
        raise UnsupportedRuleError("stickiness between target groups is not emulated")
    groups = config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    return [(g["TargetGroupArn"], _weight(g)) for g in groups]


def _weight(group: Mapping[str, Any]) -> int:
    weight = int(group.get("Weight", WEIGHT))
    if not 0 <= weight <= WEIGHT_MAX:
        raise UnsupportedRuleError(f"weight {weight} is not between 0 and {WEIGHT_MAX}")
    return weight


def _redirect(config: Document, local_port: Callable[[int], int]) -> Redirect:
    """A part that is only its own placeholder, or absent, is kept."""
    protocol = config.get("Protocol") or "#{protocol}"
    port = config.get("Port") or "#{port}"
    host = config.get("Host") or "#{host}"
    query = config.get("Query", "#{query}")
    path = config.get("Path") or "/#{path}"
    _only(path, "Path", "path")
    for name, value in (("Protocol", protocol), ("Port", port), ("Host", host), ("Query", query)):
        if value != f"#{{{name.lower()}}}":
            _only(value, name)
    literal = path != "/#{path}" and "#{path}" not in path
    if query not in ("#{query}", "") and not literal:
        raise UnsupportedRuleError(f"redirect Query {query!r} needs a Path without placeholders")
    return Redirect(
        status=int(str(config["StatusCode"]).removeprefix("HTTP_")),
        scheme=None if protocol == "#{protocol}" else protocol.lower(),
        host=None if host == "#{host}" else host,
        port=None if port == "#{port}" else local_port(int(port)),
        path=None if path == "/#{path}" else path,
        query=None if query == "#{query}" else query,
    )


def _only(value: str, part: str, *allowed: str) -> None:
    names = PLACEHOLDER.findall(value)
    if len(names) > len(allowed) or not set(names) <= set(allowed):
        raise UnsupportedRuleError(
            f"redirect {part} {value!r} is not emulated: placeholders work only on their own, "
            "and #{path} once inside Path"
        )

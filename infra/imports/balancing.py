"""A service's target group, the rules that lead to it, and the load balancer as settings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.checklist.facts import (
    Action,
    Condition,
    Facts,
    Listener,
    ListenerRule,
    LoadBalancer,
    Service,
    TargetGroup,
)
from infra.checklist.known import NotKnownError
from infra.checklist.lookup import balancers_to, find, listeners_to
from infra.imports.notes import Note, changed, left
from infra.imports.source import known, of, plain

PATTERNS_MAX = 5
LAST = 50_000  # the priority of what a listener does by default
EVERYTHING = "/*"
USUAL_PORTS = (80, 443)


@dataclass(slots=True)
class Route:
    """The way to a service: its target group's settings; notes on what is not carried."""

    group: TargetGroup | None = None
    settings: dict[str, Any] | None = None
    notes: list[Note] = field(default_factory=list)


def route(name: str, service: Service, facts: Facts, port: int) -> Route:
    """The first HTTP target group that the service is in, and the rules that lead to it."""
    found = Route()
    for target in of(service, "targets", ()):
        arn = plain(target, "target_group")
        group = _group(facts, arn)
        if group is None:
            found.notes.append(
                left(
                    name,
                    f"target group {arn}",
                    "it is not among what was read",
                    "give the state that has it, too",
                )
            )
        elif of(group, "protocol", "HTTP") not in ("HTTP", "HTTPS"):
            found.notes.append(
                left(
                    name,
                    f"target group {plain(group, 'name')} ({plain(group, 'protocol')})",
                    "there is no network load balancer here",
                    "reach the task on its own address, see `rehearse status`",
                )
            )
        elif found.group is not None:
            found.notes.append(
                left(
                    name,
                    f"target group {plain(group, 'name')}",
                    "a service has one target group here",
                    "its clients are not rehearsed",
                )
            )
        else:
            found.group = group
    if found.group is not None:
        found.settings = _target_group(name, found.group, facts, found.notes)
        _check_port(name, found.group, port, found.notes)
    return found


def _group(facts: Facts, arn: str) -> TargetGroup | None:
    found: TargetGroup | None = known(
        lambda: find(facts.target_groups, "arn", arn, "target group"), None
    )
    return found


def _target_group(name: str, group: TargetGroup, facts: Facts, notes: list[Note]) -> dict[str, Any]:
    patterns, priority = _rules(name, group, facts, notes)
    check = of(group, "check", None)
    if of(group, "protocol", "HTTP") == "HTTPS":
        notes.append(
            changed(
                name,
                "HTTPS to the targets",
                "targets are called by HTTP here",
                "let the application speak HTTP",
            )
        )
    slow = of(group, "slow_start", 0)
    algorithm = of(group, "algorithm", "round_robin")
    if algorithm not in ("round_robin", "least_outstanding_requests"):
        notes.append(left(name, f"algorithm {algorithm}", "it is not here", "round_robin is used"))
        algorithm = "round_robin"
    return {
        "path_patterns": patterns,
        "priority": priority,
        "deregistration_delay": of(group, "deregistration_delay", 300),
        "slow_start": max(30, slow) if slow else 0,
        "algorithm": algorithm,
        "health_check": {
            "path": _path(of(check, "path", "/")),
            "matcher": of(check, "matcher", "200") or "200",
            "interval": of(check, "interval", 30),
            "timeout": of(check, "timeout", 5),
            "healthy_threshold": of(check, "healthy", 5),
            "unhealthy_threshold": of(check, "unhealthy", 2),
        },
    }


def _check_port(name: str, group: TargetGroup, port: int, notes: list[Note]) -> None:
    wanted = of(of(group, "check", None), "port", "traffic-port")
    if wanted not in ("traffic-port", str(port), ""):
        notes.append(
            left(
                name,
                f"health check on port {wanted}",
                "it goes to the one port here",
                f"see that its path answers on {port}",
            )
        )


def _path(path: str) -> str:
    return path if path.startswith("/") else "/" + path


def _rules(name: str, group: TargetGroup, facts: Facts, notes: list[Note]) -> tuple[list[str], int]:
    """Path patterns and priority; 0 where that is not known.

    Last comes what a listener forwards by default, and what is told apart by something else than
    its path: it would hide all other services.
    """
    rules = [one for one in of(facts, "listener_rules", ()) if _forwards(one, group)]
    defaults = [one for one in of(facts, "listeners", ()) if _forwards(one, group)]
    patterns: dict[str, None] = {}
    priorities: list[int] = []
    for rule in rules:
        conditions = of(rule, "conditions", ())
        paths = [p for one in conditions for p in _paths(name, one, notes)]
        patterns |= dict.fromkeys(paths or [EVERYTHING])
        priorities.append(of(rule, "priority", 0) if paths or not conditions else LAST)
    for one in (*rules, *defaults):
        notes += _actions(name, of(one, "actions", ()))
    if defaults or not patterns:
        patterns |= {EVERYTHING: None}
        priorities.append(LAST)
    listed = list(patterns)
    notes += [
        left(name, f"path {one}", "a rule has 5 values at most", "put it in another's place")
        for one in listed[PATTERNS_MAX:]
    ]
    real = [one for one in priorities if 0 < one <= LAST]
    return listed[:PATTERNS_MAX], 0 if 0 in priorities else min(real, default=0)


def _forwards(rule: ListenerRule | Listener, group: TargetGroup) -> bool:
    arn = of(group, "arn", None)
    return any(arn in of(one, "target_groups", ()) for one in of(rule, "actions", ()))


def _paths(name: str, condition: Condition, notes: list[Note]) -> Iterator[str]:
    try:
        kind, values = condition.field, condition.values
    except NotKnownError:
        kind, values = "a header, a query or a regular expression", ()
    if kind == "path-pattern":
        yield from (_path(one) for one in values)
    else:
        what = f"condition {kind} {', '.join(values)}".strip()
        notes.append(
            left(
                name,
                what,
                "rules here look at paths alone",
                "every host and client gets there; set path_patterns so that services"
                " can be told apart",
            )
        )


def _actions(name: str, actions: tuple[Action, ...]) -> Iterator[Note]:
    for one in actions:
        kind = of(one, "type", "forward")
        if kind.startswith("authenticate"):
            yield left(name, kind, "nobody is asked to log in here", "send what the user's would")
        elif len(of(one, "target_groups", ())) > 1:
            yield left(
                name,
                "weights of target groups",
                "a rule has one target group here",
                "all requests go to this service",
            )


def balancer_of(facts: Facts, group: TargetGroup) -> tuple[LoadBalancer | None, list[Listener]]:
    """The load balancer before a target group, with all its listeners."""
    balancers = known(lambda: balancers_to(facts, group), [])
    for one in balancers:
        at = of(one, "arn", "")
        return one, [x for x in facts.listeners if of(x, "load_balancer", "") == at]
    return None, known(lambda: listeners_to(facts, group), [])


def balancer(facts: Facts, routes: dict[str, Route], notes: list[Note]) -> dict[str, Any]:
    """The load balancer of the settings: that of the first service that has one."""
    chosen: LoadBalancer | None = None
    listeners: list[Listener] = []
    for name, one in sorted(routes.items()):
        if one.group is None:
            continue
        found, theirs = balancer_of(facts, one.group)
        if not listeners:
            chosen, listeners = found, theirs
        elif found is not None and found is not chosen:
            notes.append(
                changed(
                    name,
                    f"load balancer {plain(found, 'name')}",
                    "there is one load balancer here",
                    "its requests come by the first one's address",
                )
            )
    https = any(of(x, "protocol", "") == "HTTPS" for x in listeners)
    notes += _ports(listeners)
    return {
        "idle_timeout": of(chosen, "idle_timeout", 60),
        "client_keep_alive": of(chosen, "client_keep_alive", 3600),
        "http": "redirect" if https and _redirects(listeners) else "forward",
        "https": https,
        "drop_invalid_header_fields": of(chosen, "drop_invalid", False),
    }


def _redirects(listeners: list[Listener]) -> bool:
    return any(
        of(one, "port", 0) == 80 and any(a.type == "redirect" for a in of(one, "actions", ()))
        for one in listeners
    )


def _ports(listeners: list[Listener]) -> Iterator[Note]:
    for port in sorted({of(x, "port", 80) for x in listeners} - set(USUAL_PORTS)):
        yield changed(
            "",
            f"listener on port {port}",
            "listeners here are 80 and 443",
            "the same rules answer there",
        )

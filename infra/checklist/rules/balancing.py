"""Load balancers, listeners, target groups."""

import re
from collections.abc import Iterable

from infra.checklist.facts import Facts, Listener, LoadBalancer, Service, TargetGroup
from infra.checklist.known import NotKnownError, sift
from infra.checklist.lookup import (
    balanced_services,
    fargate_services,
    find,
    listeners_to,
    target_groups,
)
from infra.checklist.rule import Cut, Found, Problem, Severity, rule, skip
from infra.network.permits import spans

ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest"
MODERN = re.compile(r"ELBSecurityPolicy-TLS13-1-[23]-")


@rule(
    "ALB001",
    "target groups register IP addresses",
    over=balanced_services,
    cut=Cut.ALWAYS,
    source=f"{ELB}/application/load-balancer-target-groups.html",
    mend='target_type = "ip"; changing it makes a new target group',
    article='awsvpc / ALB basics: target_type = "ip"',
)
def ip_targets(facts: Facts, service: Service) -> Found:
    for group in target_groups(facts, service):
        if group.target_type != "ip":
            yield (
                f"{group.at} has target_type {group.target_type}; Fargate registers addresses, "
                "and ECS refuses the service"
            )


def public_balancers(facts: Facts) -> Iterable[LoadBalancer]:
    """Application load balancers that face the internet."""
    return [one for one in application_balancers(facts) if not one.internal]


def application_balancers(facts: Facts) -> Iterable[LoadBalancer]:
    return [one for one in facts.load_balancers if one.type == "application"]


@rule(
    "ALB002",
    "the public load balancer speaks HTTPS, and HTTP is redirected",
    over=public_balancers,
    severity=Severity.WARN,
    source=f"{ELB}/application/describe-ssl-policies.html",
    mend='an HTTPS listener with ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"; '
    "the HTTP listener's default action a redirect",
    see_also=("CKV_AWS_2", "CKV_AWS_103", "ELB.1"),
)
def encrypted(facts: Facts, balancer: LoadBalancer) -> Found:
    listeners = [one for one in facts.listeners if one.load_balancer == balancer.arn]
    if not any(one.protocol == "HTTPS" for one in listeners):
        yield "it has no HTTPS listener"

    def judged(listener: Listener) -> Found:
        redirected = all(
            a.type == "redirect" and a.redirect_protocol == "HTTPS" for a in listener.actions
        )
        if listener.protocol == "HTTP" and not redirected:
            yield f"{listener.at} answers port {listener.port} in clear"
        if listener.protocol == "HTTPS" and not MODERN.match(listener.ssl_policy):
            yield (
                f"{listener.at} has the policy {listener.ssl_policy}; newer ones speak TLS 1.3, "
                "and nothing below 1.2"
            )

    yield from sift(listeners, judged)


@rule(
    "ALB003",
    "access logs are on, invalid headers dropped, desync watched",
    over=application_balancers,
    severity=Severity.WARN,
    source=f"{ELB}/application/application-load-balancers.html",
    mend="access_logs { enabled = true }, drop_invalid_header_fields = true, "
    'desync_mitigation_mode = "defensive"',
    see_also=("CKV_AWS_91", "CKV_AWS_131", "ELB.4", "ELB.5", "ELB.12"),
)
def attributes(facts: Facts, balancer: LoadBalancer) -> Found:
    if not balancer.access_logs:
        yield "access logs are off: nobody can say afterwards which requests failed, and why"
    if not balancer.drop_invalid:
        yield "invalid header fields are passed on"
    if balancer.desync == "monitor":
        yield "desync_mitigation_mode is monitor, which lets request smuggling through"


@rule(
    "ALB004",
    "every target group has a listener and a service",
    over=lambda facts: facts.target_groups,
    cut=Cut.ALWAYS,
    source=f"{ELB}/application/load-balancer-listeners.html",
    mend="a listener rule that forwards to the service's target group, and a service for every "
    "target group that a rule forwards to",
)
def no_dangling_path(facts: Facts, group: TargetGroup) -> Found:
    if group.target_type == "lambda" or any(
        one.target_group == group.arn for one in facts.attachments
    ):
        skip("its targets are no tasks")
    users = [
        one.at
        for one in fargate_services(facts)
        if any(target.target_group == group.arn for target in one.targets)
    ]
    listeners = listeners_to(facts, group)
    if users and not listeners:
        _check_listeners(facts)
        yield f"{', '.join(users)} waits for health checks that no listener sends"
    if listeners and not users:
        if not facts.services:
            raise NotKnownError("no service is among what was read")
        yield f"{', '.join(x.at for x in listeners)} sends requests here, and no service answers"
    if not listeners and not users:
        skip("nothing uses it")


def _check_listeners(facts: Facts) -> None:
    if not facts.listeners and not facts.whole:
        raise NotKnownError("no listener is among what was read")


def used_groups(facts: Facts) -> Iterable[TargetGroup]:
    """The target groups of Fargate services, as far as they are known."""
    found: dict[TargetGroup, None] = {}
    for service in balanced_services(facts):
        try:
            found.update(dict.fromkeys(target_groups(facts, service)))
        except NotKnownError:
            continue
    return list(found)


@rule(
    "ALB005",
    "health checks are told what to ask and leave time to answer",
    over=used_groups,
    severity=Severity.WARN,
    cut=Cut.DEPLOYMENT,
    source=f"{ELB}/application/target-group-health-checks.html",
    mend="a path that says whether the task can serve (/healthz), timeout below interval",
    drill="never-healthy",
)
def health_check(facts: Facts, group: TargetGroup) -> Found:
    check = group.check
    if check.timeout >= check.interval:
        yield f"the timeout of {check.timeout} s is not below the interval of {check.interval} s"
    if check.protocol in ("HTTP", "HTTPS"):
        if check.path in ("", "/"):
            yield "it asks for /: a page for people says little about whether the task can serve"
        if not check.matcher:
            yield "no matcher: say which status codes are healthy"


@rule(
    "ALB006",
    "listeners can be reached",
    over=lambda facts: facts.listeners,
    cut=Cut.ALWAYS,
    source=f"{ELB}/application/load-balancer-update-security-groups.html",
    mend="an ingress rule for the listener's port on the load balancer's security group",
)
def open_listener(facts: Facts, listener: Listener) -> Found:
    """A redirect on port 80 helps nobody where the group lets only 443 in."""
    balancer = find(facts.load_balancers, "arn", listener.load_balancer, "load balancer")
    if not balancer.groups:
        skip("its load balancer has no security group")
    if balancer.internal and not balancer.checks_private_link:
        skip("its clients come by PrivateLink, for which its security groups do not count")
    known = {object.__getattribute__(group, "id") for group in facts.groups}
    unknown = [group for group in balancer.groups if group not in known]
    if any(_lets_in(facts, group, listener.port) for group in balancer.groups):
        return
    if unknown:
        raise NotKnownError(f"the security group {unknown[0]} is not among what was read")
    text = f"no security group of {balancer.at} lets port {listener.port} in from anywhere"
    turned = all(action.type == "redirect" for action in listener.actions)
    # who calls an internal one knows its port, and is not sent from another
    yield Problem(text, severity=Severity.WARN if turned and balancer.internal else None)


def _lets_in(facts: Facts, group: str, port: int) -> bool:
    rules = (one.rule for one in facts.permissions if not one.egress and one.group == group)
    return any(
        rule.protocol in ("-1", "tcp") and spans(rule)[0] <= port <= spans(rule)[1]
        for rule in rules
    )

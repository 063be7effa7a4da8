"""Security groups: who may call whom."""

import re
from collections.abc import Callable, Iterable

from infra.checklist.chain import missing_between
from infra.checklist.facts import Alias, Facts, LoadBalancer, Permission, Service
from infra.checklist.known import NotKnownError, sift
from infra.checklist.lookup import (
    alias_name,
    balanced_services,
    balancers_to,
    definition_of,
    fargate_services,
    find,
    members,
    target_groups,
)
from infra.checklist.rule import Cut, Found, Problem, Severity, rule, skip
from infra.network.model import EVERYWHERE

SG_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest"


@rule(
    "SG001",
    "load balancer and tasks have security groups of their own",
    over=balanced_services,
    source=SG_GUIDE,
    mend="one group for the load balancer, one for each service, rules that name the other group",
    article="awsvpc / ALB basics: separate groups, chained by reference",
)
def separate(facts: Facts, service: Service) -> Found:
    for group in target_groups(facts, service):
        for balancer in balancers_to(facts, group):
            shared = set(balancer.groups) & set(service.groups)
            if shared:
                yield f"{_at(facts, min(shared))} is the group of {balancer.at} too"


@rule(
    "SG002",
    "tasks cannot be called from anywhere",
    over=fargate_services,
    source=SG_GUIDE,
    mend="name the caller's security group (referenced_security_group_id) in place of the block",
    article="awsvpc / ALB basics: no 0.0.0.0/0 on the task's SG inbound",
    see_also=("CKV_AWS_260", "EC2.18"),
)
def not_from_anywhere(facts: Facts, service: Service) -> Found:
    def judged(one: Permission) -> Found:
        if one.rule.cidr in EVERYWHERE:
            what = _what(one)
            yield Problem(
                f"any address that gets to the VPC may call {what} of {service.at}", one.at
            )

    yield from sift(_ingress(facts, service), judged)


@rule(
    "SG003",
    "rules of tasks name groups, not blocks",
    over=fargate_services,
    severity=Severity.WARN,
    source=SG_GUIDE,
    mend="referenced_security_group_id in place of cidr_ipv4; also for an NLB that has a group",
    article="awsvpc / ALB basics: chained with SG references",
)
def by_reference(facts: Facts, service: Service) -> Found:
    def judged(one: Permission) -> Found:
        if one.rule.cidr is not None and one.rule.cidr not in EVERYWHERE:
            text = f"lets all of {one.rule.cidr} call {_what(one)} of {service.at}"
            yield Problem(text, one.at)

    yield from sift(_ingress(facts, service), judged)


def _ingress(facts: Facts, service: Service) -> Iterable[Permission]:
    """The ingress rules of the service's groups; all of these must be known."""
    for wanted in service.groups:
        find(facts.groups, "id", wanted, "security group")
    groups = set(service.groups)
    return [one for one in facts.permissions if not one.egress and one.group in groups]


def _what(one: Permission) -> str:
    if one.rule.protocol == "-1":
        return "every port"
    first, last = one.rule.from_port, one.rule.to_port
    return f"port {first}" if first == last else f"ports {first}-{last}"


@rule(
    "SG004",
    "the load balancer reaches the tasks",
    over=balanced_services,
    cut=Cut.ALWAYS,
    source=f"{ELB}/application/load-balancer-update-security-groups.html",
    mend="egress from the load balancer's group and ingress to the task's, both for the "
    "container's port and naming each other",
    article="awsvpc / ALB basics: chained with SG references",
    drill="never-healthy",
)
def chain(facts: Facts, service: Service) -> Found:
    for target in service.targets:
        group = find(facts.target_groups, "arn", target.target_group, "target group")
        for balancer in balancers_to(facts, group):
            for missing in _missing(facts, balancer, service, target.port):
                yield f"{balancer.at} cannot reach port {target.port}: {missing}"


def _missing(facts: Facts, balancer: LoadBalancer, service: Service, port: int) -> list[str]:
    source = (balancer.groups, balancer.subnets)
    if not balancer.groups and balancer.type != "network":
        raise NotKnownError(f"{balancer.at}: its security groups are not known")
    return missing_between(facts, source, (service.groups, service.subnets), port)


def published(facts: Facts) -> Iterable[Service]:
    """Services that publish something by Service Connect."""
    found = []
    for service in fargate_services(facts):
        try:
            if service.connect.enabled and service.connect.aliases:
                found.append(service)
        except NotKnownError:
            found.append(service)
    return found


@rule(
    "SG005",
    "services that call each other are let through",
    over=published,
    cut=Cut.ALWAYS,
    source=SG_GUIDE,
    mend="ingress on the callee's group from the caller's for the published port, and egress from "
    "the caller's group to it",
    article="Service Connect: mutual communication is allowed, by SG references",
)
def calls(facts: Facts, service: Service) -> Found:
    """Declared calls must get through. Where none is declared, somebody must be able to call."""
    aliases = service.connect.aliases
    if not service.connect.enabled or not aliases:
        skip("it publishes nothing")
    others = members(facts, service)
    if not others:
        skip("no other service is in the namespace")
    declared = callers(facts, service, others)

    def judged(caller: Service) -> Found:
        for alias in aliases:
            port = _port(facts, service, alias)
            ends = (caller.groups, caller.subnets), (service.groups, service.subnets)
            for missing in missing_between(facts, *ends, port):
                yield f"{caller.at} cannot call it on port {port}: {missing}"

    if declared:
        yield from sift(declared, judged)
    else:
        yield from _somebody(others, judged)


def _somebody(others: Iterable[Service], judged: Callable[[Service], Found]) -> Found:
    """One problem if none of them gets through: what the first of them lacks."""
    first: str | Problem | None = None
    unknown: NotKnownError | None = None
    for other in others:
        try:
            refused = next(judged(other), None)
        except NotKnownError as error:
            unknown = unknown or error
            continue
        if refused is None:
            return
        first = first or refused
    if unknown is not None:
        raise unknown
    if first is not None:
        yield f"nobody in its namespace can call it; {first}"


def callers(facts: Facts, service: Service, others: Iterable[Service]) -> list[Service]:
    """Who says that it calls the service: the waivers' file, or a URL in the environment."""
    said = facts.expected.calls
    found = []
    for other in others:
        if other.name in said:
            if service.name in said[other.name]:
                found.append(other)
        elif _mentions(facts, other, service):
            found.append(other)
    return found


def _mentions(facts: Facts, caller: Service, callee: Service) -> bool:
    """Whether the caller's environment has the callee's alias as a host, in a URL or alone."""
    try:
        texts = [
            text
            for container in definition_of(facts, caller).containers
            for text in container.environment.values()
        ]
    except NotKnownError:
        return False
    names = "|".join(re.escape(alias_name(alias)) for alias in callee.connect.aliases)
    host = re.compile(rf"(^|//|@)({names})(?=$|[:/?])")
    return any(host.search(text) for text in texts)


def _port(facts: Facts, service: Service, alias: Alias) -> int:
    """Where the service's own proxy listens."""
    if alias.ingress_port is not None:
        return alias.ingress_port
    try:
        containers = definition_of(facts, service).containers
    except NotKnownError:
        return alias.port  # most people use one number on both sides
    for container in containers:
        for port in container.ports:
            if port.name == alias.port_name:
                return port.container_port
    raise NotKnownError(f"{service.at}: no port mapping is named {alias.port_name}")


def network_balancers(facts: Facts) -> Iterable[LoadBalancer]:
    return [one for one in facts.load_balancers if one.type == "network"]


@rule(
    "SG006",
    "a network load balancer has a security group",
    over=network_balancers,
    source=f"{ELB}/network/load-balancer-security-groups.html",
    mend="make it anew with security_groups: they cannot be added later",
)
def guarded_nlb(facts: Facts, balancer: LoadBalancer) -> Found:
    if not balancer.groups:
        yield "it has no security group, can never get one, and targets cannot refer to it"


def _at(facts: Facts, group: str) -> str:
    return find(facts.groups, "id", group, "security group").at

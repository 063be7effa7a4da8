"""Service Connect and Cloud Map."""

from collections.abc import Iterable

from infra.checklist.facts import Facts, Service
from infra.checklist.known import NotKnownError, sift
from infra.checklist.lookup import (
    alias_name,
    balanced_services,
    balancers_to,
    definition_of,
    fargate_services,
    listeners_to,
    members,
    namespace_of,
    target_groups,
)
from infra.checklist.rule import Cut, Found, Problem, Severity, rule, skip
from infra.checklist.rules.groups import callers, published

ECS_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"


@rule(
    "SC001",
    "services find each other by Service Connect or Cloud Map",
    over=fargate_services,
    severity=Severity.WARN,
    source=f"{ECS_GUIDE}/interconnecting-services.html",
    mend="a service_connect_configuration, or service_registries; no internal load balancer "
    "between services",
    article="Service Connect: resolved without adding internal ALBs",
)
def found_by_name(facts: Facts, service: Service) -> Found:
    if len(list(fargate_services(facts))) < 2:
        skip("there is only one service")
    if service.connect.enabled or service.registries:
        return
    internal = [
        balancer.at
        for group in target_groups(facts, service)
        for balancer in balancers_to(facts, group)
        if balancer.internal and balancer.type == "application"
    ]
    if internal and not _before(facts):
        yield f"it is found through the internal load balancer {', '.join(internal)}"
    elif not service.targets:
        yield "nothing finds it: no Service Connect, no Cloud Map, no load balancer"
    else:
        yield "it has neither Service Connect nor Cloud Map: no Service Connect name leads anywhere"


def _before(facts: Facts) -> bool:
    """Whether something stands before internal load balancers: then they are the way in."""
    return bool(facts.attachments or facts.integrations)


def connected(facts: Facts) -> Iterable[Service]:
    """Services with Service Connect, and those of which it is not known."""
    found = []
    for service in fargate_services(facts):
        try:
            if service.connect.enabled:
                found.append(service)
        except NotKnownError:
            found.append(service)
    return found


@rule(
    "SC002",
    "the namespace is there",
    over=connected,
    cut=Cut.ALWAYS,
    source=f"{ECS_GUIDE}/service-connect-concepts.html",
    mend="an aws_service_discovery_http_namespace, its ARN in the service or in the cluster's "
    "service_connect_defaults",
    article="Service Connect: a Cloud Map namespace is created (any type works)",
)
def namespace(facts: Facts, service: Service) -> Found:
    name = namespace_of(facts, service)
    if not name:
        yield "neither it nor its cluster names a namespace"
        return
    known = [
        object.__getattribute__(one, key)
        for one in facts.namespaces
        for key in ("arn", "name", "id")
    ]
    if name not in known:
        if facts.whole:
            yield f"the namespace {name} is not there"
        else:
            raise NotKnownError(f"the namespace {name} is not among what was read")


@rule(
    "SC003",
    "published ports have a name and a protocol",
    over=published,
    cut=Cut.ALWAYS,
    source=f"{ECS_GUIDE}/service-connect-concepts.html",
    mend='portMappings: [{ name = "http", appProtocol = "http" }], the name as port_name',
    article="Service Connect: name and appProtocol are set on portMappings",
)
def port_names(facts: Facts, service: Service) -> Found:
    if not service.connect.aliases:
        skip("it publishes nothing")
    ports = [
        port for one in definition_of(facts, service).containers for port in one.ports if port.name
    ]
    for alias in service.connect.aliases:
        named = [port for port in ports if port.name == alias.port_name]
        if not named:
            yield f"no port mapping is named {alias.port_name}; ECS refuses the service"
        elif not named[0].app_protocol:
            text = f"{alias.port_name} has no appProtocol: it is plain TCP, without retries"
            yield Problem(text, severity=Severity.WARN)  # which may be meant


@rule(
    "SC004",
    "every name in a namespace is one service's",
    over=published,
    cut=Cut.SOMETIMES,
    source=f"{ECS_GUIDE}/service-connect-concepts.html",
    mend="a client_alias of its own (dns_name and port) for every published service",
)
def unique_names(facts: Facts, service: Service) -> Found:
    own = {(alias_name(alias), alias.port) for alias in service.connect.aliases}
    if not own:
        skip("it publishes nothing")

    def judged(other: Service) -> Found:
        shared = own & {(alias_name(alias), alias.port) for alias in other.connect.aliases}
        for name, port in sorted(shared):
            yield f"{other.at} publishes {name}:{port} too"

    yield from sift(members(facts, service), judged)


@rule(
    "SC005",
    "callers are deployed after what they call",
    over=published,
    cut=Cut.DEPLOYMENT,
    source=f"{ECS_GUIDE}/service-connect-concepts-deploy.html",
    mend="depends_on = [the called service] in the caller, with wait_for_steady_state",
)
def order(facts: Facts, service: Service) -> Found:
    """A task knows the names that were published before its deployment began."""
    if not facts.needs:
        skip("only Terraform's state tells what is made after what")
    others = members(facts, service)
    declared = callers(facts, service, others)
    for one in declared or [other for other in others if _may_call(facts, other)]:
        if not waits(facts, one.at, service.at):
            yield f"{one.at} does not wait for it: its first tasks may not know its names"


def _may_call(facts: Facts, service: Service) -> bool:
    """Whether it joined only to call somebody, and does not say whom."""
    if service.connect.aliases:
        return False
    return not any(callers(facts, other, [service]) for other in members(facts, service))


def waits(facts: Facts, later: str, earlier: str) -> bool:
    """Whether Terraform makes `later` after `earlier`; raises where the state does not tell."""
    needs = facts.needs.get(later)
    if needs is None:
        raise NotKnownError(f"what {later} depends on is not in the state")
    return bare(earlier) in {bare(one) for one in needs}


def bare(address: str) -> str:
    """An address without the keys of instances: depends_on names the resource as a whole."""
    kept, depth = [], 0
    for letter in address:
        depth += letter == "["
        if depth == 0:
            kept.append(letter)
        depth -= letter == "]"
    return "".join(kept)


@rule(
    "SC006",
    "services wait for their listener",
    over=balanced_services,
    source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html",
    mend="depends_on = [the listener, or its rule] in the service",
)
def listener_first(facts: Facts, service: Service) -> Found:
    """ECS refuses a service whose target group has no load balancer yet."""
    if not facts.needs:
        skip("only Terraform's state tells what is made after what")
    for group in target_groups(facts, service):
        makers = [one.at for one in listeners_to(facts, group)]
        makers += [
            one.at
            for one in facts.listener_rules
            if any(group.arn in action.target_groups for action in one.actions)
        ]
        if makers and not any(waits(facts, service.at, one) for one in makers):
            yield f"it does not wait for {makers[0]}: the first apply may be refused"

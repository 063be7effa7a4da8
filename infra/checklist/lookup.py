"""Questions that several rules ask of the facts. What is missing raises NotKnownError."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from infra.checklist.facts import (
    Alias,
    Container,
    Facts,
    Listener,
    LoadBalancer,
    Service,
    TargetGroup,
    TaskDefinition,
)
from infra.checklist.known import Fact, NotKnownError
from infra.checklist.network import Route, RouteTable, Subnet

F = TypeVar("F", bound=Fact)
DEFAULT_ROUTE = "0.0.0.0/0"
PER_REQUEST = 15  # Service Connect's default, seconds
IDLE = 300


def find(records: Iterable[F], key: str, wanted: str, what: str) -> F:
    """The record with that key; raises NotKnownError where there is none."""
    for one in records:
        if object.__getattribute__(one, key) == wanted:
            return one
    raise NotKnownError(f"the {what} {wanted} is not among what was read")


def fargate_services(facts: Facts) -> Iterator[Service]:
    """Every service whose tasks Fargate runs, or may run."""
    for service in facts.services:
        try:
            if service.launch_type != "FARGATE":
                continue
        except NotKnownError:
            pass  # rules are asked, and find out what they need
        yield service


def balanced_services(facts: Facts) -> Iterator[Service]:
    """Fargate services that have, or may have, a load balancer."""
    for service in fargate_services(facts):
        targets = object.__getattribute__(service, "targets")
        if targets != ():
            yield service


def fargate_definitions(facts: Facts) -> Iterator[TaskDefinition]:
    """Task definitions that say FARGATE, or that a Fargate service uses."""
    used = []
    for service in fargate_services(facts):
        try:
            used.append(definition_of(facts, service))
        except NotKnownError:
            continue
    for definition in facts.task_definitions:
        compatible = object.__getattribute__(definition, "compatibilities")
        if definition in used or (isinstance(compatible, tuple) and "FARGATE" in compatible):
            yield definition


def definition_of(facts: Facts, service: Service) -> TaskDefinition:
    """The service's task definition, named by ARN, family:revision or family."""
    wanted = service.task_definition
    name = wanted.rpartition("/")[2]
    for one in facts.task_definitions:
        arn = object.__getattribute__(one, "arn")
        if arn == wanted or (isinstance(arn, str) and arn.rpartition("/")[2] == name):
            return one
        if ":" not in name and one.family == name:
            return one
    raise NotKnownError(f"the task definition {wanted} is not among what was read")


def containers_of(facts: Facts, service: Service) -> tuple[Container, ...]:
    return definition_of(facts, service).containers


def target_groups(facts: Facts, service: Service) -> list[TargetGroup]:
    """The service's target groups."""
    groups = facts.target_groups
    return [find(groups, "arn", t.target_group, "target group") for t in service.targets]


def listeners_to(facts: Facts, group: TargetGroup) -> list[Listener]:
    """The listeners whose default action or rules forward to the target group."""
    by_rule = {
        rule.listener
        for rule in facts.listener_rules
        if any(group.arn in action.target_groups for action in rule.actions)
    }
    return [
        one
        for one in facts.listeners
        if object.__getattribute__(one, "arn") in by_rule
        or any(group.arn in action.target_groups for action in one.actions)
    ]


def balancers_to(facts: Facts, group: TargetGroup) -> list[LoadBalancer]:
    """The load balancers that send requests to the target group."""
    arns = dict.fromkeys(one.load_balancer for one in listeners_to(facts, group))
    return [find(facts.load_balancers, "arn", arn, "load balancer") for arn in arns]


def subnets_of(facts: Facts, service: Service) -> list[Subnet]:
    return [find(facts.subnets, "id", one, "subnet") for one in service.subnets]


def table_of(facts: Facts, subnet: Subnet) -> RouteTable:
    """The route table that the subnet uses: its own, or its VPC's main one."""
    own = [one for one in facts.route_tables if subnet.id in one.subnets]
    main = [one for one in facts.route_tables if one.main and one.vpc == subnet.vpc]
    for one in (*own, *main):
        return one
    raise NotKnownError(f"the route table of {subnet.at} is not among what was read")


def default_route(facts: Facts, subnet: Subnet) -> Route | None:
    """The way to the internet, None if there is none."""
    routes = table_of(facts, subnet).routes
    return next((one for one in routes if one.destination == DEFAULT_ROUTE), None)


def vpc_of(facts: Facts, service: Service) -> str:
    """The VPC of the service, by its subnets or else by its security groups."""
    for wanted in service.subnets:
        for subnet in facts.subnets:
            if object.__getattribute__(subnet, "id") == wanted:
                return subnet.vpc
    for wanted in service.groups:
        for group in facts.groups:
            if object.__getattribute__(group, "id") == wanted:
                return group.vpc
    raise NotKnownError(f"{service.at}: neither its subnets nor its groups are known: which VPC?")


def namespace_of(facts: Facts, service: Service) -> str:
    """The name or ARN of the service's namespace, its cluster's if it names none; or empty."""
    if service.connect.namespace:
        return service.connect.namespace
    for cluster in facts.clusters:
        if service.cluster in (cluster.arn, cluster.name):
            return cluster.namespace
    raise NotKnownError(f"the cluster {service.cluster} is not among what was read")


def cluster_name(facts: Facts, service: Service) -> str:
    """The name of the service's cluster, which it may name by ARN."""
    for cluster in facts.clusters:
        if object.__getattribute__(cluster, "arn") == service.cluster:
            return cluster.name
    return service.cluster.rpartition("/")[2]


def members(facts: Facts, service: Service) -> list[Service]:
    """Other services of the same Service Connect namespace."""
    own = namespace_of(facts, service)
    return [
        one
        for one in fargate_services(facts)
        if one is not service and one.connect.enabled and namespace_of(facts, one) == own
    ]


def is_tcp(facts: Facts, service: Service, alias: Alias) -> bool:
    """Whether its port has no appProtocol: plain TCP has no requests that could time out."""
    try:
        ports = [port for one in containers_of(facts, service) for port in one.ports]
        return any(port.name == alias.port_name and not port.app_protocol for port in ports)
    except NotKnownError:
        return False


def request_limit(facts: Facts, service: Service, alias: Alias) -> int | None:
    """Seconds that a request may take by Service Connect; None: as long as it likes."""
    if is_tcp(facts, service, alias):
        return None
    limit = PER_REQUEST if alias.per_request is None else alias.per_request
    return limit or None


def alias_name(alias: Alias) -> str:
    """What clients call: the alias's DNS name, or what ECS makes of the discovery name."""
    return alias.dns_name or alias.discovery_name or alias.port_name

"""Where tasks stand: network mode, subnets, zones, the way out."""

from collections.abc import Iterable
from ipaddress import ip_network

from infra.checklist.facts import Facts, Service, TaskDefinition
from infra.checklist.known import NotKnownError, sift
from infra.checklist.lookup import (
    default_route,
    fargate_definitions,
    fargate_services,
    find,
    subnets_of,
)
from infra.checklist.network import Nat, Subnet
from infra.checklist.rule import Cut, Found, Severity, rule, skip

ECS_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
VPC_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide"
RESERVED = 5  # addresses of a subnet that AWS keeps
BALANCER = 8  # addresses that a load balancer may take in a subnet


@rule(
    "NET001",
    "the network mode is awsvpc",
    over=fargate_definitions,
    cut=Cut.ALWAYS,
    source=f"{ECS_GUIDE}/fargate-tasks-services.html",
    mend='network_mode = "awsvpc" and requires_compatibilities = ["FARGATE"]',
    article="awsvpc / ALB basics: networkMode is awsvpc",
    see_also=("ECS.17",),
)
def awsvpc(facts: Facts, definition: TaskDefinition) -> Found:
    if definition.network_mode != "awsvpc":
        yield f"networkMode is {definition.network_mode}; Fargate runs only awsvpc"
    if "FARGATE" not in definition.compatibilities:
        yield "requiresCompatibilities does not name FARGATE, which a Fargate service needs"


@rule(
    "NET002",
    "tasks are in private subnets and have no public IP",
    over=fargate_services,
    source=f"{ECS_GUIDE}/fargate-task-networking.html",
    mend="assign_public_ip = false, and subnets whose default route is a NAT gateway or none",
    article="Subnet / routing: private subnet, assign_public_ip = false",
    see_also=("CKV_AWS_333", "ECS.2"),
)
def private(facts: Facts, service: Service) -> Found:
    if service.public_ip:
        yield "its tasks get public IP addresses (assign_public_ip)"

    def public(subnet: Subnet) -> Found:
        route = default_route(facts, subnet)
        if route is not None and route.kind == "igw":
            yield f"its tasks sit in the public subnet {subnet.at}: it routes to {route.target}"

    yield from sift(subnets_of(facts, service), public)


@rule(
    "NET003",
    "tasks are in two zones or more",
    over=fargate_services,
    cut=Cut.LOSS,
    source=f"{ECS_GUIDE}/availability-zone-rebalancing.html",
    mend="give the service one subnet in each of two or three availability zones",
    drill="stop-task",
)
def zones(facts: Facts, service: Service) -> Found:
    found = sorted({subnet.zone for subnet in subnets_of(facts, service)})
    if len(found) < 2:
        yield f"all its subnets are in {', '.join(found) or 'no zone'}; losing that zone stops it"


def task_subnets(facts: Facts) -> Iterable[Subnet]:
    """The subnets of Fargate services, as far as they are known."""
    wanted: dict[str, None] = {}
    unknown: NotKnownError | None = None
    for service in fargate_services(facts):
        try:
            wanted.update(dict.fromkeys(service.subnets))
        except NotKnownError as error:
            unknown = error
    found = [s for s in facts.subnets if object.__getattribute__(s, "id") in wanted]
    if not found and (wanted or unknown):
        raise unknown or NotKnownError("the services' subnets are not among what was read")
    return found


@rule(
    "NET004",
    "each zone leaves through a NAT gateway of its own",
    over=task_subnets,
    cut=Cut.LOSS,
    source=f"{VPC_GUIDE}/nat-gateway-basics.html",
    mend="one NAT gateway and one private route table for each zone, or a regional NAT gateway",
    article="Subnet / routing: a NAT gateway in each AZ",
)
def own_nat(facts: Facts, subnet: Subnet) -> Found:
    route = default_route(facts, subnet)
    if route is None or route.kind != "nat":
        skip("it does not leave through a NAT gateway")
    nat: Nat = find(facts.nats, "id", route.target, "NAT gateway")
    if not nat.regional:
        zone = find(facts.subnets, "id", nat.subnet, "subnet").zone
        if zone != subnet.zone:
            yield f"{subnet.zone} leaves through {nat.at} in {zone}: losing {zone} cuts both off"


@rule(
    "NET005",
    "private subnets have a way out",
    over=task_subnets,
    cut=Cut.ALWAYS,
    source=f"{VPC_GUIDE}/route-table-options.html",
    mend="a default route to the zone's NAT gateway; or all endpoints, and `no_egress = true` "
    "under [expect] in the waivers' file",
    article="Subnet / routing: the private route table has a route to the NAT gateway",
)
def way_out(facts: Facts, subnet: Subnet) -> Found:
    if default_route(facts, subnet) is None:
        if facts.expected.no_egress:
            skip("it is declared to have no way out; the VPCE rules say what it then needs")
        yield "no default route: image pulls, secrets and logs fail unless endpoints cover them"


@rule(
    "NET006",
    "there are addresses for a rolling deployment",
    over=fargate_services,
    severity=Severity.WARN,
    cut=Cut.DEPLOYMENT,
    source=f"{ECS_GUIDE}/fargate-task-networking.html",
    mend="larger subnets (a /20 each), or a lower maximum percent",
    drill="rolling-deploy",
)
def room(facts: Facts, service: Service) -> Found:
    """Every task takes one address; services in the same subnets may deploy at once."""
    subnets = subnets_of(facts, service)
    ids = {subnet.id for subnet in subnets}
    sharing = [one for one in fargate_services(facts) if ids & set(one.subnets)]
    peak = sum(one.desired * one.maximum // 100 for one in sharing)
    if facts.whole:  # what runs now has its addresses already
        peak -= sum(one.desired for one in sharing)
    free = sum(_free(facts, subnet) for subnet in subnets)
    if peak > free:
        at_once = f" (with {len(sharing) - 1} services in the same subnets)" if sharing[1:] else ""
        yield f"{peak} addresses at the peak of a deployment{at_once}, {free} are there"


def _free(facts: Facts, subnet: Subnet) -> int:
    """What AWS counted, or else what a subnet of the size can hold at most."""
    try:
        return subnet.free
    except NotKnownError:
        size = ip_network(subnet.cidr, strict=False).num_addresses
    balancers = sum(subnet.id in one.subnets for one in facts.load_balancers)
    endpoints = sum(subnet.id in one.subnets for one in facts.endpoints)
    return size - RESERVED - BALANCER * balancers - endpoints

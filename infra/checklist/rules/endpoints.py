"""VPC endpoints: how tasks get their image, logs, secrets and ECS Exec."""

from collections.abc import Iterable, Iterator

from infra.checklist.chain import missing_between
from infra.checklist.facts import Facts, Service
from infra.checklist.known import NotKnownError, sift
from infra.checklist.lookup import (
    containers_of,
    default_route,
    fargate_services,
    find,
    subnets_of,
    table_of,
    vpc_of,
)
from infra.checklist.network import Endpoint, Subnet
from infra.checklist.rule import Cut, Found, Problem, Severity, rule, skip

ENDPOINTS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
ECR = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
PRIVATELINK = "https://docs.aws.amazon.com/vpc/latest/privatelink"
HTTPS = 443
NO_NAT = "without a NAT gateway it is an error, with one the traffic goes through it"


def _here(facts: Facts, service: Service) -> list[Endpoint]:
    """The endpoints of the service's VPC. None at all may mean that they are in another state."""
    vpc = vpc_of(facts, service)
    found = [one for one in facts.endpoints if one.vpc == vpc]
    known = {object.__getattribute__(one, "id") for one in facts.vpcs}
    if not found and not facts.whole and vpc not in known:
        raise NotKnownError(f"the VPC {vpc} is not among what was read: are its endpoints?")
    return found


def _absent(facts: Facts, service: Service, names: Iterable[str], why: str) -> Found:
    """Interface endpoints that are not there: errors where tasks have no other way."""
    there = {one.service for one in _here(facts, service) if one.interface}
    for name in names:
        if name not in there:
            yield Problem(f"{why}, and there is no endpoint {name}: {_way(facts, service)}",
                          severity=_severity(facts, service))  # fmt: skip


def _has_way_out(facts: Facts, service: Service) -> bool:
    return all(default_route(facts, subnet) is not None for subnet in subnets_of(facts, service))


def _severity(facts: Facts, service: Service) -> Severity:
    return Severity.WARN if _has_way_out(facts, service) else Severity.ERROR


def _way(facts: Facts, service: Service) -> str:
    if _has_way_out(facts, service):
        return "the traffic takes the default route"
    return "without a default route the tasks do not start"


@rule(
    "VPCE001",
    "images come through ecr.api, ecr.dkr and the S3 gateway",
    over=fargate_services,
    cut=Cut.ALWAYS,
    source=ECR,
    mend="interface endpoints ecr.api and ecr.dkr, and an S3 gateway endpoint on the route table "
    f"of every task subnet; {NO_NAT}",
    article="VPC endpoints: ecr.api, ecr.dkr and the S3 gateway",
    drill="bad-image",
)
def images(facts: Facts, service: Service) -> Found:
    if not _pulls_from_ecr(facts, service):
        skip("no image comes from ECR")
    here = _here(facts, service)
    yield from _absent(facts, service, ("ecr.api", "ecr.dkr"), "images come from ECR")
    tables = {t for one in here if one.service == "s3" and not one.interface
              for t in one.route_tables}  # fmt: skip
    interface = any(one.service == "s3" and one.interface for one in here)

    def judged(subnet: Subnet) -> Found:
        table = table_of(facts, subnet)
        if table.id not in tables and not interface:
            text = f"image layers come from S3, and {table.at} has no S3 gateway endpoint"
            yield Problem(text, severity=_severity(facts, service))

    yield from sift(subnets_of(facts, service), judged)


def _pulls_from_ecr(facts: Facts, service: Service) -> bool:
    return any(".dkr.ecr" in one.image for one in containers_of(facts, service))


@rule(
    "VPCE002",
    "logs go through the logs endpoint",
    over=fargate_services,
    cut=Cut.ALWAYS,
    source=ENDPOINTS,
    mend=f"an interface endpoint logs; {NO_NAT}",
    article="VPC endpoints: a logs endpoint",
)
def logs(facts: Facts, service: Service) -> Found:
    if not any(one.log_driver == "awslogs" for one in containers_of(facts, service)):
        skip("no container uses awslogs")
    yield from _absent(facts, service, ("logs",), "containers log by awslogs")


@rule(
    "VPCE003",
    "secrets come through secretsmanager and ssm",
    over=fargate_services,
    cut=Cut.ALWAYS,
    source=ENDPOINTS,
    mend=f"interface endpoints for where `secrets` are kept: secretsmanager, ssm; {NO_NAT}",
    article="VPC endpoints: a secretsmanager endpoint",
)
def secrets(facts: Facts, service: Service) -> Found:
    needed = _secret_stores(facts, service)
    if not needed:
        skip("no container has secrets")
    yield from _absent(facts, service, needed, "containers have secrets")


def _secret_stores(facts: Facts, service: Service) -> list[str]:
    """A valueFrom that is no ARN names a parameter of SSM."""
    found = {
        "secretsmanager" if ":secretsmanager:" in value else "ssm"
        for one in containers_of(facts, service)
        for value in one.secrets
    }
    return sorted(found)


@rule(
    "VPCE004",
    "ECS Exec goes through ssmmessages",
    over=fargate_services,
    source=ENDPOINTS,
    mend=f"an interface endpoint ssmmessages, or ECS Exec off; {NO_NAT}",
    article="VPC endpoints: an ssmmessages endpoint",
)
def execute(facts: Facts, service: Service) -> Found:
    if not service.exec:
        skip("ECS Exec is off")
    yield from _absent(facts, service, ("ssmmessages",), "ECS Exec is on")


def _needed(facts: Facts, service: Service) -> Iterator[str]:
    """The endpoints that the service's tasks use."""
    containers = containers_of(facts, service)
    if any(".dkr.ecr" in one.image for one in containers):
        yield from ("ecr.api", "ecr.dkr")
    if any(one.log_driver == "awslogs" for one in containers):
        yield "logs"
    yield from _secret_stores(facts, service)
    if service.exec:
        yield "ssmmessages"


def _used(facts: Facts, service: Service) -> list[Endpoint]:
    """The interface endpoints that its tasks use; all of them where that is not known."""
    here = [one for one in _here(facts, service) if one.interface]
    try:
        needed = set(_needed(facts, service))
    except NotKnownError:
        return here
    return [one for one in here if one.service in needed]


@rule(
    "VPCE005",
    "endpoints let the tasks in on 443",
    over=fargate_services,
    cut=Cut.ALWAYS,
    source=f"{PRIVATELINK}/interface-endpoints.html",
    mend="ingress 443 from the tasks' groups on the endpoints' group, egress 443 from the tasks'",
    article="VPC endpoints: the endpoints' SG allows 443",
)
def endpoint_groups(facts: Facts, service: Service) -> Found:
    used = _used(facts, service)
    if not used:
        skip("it uses no interface endpoint")

    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for endpoint in used:
        if endpoint.private_dns:  # else its tasks do not come here: VPCE006
            alike.setdefault((endpoint.groups, endpoint.subnets), []).append(endpoint.service)

    def judged(end: tuple[tuple[str, ...], tuple[str, ...]]) -> Found:
        for missing in missing_between(facts, (service.groups, service.subnets), end, HTTPS):
            yield f"its tasks cannot reach the endpoints {', '.join(alike[end])}: {missing}"

    yield from sift(alike, judged)


def interface_endpoints(facts: Facts) -> Iterable[Endpoint]:
    return [one for one in facts.endpoints if one.interface]


@rule(
    "VPCE006",
    "private DNS leads to the endpoints",
    over=interface_endpoints,
    source=f"{PRIVATELINK}/create-interface-endpoint.html",
    mend="private_dns_enabled = true; enable_dns_support and enable_dns_hostnames on the VPC",
    article="VPC endpoints: private_dns_enabled = true",
)
def private_dns(facts: Facts, endpoint: Endpoint) -> Found:
    if not endpoint.private_dns:
        yield f"private DNS is off: the usual name of {endpoint.service} leads past the endpoint"
    vpc = find(facts.vpcs, "id", endpoint.vpc, "VPC")
    if not (vpc.dns_support and vpc.dns_hostnames):
        yield f"{vpc.at} has DNS support or hostnames off, which private DNS needs"


@rule(
    "VPCE007",
    "endpoints are in every zone of the tasks",
    over=fargate_services,
    severity=Severity.WARN,
    cut=Cut.LOSS,
    source=f"{PRIVATELINK}/interface-endpoints.html",
    mend="one subnet of each zone in the endpoint's subnet_ids",
)
def endpoint_zones(facts: Facts, service: Service) -> Found:
    used = _used(facts, service)
    if not used:
        skip("it uses no interface endpoint")
    needed = {subnet.zone for subnet in subnets_of(facts, service)}

    def judged(endpoint: Endpoint) -> Found:
        there = {find(facts.subnets, "id", one, "subnet").zone for one in endpoint.subnets}
        absent = ", ".join(sorted(needed - there))
        if absent:
            yield f"{endpoint.at} ({endpoint.service}) is not in {absent}"

    yield from sift(used, judged)

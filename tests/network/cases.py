"""A VPC as an ECS stack has it, and what each path in it must answer: word for word."""

from dataclasses import dataclass, replace

from infra.network.model import (
    ALL,
    Address,
    Endpoint,
    Interface,
    Route,
    Rule,
    SecurityGroup,
    Service,
    Subnet,
    Topology,
    Via,
)
from tests.network.rules import Rules

LOCAL = Route("10.0.0.0/16", Via.LOCAL)
OUT = Route("0.0.0.0/0", Via.NAT, "nat-1")
OPEN_WAY = Route("0.0.0.0/0", Via.INTERNET, "igw-1")
S3 = Route("pl-s3", Via.ENDPOINT, "vpce-s3")

ALB = Interface("eni-alb", "10.0.1.4", ("sg-alb",), "subnet-public", public=True)
ORDER = Interface("eni-order", "10.0.11.5", ("sg-order-api",), "subnet-private")
INVENTORY = Interface("eni-inventory", "10.0.11.6", ("sg-inventory-api",), "subnet-private")
TWIN = Interface("eni-order-2", "10.0.12.5", ("sg-order-api",), "subnet-private")
TWO = Interface("eni-two", "10.0.11.7", ("sg-order-api", "sg-extra"), "subnet-private")
LONE = Interface("eni-lone", "10.0.11.8", ("sg-nobody",), "subnet-private")
STUCK = Interface("eni-stuck", "10.0.13.5", ("sg-order-api",), "subnet-alone")
ECR = Interface("eni-ecr", "10.0.11.9", ("sg-endpoints",))

STACK = Topology(
    interfaces=(ALB, ORDER, INVENTORY, TWIN, TWO, LONE, STUCK),
    groups={
        "sg-alb": SecurityGroup(
            "sg-alb",
            ingress=(Rule("tcp", 443, 443, cidr="0.0.0.0/0"),),
            egress=(Rule("tcp", 8080, 8080, group="sg-order-api"),),
        ),
        "sg-order-api": SecurityGroup(
            "sg-order-api",
            ingress=(
                Rule("tcp", 8080, 8080, group="sg-alb"),
                Rule("tcp", 8080, 8080, group="sg-inventory-api"),
            ),
        ),
        "sg-inventory-api": SecurityGroup(
            "sg-inventory-api", ingress=(Rule("tcp", 8080, 8081, cidr="10.0.1.0/24"),)
        ),
        "sg-extra": SecurityGroup("sg-extra", ingress=(Rule(ALL, group="sg-extra"),)),
        "sg-endpoints": SecurityGroup(
            "sg-endpoints", ingress=(Rule("tcp", 443, 443, group="sg-order-api"),)
        ),
        "sg-nobody": SecurityGroup(
            "sg-nobody", egress=(Rule("tcp", 443, 443, prefix_list="pl-s3"),)
        ),
    },
    subnets={
        "subnet-public": Subnet("subnet-public", (LOCAL, OPEN_WAY)),
        "subnet-private": Subnet("subnet-private", (LOCAL, OUT, S3)),
        "subnet-alone": Subnet("subnet-alone", (LOCAL,)),
    },
    endpoints=(
        Endpoint("vpce-ecr", "ecr.api", (ECR,)),
        Endpoint("vpce-s3", "s3", prefix_list="pl-s3"),
    ),
    nats={"nat-1": "subnet-public"},
    prefix_lists={"pl-s3": ("52.219.0.0/17",)},
)


@dataclass(frozen=True)
class Case:
    sentence: str
    source: Interface | Address
    destination: Interface | Address | Service
    port: int
    why: str
    allowed: bool = True
    protocol: str = "tcp"
    topology: Topology = STACK

    def fault(self, rules: Rules) -> str | None:
        """What the rules answer instead, None if they are right."""
        verdict = rules.reach.reaches(
            self.topology, self.source, self.destination, self.port, self.protocol
        )
        if (verdict.allowed, verdict.why) != (self.allowed, self.why):
            return str(verdict)
        if bool(verdict.missing) == self.allowed:
            return f"what is missing does not fit: {verdict}"
        return None


def refused(
    sentence: str,
    source: Interface | Address,
    destination: Interface | Address | Service,
    port: int,
    why: str,
    **more: object,
) -> Case:
    return replace(Case(sentence, source, destination, port, why, allowed=False), **more)  # type: ignore[arg-type]


BARE = replace(STACK, endpoints=())
CLOSED = replace(STACK, groups={**STACK.groups, "sg-alb": SecurityGroup("sg-alb", egress=())})
NO_DNS = replace(STACK, endpoints=(Endpoint("vpce-ecr", "ecr.api", (ECR,), private_dns=False),))
BROKEN_NAT = replace(STACK, nats={"nat-1": "subnet-alone"})
GONE = replace(
    STACK,
    subnets={
        **STACK.subnets,
        "subnet-private": Subnet(
            "subnet-private", (LOCAL, Route("0.0.0.0/0", Via.BLACKHOLE, "nat-0"))
        ),
    },
)
PEERED = replace(
    STACK,
    subnets={
        **STACK.subnets,
        "subnet-private": Subnet(
            "subnet-private", (LOCAL, OUT, Route("10.9.0.0/16", Via.OTHER, "pcx-1"))
        ),
    },
)
UNKNOWN = replace(STACK, groups={k: v for k, v in STACK.groups.items() if k != "sg-order-api"})

CASES = (
    Case("the load balancer reaches the service by the rule that names its group",
         ALB, ORDER, 8080, "sg-order-api lets tcp 8080 in from sg-alb"),
    refused("a port outside every rule is refused at both ends", ALB, ORDER, 8081,
            "sg-alb has no egress rule for tcp 8081 to sg-order-api; "
            "sg-order-api has no ingress rule for tcp 8081 from sg-alb"),
    refused("udp is not tcp", INVENTORY, ORDER, 8080,
            "sg-order-api has no ingress rule for udp 8080 from sg-inventory-api",
            protocol="udp"),
    Case("a protocol may be given by its number", INVENTORY, ORDER, 8080,
         "sg-order-api lets tcp 8080 in from sg-inventory-api", protocol="6"),
    refused("a group does not let its own members in unless a rule says so", ORDER, TWIN, 8080,
            "sg-order-api has no ingress rule for tcp 8080 from sg-order-api"),
    Case("an interface reaches itself without any rule", ORDER, ORDER, 9,
         "eni-order reaches itself"),
    Case("a rule that names its own group lets members in", TWO, TWO, 22,
         "eni-two reaches itself"),
    Case("what any one group allows is allowed", INVENTORY, TWO, 8080,
         "sg-order-api, sg-extra lets tcp 8080 in from sg-inventory-api"),
    refused("of several groups all are named", ORDER, TWO, 22,
            "none of sg-order-api, sg-extra has an ingress rule for tcp 22 from sg-order-api"),
    refused("answers need no rule, but a call back does", ORDER, INVENTORY, 8080,
            "sg-inventory-api has no ingress rule for tcp 8080 from sg-order-api"),
    Case("a CIDR rule lets in whoever is in it, at its first port", ALB, INVENTORY, 8080,
         "sg-inventory-api lets tcp 8080 in from sg-alb",
         topology=replace(STACK, groups={**STACK.groups, "sg-alb": SecurityGroup("sg-alb")})),
    Case("and at its last", ALB, INVENTORY, 8081, "sg-inventory-api lets tcp 8081 in from sg-alb",
         topology=replace(STACK, groups={**STACK.groups, "sg-alb": SecurityGroup("sg-alb")})),
    refused("and not above", ALB, INVENTORY, 8082,
            "sg-inventory-api has no ingress rule for tcp 8082 from sg-alb",
            topology=replace(STACK, groups={**STACK.groups, "sg-alb": SecurityGroup("sg-alb")})),
    refused("without egress rules nothing leaves", ALB, ORDER, 8080,
            "sg-alb has no egress rule for tcp 8080 to sg-order-api", topology=CLOSED),
    Case("a client on the internet reaches the public load balancer", Address("0.0.0.0/0"), ALB,
         443, "sg-alb lets tcp 443 in from 0.0.0.0/0"),
    refused("a stranger inside the VPC is refused by its address", Address("10.0.11.77/32"), ORDER,
            8080, "sg-order-api has no ingress rule for tcp 8080 from 10.0.11.77/32"),
    refused("nobody comes in through a NAT gateway", Address("203.0.113.7/32"), INVENTORY, 8080,
            "subnet-private is behind NAT gateway nat-1, which lets nothing in; "
            "sg-inventory-api has no ingress rule for tcp 8080 from 203.0.113.7/32"),
    refused("a load balancer without a public address is not reached from the internet",
            Address("0.0.0.0/0"), replace(ALB, public=False), 443,
            "eni-alb has no public address for 0.0.0.0/0 to come in by",
            topology=replace(STACK, interfaces=(replace(ALB, public=False),))),
    refused("half of the internet is not the internet", Address("0.0.0.0/0"), ALB, 443,
            "sg-alb has no ingress rule for tcp 443 from 0.0.0.0/0",
            topology=replace(STACK, groups={"sg-alb": SecurityGroup(
                "sg-alb", ingress=(Rule("tcp", 443, 443, cidr="0.0.0.0/1"),))})),
    refused("a gap between two blocks is a gap", Address("0.0.0.0/0"), ALB, 443,
            "sg-alb has no ingress rule for tcp 443 from 0.0.0.0/0",
            topology=replace(STACK, groups={"sg-alb": SecurityGroup(
                "sg-alb", ingress=(Rule("tcp", 443, 443, cidr="0.0.0.0/2"),
                                   Rule("tcp", 443, 443, cidr="128.0.0.0/1")))})),
    Case("both halves are", Address("0.0.0.0/0"), ALB, 443, "sg-alb lets tcp 443 in from 0.0.0.0/0",
         topology=replace(STACK, groups={"sg-alb": SecurityGroup(
             "sg-alb", ingress=(Rule("tcp", 443, 443, cidr="128.0.0.0/1"),
                                Rule("tcp", 443, 443, cidr="0.0.0.0/1")))})),
    Case("ECR is reached by the interface endpoint", ORDER, Service("ecr.api"), 443,
         "sg-endpoints lets tcp 443 in from sg-order-api (endpoint vpce-ecr of ecr.api)"),
    refused("the endpoint's own group must let the task in", INVENTORY, Service("ecr.api"), 443,
            "sg-endpoints has no ingress rule for tcp 443 from sg-inventory-api "
            "(endpoint vpce-ecr of ecr.api)"),
    Case("an endpoint without private DNS is not what the name leads to", INVENTORY,
         Service("ecr.api"), 443, "sg-inventory-api lets tcp 443 out to ecr.api",
         topology=NO_DNS),
    Case("without an endpoint the NAT gateway serves", INVENTORY, Service("ecr.api"), 443,
         "sg-inventory-api lets tcp 443 out to ecr.api", topology=BARE),
    refused("without any way out it is not reached", STUCK, Service("ecr.api"), 443,
            "subnet-alone has no route to ecr.api (0.0.0.0/0)", topology=BARE),
    refused("a NAT gateway in a subnet without internet leads nowhere", INVENTORY,
            Service("ecr.api"), 443,
            "NAT gateway nat-1 is in subnet-alone, which has no route to ecr.api through an "
            "internet gateway", topology=replace(BROKEN_NAT, endpoints=())),
    refused("a route whose gateway is gone leads nowhere", INVENTORY, Service("logs"), 443,
            "the route of subnet-private for 0.0.0.0/0 leads nowhere any more", topology=GONE),
    refused("an internet gateway wants a public address", replace(ALB, public=False),
            Service("logs"), 8080,
            "eni-alb has no public address, which internet gateway igw-1 of subnet-public needs "
            "to reach logs; route through a NAT gateway instead; "
            "sg-alb has no egress rule for tcp 8080 to logs",
            topology=replace(STACK, interfaces=(replace(ALB, public=False),))),
    Case("S3 is reached by the gateway endpoint, with egress to everywhere", ORDER, Service("s3"),
         443, "sg-order-api lets tcp 443 out to pl-s3"),
    Case("or with egress to its prefix list alone", LONE, Service("s3"), 443,
         "vpce-s3 leads to s3"),
    refused("which is for its port only", LONE, Service("s3"), 80,
            "sg-nobody has no egress rule for tcp 80 to pl-s3"),
    Case("the most specific route counts", ORDER, Address("10.9.1.0/24"), 443,
         "sg-order-api lets tcp 443 out to 10.9.1.0/24", topology=PEERED),
    refused("no rule, no way to an address elsewhere", LONE, Address("10.9.1.0/24"), 443,
            "sg-nobody has no egress rule for tcp 443 to 10.9.1.0/24", topology=PEERED),
    Case("a group that is not known enforces nothing", LONE, ORDER, 443,
         "sg-order-api of eni-order is not known here: it lets tcp 443 in from sg-nobody",
         topology=replace(UNKNOWN, groups={**UNKNOWN.groups, "sg-nobody": SecurityGroup("n")})),
)  # fmt: skip

"""Small VPCs by chance: few addresses, ports and groups, so that everything meets."""

from dataclasses import dataclass, replace
from random import Random

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

GROUPS = ("sg-a", "sg-b", "sg-c")
UNKNOWN = "sg-unknown"
ADDRESSES = [f"10.0.0.{n}" for n in range(8)]
BLOCKS = [
    *(f"{a}/32" for a in ADDRESSES),
    *("10.0.0.0/31", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.0/30", "10.0.0.4/30", "10.0.0.0/29"),
    *("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0"),
]
IPV4 = [b for b in BLOCKS if b != "::/0"]
PORTS = (0, 79, 80, 81, 250)  # all of them ICMP types, too
PROTOCOLS = ("tcp", "tcp", "udp", "icmp", "-1", "esp")
LISTS = {"pl-1": ("10.0.0.0/31", "10.0.0.6/32"), "pl-2": ()}
SERVICE = Service("ecr.api")


@dataclass(frozen=True)
class Question:
    topology: Topology
    source: Interface | Address
    destination: Interface | Address | Service
    port: int
    protocol: str


def question(draw: Random) -> Question:
    """A topology of four interfaces, two of them perhaps an endpoint's, and a question to it."""
    addresses = draw.sample(ADDRESSES, 4)
    made = [_interface(draw, f"eni-{n}", address) for n, address in enumerate(addresses)]
    endpoint = _endpoint(draw, tuple(made[2:]))
    topology = Topology(
        interfaces=tuple(made[:2] if endpoint.interfaces else made),
        groups={name: SecurityGroup(name, _rules(draw), _rules(draw)) for name in GROUPS},
        subnets={name: Subnet(name, _routes(draw)) for name in ("s-1", "s-2")},
        endpoints=(endpoint,),
        nats={"nat-1": "s-2"},
        prefix_lists=LISTS,
    )
    block = Address(draw.choice(IPV4))
    source, destination = draw.choice(
        (
            (made[0], made[1]),
            (made[0], draw.choice((block, SERVICE, SERVICE, made[0]))),
            (block, made[1]),
        )
    )
    protocol = draw.choice(("tcp", "tcp", "udp", "icmp", "esp"))
    return Question(topology, source, destination, draw.choice(PORTS), protocol)


def rule(draw: Random) -> Rule:
    protocol = draw.choice(PROTOCOLS)
    first, last = sorted((draw.choice(PORTS), draw.choice(PORTS)))
    if protocol == "icmp":
        first, last = draw.choice((-1, *PORTS)), -1
    peer = draw.choice(("cidr", "group", "prefix list"))
    if peer == "cidr":
        return Rule(protocol, first, last, cidr=draw.choice(BLOCKS))
    if peer == "group":
        return Rule(protocol, first, last, group=draw.choice((*GROUPS, UNKNOWN)))
    return Rule(protocol, first, last, prefix_list=draw.choice(sorted(LISTS)))


def with_rule(group: SecurityGroup, side: str, more: Rule) -> SecurityGroup:
    """The group with one more rule; `side` is ingress or egress."""
    if side == "ingress":
        return replace(group, ingress=(*group.ingress, more))
    return replace(group, egress=(*group.egress, more))


def _rules(draw: Random) -> tuple[Rule, ...]:
    """Now and then one rule comes as two for half the block each."""
    found = [rule(draw) for _ in range(draw.randint(0, 5))]
    if draw.random() < 0.2:
        halves = draw.choice((("0.0.0.0/1", "128.0.0.0/1"), ("10.0.0.0/31", "10.0.0.2/31")))
        found += [Rule(ALL, cidr=half) for half in halves]
    return tuple(found)


def _interface(draw: Random, name: str, address: str) -> Interface:
    known = draw.sample(GROUPS, draw.randint(1, 2))
    groups = draw.choice((known, known, known, known, [UNKNOWN, "sg-a"], []))
    subnet = draw.choice((None, None, "s-1", "s-1", "s-2"))
    return Interface(name, address, tuple(groups), subnet, draw.random() < 0.5)


def _routes(draw: Random) -> tuple[Route, ...]:
    wide = [*(b for b in BLOCKS if not b.endswith("/32")), "0.0.0.0/0", "0.0.0.0/0", *LISTS]
    chosen = dict.fromkeys(draw.choice(wide) for _ in range(draw.randint(1, 6)))
    return tuple(
        Route(block, draw.choice(list(Via)), draw.choice(("nat-1", "nat-2"))) for block in chosen
    )


def _endpoint(draw: Random, interfaces: tuple[Interface, ...]) -> Endpoint:
    return draw.choice(
        (
            Endpoint("vpce-1", SERVICE.name, interfaces),
            Endpoint("vpce-1", SERVICE.name, interfaces, private_dns=False),
            Endpoint("vpce-1", SERVICE.name, prefix_list="pl-1"),
            Endpoint("vpce-1", "logs", interfaces),
        )
    )

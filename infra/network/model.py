"""The nouns of a VPC, as far as they decide who reaches whom. All are facts given from outside.

A CIDR block is a string (`10.0.0.0/16`), IPv4 or IPv6. Ports are inclusive ranges. Network ACLs
are not among the facts: every subnet is taken to have the default one, which lets all through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ALL = "-1"  # every protocol and port
PORTS = (0, 65_535)
EVERYWHERE = ("0.0.0.0/0", "::/0")

_NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": ALL}


def protocol_name(given: str) -> str:
    """EC2's name for a protocol given by name or number: `6` is tcp, `all` is -1."""
    lower = given.lower()
    return _NAMES.get(lower, lower)


@dataclass(frozen=True, slots=True)
class Rule:
    """One allow rule of a security group; there are no others.

    `protocol` is a name of `protocol_name`. The ports count for tcp and udp; for ICMP `from_port`
    is the type, -1 any. The peer is one of a CIDR block, a group's id and a prefix list's id.
    """

    protocol: str
    from_port: int = PORTS[0]
    to_port: int = PORTS[1]
    cidr: str | None = None
    group: str | None = None
    prefix_list: str | None = None

    def __post_init__(self) -> None:
        if sum(peer is not None for peer in (self.cidr, self.group, self.prefix_list)) != 1:
            raise ValueError(f"{self} needs one of cidr, group and prefix_list as its peer")


# What EC2 gives a new group: everything may leave, nothing may come.
DEFAULT_EGRESS = tuple(Rule(ALL, cidr=cidr) for cidr in EVERYWHERE)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """Stateful: the answer to what is let through needs no rule."""

    id: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = DEFAULT_EGRESS


@dataclass(frozen=True, slots=True)
class Interface:
    """An elastic network interface. What any one of its groups allows, is allowed.

    A group that the topology does not know, or no group at all, enforces nothing here.
    """

    id: str
    address: str
    groups: tuple[str, ...] = ()
    subnet: str | None = None  # None: routes are not looked at
    public: bool = False  # has a public address, which an internet gateway needs


@dataclass(frozen=True, slots=True)
class Address:
    """A peer that is no interface of the topology: one address or a whole CIDR block."""

    cidr: str


@dataclass(frozen=True, slots=True)
class Service:
    """An AWS service by the end of its endpoint's name: `ecr.api`, `ecr.dkr`, `logs`, `s3`."""

    name: str


class Via(StrEnum):
    """What a route leads to. OTHER: peering, transit gateways, appliances."""

    LOCAL = "local"
    INTERNET = "internet gateway"
    NAT = "NAT gateway"
    ENDPOINT = "gateway endpoint"
    BLACKHOLE = "blackhole"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Route:
    """A route table's entry; `destination` is a CIDR block or a prefix list's id."""

    destination: str
    via: Via
    target: str = ""  # its id: nat-..., igw-..., vpce-...


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet with the entries of the route table that it uses, the local one among them."""

    id: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint. An interface one has interfaces, a gateway one a prefix list."""

    id: str
    service: str
    interfaces: tuple[Interface, ...] = ()
    private_dns: bool = True  # the service's usual name leads here
    prefix_list: str | None = None


@dataclass(frozen=True, slots=True)
class Topology:
    """One VPC. `nats` maps a NAT gateway's id to the id of the subnet that it is in."""

    interfaces: tuple[Interface, ...] = ()
    groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    subnets: Mapping[str, Subnet] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()
    nats: Mapping[str, str] = field(default_factory=dict)
    prefix_lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def members(self) -> tuple[Interface, ...]:
        """Every interface, those of endpoints among them."""
        return (*self.interfaces, *(i for e in self.endpoints for i in e.interfaces))

    def knows(self, interface: Interface) -> bool:
        """Whether all groups of the interface are known, so that they are enforced."""
        return bool(interface.groups) and all(g in self.groups for g in interface.groups)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a packet arrives, and why.

    A refusal's `missing` says, one sentence each, what a person must add. `certain` is false where
    something on the way is not known here and was taken to let through.
    """

    allowed: bool
    why: str
    missing: tuple[str, ...] = ()
    certain: bool = True

"""The nouns of a network: subnets, routes, ways out, endpoints. A part of `facts`."""

from dataclasses import dataclass

from infra.checklist.known import Fact


@dataclass(frozen=True, eq=False, repr=False)
class Subnet(Fact):
    at: str
    id: str
    vpc: str
    zone: str
    cidr: str
    free: int  # addresses


@dataclass(frozen=True, eq=False, repr=False)
class Route(Fact):
    destination: str
    target: str  # nat-..., igw-..., another's id; "local"
    kind: str  # nat, igw, other


@dataclass(frozen=True, eq=False, repr=False)
class RouteTable(Fact):
    at: str
    id: str
    vpc: str
    subnets: tuple[str, ...]
    main: bool
    routes: tuple[Route, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Nat(Fact):
    at: str
    id: str
    subnet: str
    regional: bool


@dataclass(frozen=True, eq=False, repr=False)
class Endpoint(Fact):
    at: str
    id: str
    vpc: str
    service: str  # what follows the region: ecr.api, s3
    interface: bool
    private_dns: bool
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    route_tables: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Vpc(Fact):
    at: str
    id: str
    dns_support: bool
    dns_hostnames: bool

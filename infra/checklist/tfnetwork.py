"""Subnets, routes, NAT gateways and endpoints as Terraform writes them."""

from collections.abc import Callable

from infra.checklist.known import Maybe, Unknown, Values, each, within
from infra.checklist.network import Endpoint, Nat, Route, RouteTable, Subnet, Vpc

ByType = dict[str, list[Values]]
TARGETS = (
    ("nat_gateway_id", "nat"),
    ("gateway_id", "igw"),
    ("transit_gateway_id", "other"),
    ("vpc_peering_connection_id", "other"),
    ("network_interface_id", "other"),
    ("vpc_endpoint_id", "other"),
    ("egress_only_gateway_id", "other"),
    ("core_network_arn", "other"),
    ("carrier_gateway_id", "other"),
    ("local_gateway_id", "other"),
)


def subnet(values: Values) -> Subnet:
    unknown: Maybe = Unknown(f"{values.at}: Terraform does not know how many addresses are free")
    return Subnet(
        at=values.at,
        id=values.text("id"),
        vpc=values.text("vpc_id"),
        zone=values.text("availability_zone"),
        cidr=values.cidr("cidr_block"),
        free=unknown,
    )


def nat(values: Values) -> Nat:
    mode = values.relaxed().text("availability_mode", "zonal")
    return Nat(values.at, values.text("id"), values.text("subnet_id"), mode == "regional")


def vpc(values: Values) -> Vpc:
    return Vpc(
        at=values.at,
        id=values.text("id"),
        dns_support=values.flag("enable_dns_support", True),
        dns_hostnames=values.flag("enable_dns_hostnames"),
    )


def route_tables(by_type: ByType) -> list[RouteTable]:
    """Each table with its routes and subnets, in the table or beside it."""
    mains = [v.get("route_table_id") for v in by_type.get("aws_main_route_table_association", ())]
    tables = [(v, False) for v in by_type.get("aws_route_table", ())]
    tables += [(v, True) for v in by_type.get("aws_default_route_table", ())]
    return [
        RouteTable(
            at=values.at,
            id=values.text("id"),
            vpc=values.text("vpc_id"),
            subnets=_beside(by_type, "aws_route_table_association", values, _associated),
            main=main or values.get("id") in mains,
            routes=_routes(by_type, values),
        )
        for values, main in tables
    ]


def _routes(by_type: ByType, table: Values) -> Maybe:
    inline = each(table.blocks("route"), lambda block: _route(block.relaxed()))
    beside = _beside(by_type, "aws_route", table, _route)
    if isinstance(inline, Unknown) or isinstance(beside, Unknown):
        return inline if isinstance(inline, Unknown) else beside
    return (*beside, *inline)


def _route(values: Values) -> Route:
    target, kind = _target(values)
    return Route(_destination(values), target, kind)


def _destination(values: Values) -> Maybe:
    for name in ("cidr_block", "destination_cidr_block", "ipv6_cidr_block",
                 "destination_ipv6_cidr_block", "destination_prefix_list_id"):  # fmt: skip
        found = values.relaxed().get(name)
        if found:
            return found
    return Unknown(f"{values.at}: the destination is not known")


def _target(values: Values) -> tuple[Maybe, Maybe]:
    """A made-up network_interface_id of a mocked provider comes after the gateways."""
    for name, kind in TARGETS:
        found = values.relaxed().get(name)
        if isinstance(found, Unknown) and name != "network_interface_id":
            return found, kind
        if isinstance(found, str) and found:
            return found, kind
    unknown = Unknown(f"{values.at}: the target is not known")
    return unknown, unknown


def _associated(values: Values) -> Maybe:
    return values.get("subnet_id", "")


def _beside(by_type: ByType, kind: str, table: Values, read: Callable[[Values], Maybe]) -> Maybe:
    """What is read from the resources that name the table; Unknown if any of it is."""
    wanted = table.get("id")
    found = []
    for values in by_type.get(kind, ()):
        named = values.get("route_table_id")
        if isinstance(named, Unknown) or isinstance(wanted, Unknown):
            return named if isinstance(named, Unknown) else wanted
        if named == wanted:
            found.append(read(values))
    unknown = [one for one in found if isinstance(one, Unknown)]
    return unknown[0] if unknown else tuple(one for one in found if one != "")


def endpoints(by_type: ByType) -> list[Endpoint]:
    """VPC endpoints; gateway ones also with the route tables that are attached beside them."""
    return [_endpoint(values, by_type) for values in by_type.get("aws_vpc_endpoint", ())]


def _endpoint(values: Values, by_type: ByType) -> Endpoint:
    name = values.text("service_name")
    return Endpoint(
        at=values.at,
        id=values.text("id"),
        vpc=values.text("vpc_id"),
        service=within(name, service_of),
        interface=values.text("vpc_endpoint_type", "Gateway") == "Interface",
        private_dns=values.flag("private_dns_enabled"),
        groups=_more(values, "security_group_ids", by_type, "security_group"),
        subnets=_more(values, "subnet_ids", by_type, "subnet"),
        route_tables=_more(values, "route_table_ids", by_type, "route_table"),
    )


def _more(values: Values, name: str, by_type: ByType, kind: str) -> Maybe:
    found = values.texts(name)
    if isinstance(found, Unknown):
        return found
    for beside in by_type.get(f"aws_vpc_endpoint_{kind}_association", ()):
        owner, more = beside.get("vpc_endpoint_id"), beside.get(f"{kind}_id")
        if isinstance(owner, Unknown) or isinstance(more, Unknown):
            return owner if isinstance(owner, Unknown) else more
        if owner == values.get("id"):
            found = (*found, more)
    return found


def service_of(name: str) -> str:
    """`com.amazonaws.eu-central-1.ecr.api` is ecr.api."""
    parts = name.split(".")
    start = parts.index("amazonaws") + 2 if "amazonaws" in parts else 0
    return ".".join(parts[start:])

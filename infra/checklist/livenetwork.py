"""Facts from EC2's answers."""

from collections.abc import Collection, Iterable
from typing import Any

from infra.checklist.asking import Account
from infra.checklist.facts import Group, Permission
from infra.checklist.known import Maybe, Unknown, Values, block_of, each, within
from infra.checklist.liveecs import values_of
from infra.checklist.network import Endpoint, Nat, Route, RouteTable, Subnet, Vpc
from infra.checklist.tfnetwork import service_of
from infra.network.model import ALL, PORTS, protocol_name
from infra.network.model import Rule as GroupRule

GONE = ("deleting", "deleted", "failed", "rejected", "expired")  # listed on for an hour
TARGETS = {
    "NatGatewayId": "nat",
    "GatewayId": "igw",
    "TransitGatewayId": "other",
    "VpcPeeringConnectionId": "other",
    "NetworkInterfaceId": "other",
    "EgressOnlyInternetGatewayId": "other",
}


def _in(name: str, values: Iterable[str]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": sorted(set(values))}]


def vpc_ids(account: Account, subnets: Iterable[str]) -> Maybe:
    """The VPCs of these subnets."""
    wanted = set(subnets)
    if not wanted:
        return ()
    filters = _in("subnet-id", wanted)
    found = account.ask("ec2", "describe_subnets", "Subnets", Filters=filters)
    return each(found, lambda one: str(one.get("VpcId", "")))


def subnets(account: Account, vpcs: Maybe) -> Maybe:
    """All subnets of the VPCs: NAT gateways and load balancers are in others than tasks."""
    found = _of_vpcs(account, "describe_subnets", "Subnets", vpcs)
    return each(found, lambda one: _subnet(values_of(one, "SubnetId")))


def _subnet(values: Values) -> Subnet:
    return Subnet(
        values.at,
        values.at,
        values.text("VpcId"),
        values.text("AvailabilityZone"),
        values.cidr("CidrBlock"),
        values.number("AvailableIpAddressCount", 0),
    )


def route_tables(account: Account, vpcs: Maybe) -> Maybe:
    found = _of_vpcs(account, "describe_route_tables", "RouteTables", vpcs)
    return each(found, lambda one: _table(values_of(one, "RouteTableId")))


def _table(values: Values) -> RouteTable:
    associations = values.blocks("Associations")
    return RouteTable(
        values.at,
        values.at,
        values.text("VpcId"),
        tuple(str(one.get("SubnetId")) for one in associations if one.get("SubnetId")),
        any(one.flag("Main") for one in associations),
        tuple(_route(one) for one in values.blocks("Routes")),
    )


def _route(values: Values) -> Route:
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    destination = next((str(values.get(n)) for n in names if values.get(n)), "")
    for name, kind in TARGETS.items():
        target = values.text(name)
        if target:
            local = target == "local" or target.startswith("vpce-")
            return Route(destination, target, "other" if local else kind)
    return Route(destination, "", "other")


def nats(account: Account, vpcs: Maybe) -> Maybe:
    found = _of_vpcs(account, "describe_nat_gateways", "NatGateways", vpcs, "Filter")
    return each(found, lambda one: _nat(values_of(one, "NatGatewayId")))


def _nat(values: Values) -> Nat:
    regional = values.text("AvailabilityMode", "zonal") == "regional"
    return Nat(values.at, values.at, values.text("SubnetId"), regional)


def endpoints(account: Account, vpcs: Maybe) -> Maybe:
    found = _of_vpcs(account, "describe_vpc_endpoints", "VpcEndpoints", vpcs)
    return each(found, lambda one: _endpoint(values_of(one, "VpcEndpointId")))


def _endpoint(values: Values) -> Endpoint:
    return Endpoint(
        at=values.at,
        id=values.at,
        vpc=values.text("VpcId"),
        service=within(values.text("ServiceName"), service_of),
        interface=values.text("VpcEndpointType", "Gateway") == "Interface",
        private_dns=values.flag("PrivateDnsEnabled"),
        groups=each(values.blocks("Groups"), lambda b: str(b.get("GroupId"))),
        subnets=values.texts("SubnetIds"),
        route_tables=values.texts("RouteTableIds"),
    )


def vpcs_of(account: Account, ids: Maybe) -> Maybe:
    """Each VPC with its two DNS attributes, which are asked for one by one."""
    if isinstance(ids, Unknown):
        return ids
    return tuple(_vpc(account, one) for one in sorted(set(ids)))


def _vpc(account: Account, identity: str) -> Vpc:
    return Vpc(
        identity,
        identity,
        _dns(account, identity, "enableDnsSupport"),
        _dns(account, identity, "enableDnsHostnames"),
    )


def _dns(account: Account, vpc: str, name: str) -> Maybe:
    found = account.one("ec2", "describe_vpc_attribute", VpcId=vpc, Attribute=name)
    key = name[0].upper() + name[1:]
    return within(found, lambda answer: bool(answer.get(key, {}).get("Value")))


def groups(account: Account, ids: Collection[str]) -> Maybe:
    if not ids:
        return ()
    filters = _in("group-id", ids)
    found = account.ask("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
    return each(found, lambda one: _group(values_of(one, "GroupId")))


def _group(values: Values) -> Group:
    return Group(values.at, values.at, values.text("GroupName"), values.text("VpcId"))


def permissions(account: Account, ids: Collection[str]) -> Maybe:
    if not ids:
        return ()
    filters = _in("group-id", ids)
    found = account.ask(
        "ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters
    )
    return each(found, lambda one: _permission(values_of(one, "SecurityGroupRuleId")))


def _permission(values: Values) -> Permission:
    referenced = values.block("ReferencedGroupInfo")
    peers = {
        "cidr": values.get("CidrIpv4") or values.get("CidrIpv6"),
        "group": within(referenced, lambda b: b.get("GroupId")),
        "prefix_list": values.get("PrefixListId"),
    }
    known = {name: str(peer) for name, peer in peers.items() if peer}
    return Permission(values.at, values.text("GroupId"), values.flag("IsEgress"),
                      _rule(values, known))  # fmt: skip


def _rule(values: Values, peers: dict[str, str]) -> Maybe:
    if "cidr" in peers:
        block = block_of(values.at, peers["cidr"])
        if isinstance(block, Unknown):
            return block
        peers = {**peers, "cidr": block}
    if len(peers) != 1:
        return Unknown(f"{values.at} names no peer")
    name = protocol_name(values.text("IpProtocol", ALL))
    ports = (values.number("FromPort", PORTS[0]), values.number("ToPort", PORTS[1]))
    first, last = PORTS if name == ALL else ports
    return GroupRule(name, first, last, **peers)


def _of_vpcs(
    account: Account, operation: str, key: str, vpcs: Maybe, parameter: str = "Filters"
) -> Maybe:
    """What an operation lists for the VPCs, as answers."""
    if isinstance(vpcs, Unknown) or not vpcs:
        return vpcs
    found = account.ask("ec2", operation, key, **{parameter: _in("vpc-id", vpcs)})
    if isinstance(found, Unknown):
        return found
    return [one for one in found if str(one.get("State", "")).lower() not in GONE]

"""Between EC2's IpPermissions and rules: one permission holds many rules of the same ports."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from infra.local.api.ec2 import errors
from infra.local.api.ec2.lookup import group_by_id
from infra.local.securitygroups import GroupRule, SecurityGroup
from infra.local.store import Document, Store
from infra.network.model import ALL, PORTS, Rule, protocol_name
from infra.network.permits import ICMP, PORTED

Wanted = tuple[Rule, str | None]  # a rule and its description


def read_permissions(store: Store, group: SecurityGroup, params: Document) -> list[Wanted]:
    """The rules that a request names, as IpPermissions or in the old flat form."""
    permissions = params.get("IpPermissions") or [_flat(params)]
    return [wanted for given in permissions for wanted in _rules(store, group, given)]


def rule_of(store: Store, given: Document) -> Rule:
    """The one rule of a SecurityGroupRuleRequest (ModifySecurityGroupRules)."""
    protocol, ports = _span(given)
    if "CidrIpv4" in given:
        return Rule(protocol, *ports, cidr=_block(given["CidrIpv4"], 4))
    if "CidrIpv6" in given:
        return Rule(protocol, *ports, cidr=_block(given["CidrIpv6"], 6))
    if "ReferencedGroupId" in given:
        return Rule(protocol, *ports, group=group_by_id(store, given["ReferencedGroupId"]).id)
    if "PrefixListId" in given:
        return Rule(protocol, *ports, prefix_list=given["PrefixListId"])
    raise errors.missing("cidrIpv4")


def write_permissions(store: Store, rules: Iterable[GroupRule]) -> list[Document]:
    """Rules of one direction as DescribeSecurityGroups has them: by protocol and ports."""
    found: dict[tuple[str, int, int], Document] = {}
    for rule in rules:
        allows = rule.allows
        document = found.setdefault(
            (allows.protocol, allows.from_port, allows.to_port), _permission(allows)
        )
        member, peer = _peer(store, allows)
        if rule.description is not None:
            peer["Description"] = rule.description
        document[member].append(peer)
    return list(found.values())


def ports_of(allows: Rule) -> tuple[int, int]:
    """FromPort and ToPort as EC2 returns them of a rule: -1 where there are none."""
    if allows.protocol in (*PORTED, *ICMP):
        return allows.from_port, allows.to_port
    return -1, -1


def _flat(params: Document) -> Document:
    """CidrIp or SourceSecurityGroupName beside the ports, as the first clients wrote it."""
    given: Document = {k: params[k] for k in ("IpProtocol", "FromPort", "ToPort") if k in params}
    if "CidrIp" in params:
        return {**given, "IpRanges": [{"CidrIp": params["CidrIp"]}]}
    if "SourceSecurityGroupName" in params:
        pair = {"GroupName": params["SourceSecurityGroupName"]}
        return {"IpProtocol": ALL, **given, "UserIdGroupPairs": [pair]}
    raise errors.missing("ipPermissions")


def _rules(store: Store, group: SecurityGroup, given: Document) -> Iterator[Wanted]:
    protocol, ports = _span(given)
    peers = [*_peers(store, group, given)]
    if not peers:
        raise errors.missing("ipRanges")
    for peer, description in peers:
        yield Rule(protocol, *ports, **peer), description


def _peers(
    store: Store, group: SecurityGroup, given: Document
) -> Iterator[tuple[Document, str | None]]:
    for entry in given.get("IpRanges", ()):
        yield {"cidr": _block(entry.get("CidrIp", ""), 4)}, entry.get("Description")
    for entry in given.get("Ipv6Ranges", ()):
        yield {"cidr": _block(entry.get("CidrIpv6", ""), 6)}, entry.get("Description")
    for entry in given.get("UserIdGroupPairs", ()):
        yield {"group": _referenced(store, group, entry)}, entry.get("Description")
    for entry in given.get("PrefixListIds", ()):
        yield {"prefix_list": entry.get("PrefixListId", "")}, entry.get("Description")


def _referenced(store: Store, group: SecurityGroup, pair: Document) -> str:
    if "GroupId" in pair:
        return group_by_id(store, pair["GroupId"]).id
    name = pair.get("GroupName", "")
    for other in store.security_groups.values():
        if (other.name, other.vpc) == (name, group.vpc):
            return other.id
    raise errors.group_not_found(name)


def _span(given: Document) -> tuple[str, tuple[int, int]]:
    """Protocol and ports, checked. Those of protocols without ports say nothing."""
    if "IpProtocol" not in given:
        raise errors.missing("ipProtocol")
    protocol = protocol_name(given["IpProtocol"])
    first, last = given.get("FromPort"), given.get("ToPort")
    if protocol in ICMP:
        return protocol, (-1 if first is None else first, -1 if last is None else last)
    if protocol not in PORTED:
        if protocol != ALL and not (protocol.isdecimal() and int(protocol) < 256):
            raise errors.invalid(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
        return protocol, PORTS
    if first is None or last is None or not PORTS[0] <= first <= last <= PORTS[1]:
        raise errors.invalid(
            f"Invalid value '{first}-{last}' for portRange. Must specify both from and to ports "
            "with TCP/UDP, from 0 to 65535, the lower one first."
        )
    return protocol, (first, last)


def _block(cidr: str, version: int) -> str:
    """The CIDR block in EC2's canonical form: 10.0.0.9/8 is 10.0.0.0/8."""
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        network = None
    if network is None or network.version != version or "/" not in cidr:
        raise errors.invalid(f"CIDR block {cidr} is malformed")
    return str(network)


def _permission(allows: Rule) -> Document:
    document: Document = {
        "IpProtocol": allows.protocol,
        "UserIdGroupPairs": [],
        "IpRanges": [],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
    }
    if allows.protocol in (*PORTED, *ICMP):
        document |= {"FromPort": allows.from_port, "ToPort": allows.to_port}
    return document


def _peer(store: Store, allows: Rule) -> tuple[str, Document]:
    """The member that a rule's peer is listed in, and its entry there."""
    if allows.group is not None:
        return "UserIdGroupPairs", {"GroupId": allows.group, "UserId": store.account}
    if allows.prefix_list is not None:
        return "PrefixListIds", {"PrefixListId": allows.prefix_list}
    assert allows.cidr is not None
    if ":" in allows.cidr:
        return "Ipv6Ranges", {"CidrIpv6": allows.cidr}
    return "IpRanges", {"CidrIp": allows.cidr}

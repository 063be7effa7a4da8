"""Security groups as plain permits: what an iptables chain needs, and all that `reaches` asks.

Groups that are referred to become the addresses of the interfaces that carry them, as EC2 does it:
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from infra.network.model import ALL, EVERYWHERE, PORTS, Interface, Rule, Topology

PORTED = ("tcp", "udp")
ICMP = ("icmp", "icmpv6")
ICMP_TYPES = (0, 255)


@dataclass(frozen=True, slots=True, order=True)
class Permit:
    """Packets of the protocol (-1: any) to these ports (inclusive) with a peer in the block.

    Of ICMP the ports are types; of other protocols without ports they are all.
    """

    protocol: str
    from_port: int
    to_port: int
    cidr: str

    def covers(self, protocol: str, port: int) -> bool:
        return self.protocol in (ALL, protocol) and self.from_port <= port <= self.to_port


OPEN = tuple(Permit(ALL, *PORTS, cidr) for cidr in EVERYWHERE)


def permits(topology: Topology, destination: Interface) -> tuple[Permit, ...]:
    """What may come in to the interface: the ingress rules of all its groups, sorted, no doubles.

    Everything, if one of its groups is not known: a group enforces only what is known of it.
    """
    rules = (
        r for g in destination.groups if g in topology.groups for r in topology.groups[g].ingress
    )
    return _resolved(topology, destination, rules)


def exits(topology: Topology, source: Interface) -> tuple[Permit, ...]:
    """What may leave the interface, likewise from the egress rules."""
    rules = (r for g in source.groups if g in topology.groups for r in topology.groups[g].egress)
    return _resolved(topology, source, rules)


def covered(allowed: Iterable[Permit], protocol: str, port: int, peer: str) -> bool:
    """Whether the permits together cover the whole of the peer's block."""
    wanted = ip_network(peer)
    networks = (ip_network(p.cidr) for p in allowed if p.covers(protocol, port))
    spans = sorted(_bounds(n) for n in networks if n.version == wanted.version)
    left, last = _bounds(wanted)
    for first, end in spans:
        if first <= left:
            left = max(left, end + 1)
    return left > last


def spans(rule: Rule) -> tuple[int, int]:
    """The ports that a rule is about."""
    if rule.protocol in PORTED:
        return rule.from_port, rule.to_port
    if rule.protocol in ICMP:
        return ICMP_TYPES if rule.from_port == -1 else (rule.from_port, rule.from_port)
    return PORTS


def block(address: str) -> str:
    """An address as a block of its own: /32, of IPv6 /128."""
    return str(ip_network(address))


def _resolved(
    topology: Topology, interface: Interface, rules: Iterable[Rule]
) -> tuple[Permit, ...]:
    if not topology.knows(interface):
        return OPEN
    found = {
        Permit(rule.protocol, *spans(rule), cidr)
        for rule in rules
        for cidr in _peers(topology, rule)
    }
    return tuple(sorted(found))


def _peers(topology: Topology, rule: Rule) -> Iterable[str]:
    """The blocks that a rule's peer stands for."""
    if rule.cidr is not None:
        return (str(ip_network(rule.cidr, strict=False)),)
    if rule.group is not None:
        return (block(i.address) for i in topology.members if rule.group in i.groups)
    return topology.prefix_lists.get(rule.prefix_list or "", ())


def _bounds(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    """The first and the last address as numbers."""
    return int(network.network_address), int(network.broadcast_address)

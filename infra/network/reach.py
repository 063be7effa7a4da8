"""Who reaches whom, and which rule is missing: `reaches`, the one question to a topology."""

from functools import reduce

from infra.network.model import (
    Address,
    Endpoint,
    Interface,
    Rule,
    Service,
    Topology,
    Verdict,
    Via,
    protocol_name,
)
from infra.network.permits import block, covered, exits, permits, spans
from infra.network.routes import route_by_list, way_in, way_out

ANYWHERE = "0.0.0.0/0"  # where an AWS service's public addresses are


def reaches(
    topology: Topology,
    source: Interface | Address,
    destination: Interface | Address | Service,
    port: int,
    protocol: str = "tcp",
) -> Verdict:
    """Whether a new connection from source to destination is let through, and why.

    The answers of one that is let through need no rule. Of ICMP `port` is the type. An interface
    always reaches itself. Raises ValueError for an interface that the topology does not have, and
    if neither end is one of its interfaces.
    """
    ends = [end for end in (source, destination) if isinstance(end, Interface)]
    for end in ends:
        if end not in topology.members:
            raise ValueError(f"{end.id} is not among the topology's interfaces: add it")
    if not ends:
        raise ValueError(f"neither {source} nor {destination} is an interface of the topology")
    return _Question(topology, port, protocol_name(protocol)).ask(source, destination)


def _both(first: Verdict, second: Verdict) -> Verdict:
    """What holds only if both hold; all that is missing is said."""
    if first.allowed and second.allowed:
        return Verdict(True, second.why, certain=first.certain and second.certain)
    missing = tuple(dict.fromkeys((*first.missing, *second.missing)))
    return Verdict(False, "; ".join(missing), missing, first.certain and second.certain)


class _Question:
    """One port and protocol, asked of one topology."""

    def __init__(self, topology: Topology, port: int, protocol: str) -> None:
        self._topology = topology
        self._port = port
        self._protocol = protocol
        self._what = f"{protocol} {port}"

    def ask(self, source: Interface | Address, peer: Interface | Address | Service) -> Verdict:
        if isinstance(source, Address):
            assert isinstance(peer, Interface)
            return _both(way_in(self._topology, peer, source.cidr), self._enters(source, peer))
        if isinstance(peer, Service):
            return self._to_service(source, peer)
        if isinstance(peer, Address):
            routed = way_out(self._topology, source, peer.cidr, peer.cidr)
            return _both(routed, self._leaves(source, peer))
        return self._between(source, peer)

    def _between(self, source: Interface, peer: Interface) -> Verdict:
        if source == peer:
            return Verdict(True, f"{source.id} reaches itself")
        routed = way_out(self._topology, source, block(peer.address), peer.id)
        return reduce(_both, (routed, self._leaves(source, peer), self._enters(source, peer)))

    def _to_service(self, source: Interface, service: Service) -> Verdict:
        """By the interface endpoint that its name leads to, a gateway endpoint, or the internet."""
        for endpoint in self._topology.endpoints:
            if endpoint.service == service.name:
                if endpoint.interfaces and endpoint.private_dns:
                    return self._to_endpoint(source, endpoint)
                subnet = self._topology.subnets.get(source.subnet or "")
                if endpoint.prefix_list and subnet:
                    route = route_by_list(subnet, endpoint.prefix_list)
                    if route is not None and route.via is Via.ENDPOINT:
                        return self._to_gateway(source, endpoint)
        routed = way_out(self._topology, source, ANYWHERE, service.name)
        return _both(routed, self._leaves(source, Address(ANYWHERE), service.name))

    def _to_endpoint(self, source: Interface, endpoint: Endpoint) -> Verdict:
        """Its name has the addresses of all its interfaces, so each must be reached."""
        verdict = reduce(_both, (self._between(source, one) for one in endpoint.interfaces))
        where = f" (endpoint {endpoint.id} of {endpoint.service})"
        return Verdict(
            verdict.allowed,
            verdict.why + where,
            tuple(text + where for text in verdict.missing),
            verdict.certain,
        )

    def _to_gateway(self, source: Interface, endpoint: Endpoint) -> Verdict:
        """No security group guards a gateway endpoint; the source's own must let out to it."""
        if any(self._names(rule, endpoint.prefix_list) for rule in self._egress(source)):
            return Verdict(True, f"{endpoint.id} leads to {endpoint.service}")
        blocks = self._topology.prefix_lists.get(endpoint.prefix_list or "", (ANYWHERE,))
        return reduce(
            _both,
            (self._leaves(source, Address(b), f"{endpoint.prefix_list}") for b in blocks),
        )

    def _egress(self, source: Interface) -> tuple[Rule, ...]:
        groups = self._topology.groups
        return tuple(rule for g in source.groups if g in groups for rule in groups[g].egress)

    def _names(self, rule: Rule, prefix_list: str | None) -> bool:
        first, last = spans(rule)
        fits = rule.protocol in ("-1", self._protocol) and first <= self._port <= last
        return fits and rule.prefix_list == prefix_list

    def _leaves(
        self, source: Interface, peer: Interface | Address, name: str | None = None
    ) -> Verdict:
        name = name or _name(peer)
        if covered(exits(self._topology, source), self._protocol, self._port, _cidr(peer)):
            return self._let(source, f"out to {name}")
        return _lacks(source, f"egress rule for {self._what} to {name}")

    def _enters(self, peer: Interface | Address, destination: Interface) -> Verdict:
        if covered(permits(self._topology, destination), self._protocol, self._port, _cidr(peer)):
            return self._let(destination, f"in from {_name(peer)}")
        return _lacks(destination, f"ingress rule for {self._what} from {_name(peer)}")

    def _let(self, owner: Interface, where: str) -> Verdict:
        if self._topology.knows(owner):
            return Verdict(True, f"{', '.join(owner.groups)} lets {self._what} {where}")
        unknown = [g for g in owner.groups if g not in self._topology.groups]
        why = f"{', '.join(unknown) or 'no security group'} of {owner.id} is not known here"
        return Verdict(True, f"{why}: it lets {self._what} {where}", certain=False)


def _lacks(owner: Interface, rule: str) -> Verdict:
    """The refusal for want of a rule in any one of the owner's groups."""
    if len(owner.groups) == 1:
        why = f"{owner.groups[0]} has no {rule}"
    else:
        why = f"none of {', '.join(owner.groups)} has an {rule}"
    return Verdict(False, why, missing=(why,))


def _cidr(peer: Interface | Address) -> str:
    return block(peer.address) if isinstance(peer, Interface) else peer.cidr


def _name(peer: Interface | Address) -> str:
    """What a rule would name the peer by: its group, or its block."""
    if isinstance(peer, Address):
        return peer.cidr
    return peer.groups[0] if peer.groups else block(peer.address)

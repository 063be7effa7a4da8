"""The same answers a second time, one address at a time and from the documents alone.

It calls nothing of `infra.network` but reads its nouns. Blocks are compared bit by bit.
"""

from collections.abc import Iterator

from infra.network.model import (
    Address,
    Interface,
    Route,
    Rule,
    SecurityGroup,
    Service,
    Topology,
    Via,
)

# Stand for all addresses of a wide block: the small pool, and some far away in each half.
SAMPLES = [f"10.0.0.{n}" for n in range(9)] + ["0.0.0.1", "99.1.2.3", "200.1.2.3", "255.0.0.1"]


def bits(address: str) -> str:
    return "".join(f"{int(octet):08b}" for octet in address.split("."))


def inside(address: str, block: str) -> bool:
    base, _, length = block.partition("/")
    return ":" not in block and bits(address).startswith(bits(base)[: int(length)])


def addresses(block: str) -> list[str]:
    return [a for a in SAMPLES if inside(a, block)]


def matches(rule: Rule, protocol: str, port: int) -> bool:
    if rule.protocol == "-1":
        return True
    if rule.protocol != protocol:
        return False
    if protocol == "icmp":
        return rule.from_port in (-1, port)
    return protocol == "esp" or rule.from_port <= port <= rule.to_port


def peer_fits(topology: Topology, rule: Rule, address: str) -> bool:
    if rule.cidr:
        return inside(address, rule.cidr)
    if rule.group:
        carriers = [*topology.interfaces, *(i for e in topology.endpoints for i in e.interfaces)]
        return any(i.address == address and rule.group in i.groups for i in carriers)
    return any(inside(address, b) for b in topology.prefix_lists[rule.prefix_list or ""])


def groups_of(topology: Topology, interface: Interface) -> Iterator[SecurityGroup]:
    return (topology.groups[g] for g in interface.groups)


def open_to_all(topology: Topology, interface: Interface) -> bool:
    return not interface.groups or any(g not in topology.groups for g in interface.groups)


def comes_in(topology: Topology, to: Interface, address: str, port: int, protocol: str) -> bool:
    return open_to_all(topology, to) or any(
        matches(rule, protocol, port) and peer_fits(topology, rule, address)
        for group in groups_of(topology, to)
        for rule in group.ingress
    )


def goes_out(topology: Topology, of: Interface, address: str, port: int, protocol: str) -> bool:
    return open_to_all(topology, of) or any(
        matches(rule, protocol, port) and peer_fits(topology, rule, address)
        for group in groups_of(topology, of)
        for rule in group.egress
    )


def chosen_route(topology: Topology, subnet: str, block: str) -> Route | None:
    """Longest prefix first; of a wide block only routes that hold all of it."""
    best, length = None, -1
    for route in topology.subnets[subnet].routes:
        listed = topology.prefix_lists.get(route.destination, (route.destination,))
        for cidr in listed:
            own = int(cidr.partition("/")[2])
            wide = int(block.partition("/")[2])
            if own <= wide and inside(block.partition("/")[0], cidr) and own > length:
                best, length = route, own
    return best


def routed_out(topology: Topology, source: Interface, block: str) -> bool:
    if source.subnet is None:
        return True
    route = chosen_route(topology, source.subnet, block)
    if route is None or route.via is Via.BLACKHOLE:
        return False
    if route.via is Via.INTERNET:
        return source.public
    if route.via is Via.NAT and route.target in topology.nats:
        onward = chosen_route(topology, topology.nats[route.target], block)
        return onward is not None and onward.via is Via.INTERNET
    return True


def routed_in(topology: Topology, destination: Interface, block: str) -> bool:
    if destination.subnet is None:
        return True
    route = chosen_route(topology, destination.subnet, block)
    if route is None or route.via in (Via.BLACKHOLE, Via.NAT):
        return False
    return destination.public or route.via is not Via.INTERNET


def between(topology: Topology, one: Interface, two: Interface, port: int, protocol: str) -> bool:
    if one.address == two.address:
        return True
    return (
        routed_out(topology, one, two.address + "/32")
        and goes_out(topology, one, two.address, port, protocol)
        and comes_in(topology, two, one.address, port, protocol)
    )


def all_out(topology: Topology, one: Interface, block: str, port: int, protocol: str) -> bool:
    return all(goes_out(topology, one, a, port, protocol) for a in addresses(block))


def to_service(topology: Topology, one: Interface, service: Service, port: int, proto: str) -> bool:
    (endpoint,) = topology.endpoints
    if endpoint.service == service.name:
        if endpoint.interfaces and endpoint.private_dns:
            return all(between(topology, one, i, port, proto) for i in endpoint.interfaces)
        pl = endpoint.prefix_list
        routes = topology.subnets[one.subnet].routes if one.subnet else ()
        if pl and any(r.destination == pl and r.via is Via.ENDPOINT for r in routes):
            return all(
                all_out(topology, one, b, port, proto) for b in topology.prefix_lists[pl]
            ) or any(
                rule.prefix_list == pl and matches(rule, proto, port)
                for group in groups_of(topology, one)
                for rule in group.egress
            )
    block = "0.0.0.0/0"
    return routed_out(topology, one, block) and all_out(topology, one, block, port, proto)


def reaches(
    topology: Topology,
    source: Interface | Address,
    destination: Interface | Address | Service,
    port: int,
    protocol: str,
) -> bool:
    if isinstance(source, Address):
        assert isinstance(destination, Interface)
        return routed_in(topology, destination, source.cidr) and all(
            comes_in(topology, destination, a, port, protocol) for a in addresses(source.cidr)
        )
    if isinstance(destination, Service):
        return to_service(topology, source, destination, port, protocol)
    if isinstance(destination, Interface):
        return between(topology, source, destination, port, protocol)
    return routed_out(topology, source, destination.cidr) and all_out(
        topology, source, destination.cidr, port, protocol
    )

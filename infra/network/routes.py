"""Which way a packet leaves a subnet: the most specific route, and what is behind it.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
"""

from ipaddress import ip_network

from infra.network.model import Interface, Route, Subnet, Topology, Verdict, Via


def route_to(topology: Topology, subnet: Subnet, peer: str) -> Route | None:
    """The subnet's most specific route for the whole of the block `peer`."""
    wanted = ip_network(peer)
    best: tuple[int, Route] | None = None
    for route in subnet.routes:
        for cidr in _blocks(topology, route):
            network = ip_network(cidr, strict=False)
            if _holds(cidr, peer) and (best is None or network.prefixlen > best[0]):
                best = network.prefixlen, route
    assert best is None or best[0] <= wanted.prefixlen
    return None if best is None else best[1]


def route_by_list(subnet: Subnet, prefix_list: str | None) -> Route | None:
    """The subnet's route for a prefix list: that of a gateway endpoint."""
    return next((r for r in subnet.routes if r.destination == prefix_list), None)


def way_out(topology: Topology, source: Interface, peer: str, name: str) -> Verdict:
    """Whether a packet finds its way from the interface to the block; `name` is for the reason."""
    subnet = topology.subnets.get(source.subnet or "")
    if subnet is None:
        return Verdict(True, f"no routes of {source.id} are known", certain=source.subnet is None)
    route = route_to(topology, subnet, peer)
    if route is None:
        return _refused(f"{subnet.id} has no route to {name} ({peer})")
    if route.via is Via.INTERNET and not source.public:
        return _refused(
            f"{source.id} has no public address, which {_target(route)} of {subnet.id} needs "
            f"to reach {name}; route through a NAT gateway instead"
        )
    if route.via is Via.NAT:
        return _through_nat(topology, route, peer, name)
    return _through(subnet, route, name)


def way_in(topology: Topology, destination: Interface, peer: str) -> Verdict:
    """Whether a packet from the block, which is no known interface's, gets to the interface."""
    subnet = topology.subnets.get(destination.subnet or "")
    if subnet is None:
        known = destination.subnet is None
        return Verdict(True, f"no routes of {destination.id} are known", certain=known)
    route = route_to(topology, subnet, peer)
    if route is None:
        return _refused(f"{subnet.id} has no route to {peer}, so no answer would go there")
    if route.via is Via.NAT:
        return _refused(f"{subnet.id} is behind {_target(route)}, which lets nothing in")
    if route.via is Via.INTERNET and not destination.public:
        return _refused(f"{destination.id} has no public address for {peer} to come in by")
    return _through(subnet, route, peer)


def _through_nat(topology: Topology, route: Route, peer: str, name: str) -> Verdict:
    """A NAT gateway needs a way to the internet itself."""
    subnet = topology.subnets.get(topology.nats.get(route.target, ""))
    if subnet is None:
        return Verdict(True, f"{_target(route)} leads to {name}", certain=False)
    onward = route_to(topology, subnet, peer)
    if onward is None or onward.via is not Via.INTERNET:
        return _refused(
            f"{_target(route)} is in {subnet.id}, which has no route to {name} through an "
            "internet gateway"
        )
    return Verdict(True, f"{_target(route)} leads to {name}")


def _through(subnet: Subnet, route: Route, name: str) -> Verdict:
    if route.via is Via.BLACKHOLE:
        return _refused(f"the route of {subnet.id} for {route.destination} leads nowhere any more")
    why = f"{subnet.id} routes {route.destination} to {_target(route)}"
    return Verdict(True, why, certain=route.via is not Via.OTHER)


def _target(route: Route) -> str:
    return f"{route.via} {route.target}".strip()


def _refused(why: str) -> Verdict:
    return Verdict(False, why, missing=(why,))


def _blocks(topology: Topology, route: Route) -> tuple[str, ...]:
    """A CIDR block itself, or what is in the prefix list."""
    if "/" in route.destination:
        return (route.destination,)
    return topology.prefix_lists.get(route.destination, ())


def _holds(cidr: str, peer: str) -> bool:
    outer, inner = ip_network(cidr, strict=False), ip_network(peer)
    return (
        outer.version == inner.version
        and int(outer.network_address) <= int(inner.network_address)
        and int(inner.broadcast_address) <= int(outer.broadcast_address)
    )

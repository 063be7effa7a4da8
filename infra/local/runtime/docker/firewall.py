"""What iptables does in a task's network: security groups, and the proxy's redirections. Pure.

The rules are stateful and only allow, as a security group's: what is denied is dropped without an
answer, so callers time out. Inbound connections are judged in `mangle`, before `nat` redirects
them to the proxy: a rule names the port that callers use. Chains of our own are filled, because
the engine keeps its name server's redirections in the same `nat` table.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Protocol

GROUPS = "REHEARSE-GROUPS"
INBOUND = "REHEARSE-IN"
OUTBOUND = "REHEARSE-OUT"
ALL = "-1"
EVERY_PORT = (0, 65_535)
ICMP_TYPES = range(256)
IPV6 = ("icmpv6", "58")
NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp"}


class Permit(Protocol):
    """What a security group's rule allows in: a protocol (-1: all), ports, a source's CIDR.

    The ports count for tcp and udp; of ICMP they are types.
    """

    @property
    def protocol(self) -> str: ...

    @property
    def from_port(self) -> int | None: ...

    @property
    def to_port(self) -> int | None: ...

    @property
    def cidr(self) -> str: ...


def groups_rules(permits: Iterable[Permit] | None) -> str:
    """The input of `iptables-restore --noflush` that replaces what is let in; None: everything."""
    lines = ["*mangle", f":{GROUPS} - [0:0]"]
    if permits is None:
        lines.append(f"-A {GROUPS} -j ACCEPT")
    else:
        lines += [f"-A {GROUPS} -i lo -j ACCEPT"]
        lines += [f"-A {GROUPS} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"]
        lines += sorted({f"-A {GROUPS} {_match(p)} -j ACCEPT" for p in permits if _is_ipv4(p)})
        lines += [f"-A {GROUPS} -j DROP"]
    return "\n".join([*lines, "COMMIT", ""])


def first_rules(
    permits: Iterable[Permit] | None,
    address: str,
    redirects: Mapping[tuple[str, int], int],
) -> str:
    """The same for a network that has no rules yet, with the redirections to its proxy."""
    hook = groups_rules(permits).replace("COMMIT", f"-A PREROUTING -j {GROUPS}\nCOMMIT")
    lines = ["*nat", f":{INBOUND} - [0:0]", f":{OUTBOUND} - [0:0]"]
    lines += [f"-A PREROUTING -j {INBOUND}", f"-A OUTPUT -j {OUTBOUND}"]
    for (place, port), listener_port in sorted(redirects.items()):
        match = f"-d {place}/32 -p tcp -m tcp --dport {port}"
        if place == address:  # callers outside; the proxy's own calls to the application pass
            lines.append(f"-A {INBOUND} {match} -j REDIRECT --to-ports {listener_port}")
        else:
            lines.append(f"-A {OUTBOUND} {match} -j DNAT --to-destination {place}:{listener_port}")
    return hook + "\n".join([*lines, "COMMIT", ""])


def _is_ipv4(permit: Permit) -> bool:
    """A task's network has no IPv6 here, and iptables refuses a rule about it."""
    return ip_network(permit.cidr, strict=False).version == 4 and permit.protocol not in IPV6


def _match(permit: Permit) -> str:
    protocol = NUMBERS.get(permit.protocol, permit.protocol)
    match = f"-s {permit.cidr}"
    if protocol == ALL:
        return match
    match += f" -p {protocol}"
    first, last = permit.from_port, permit.to_port
    if first is None or last is None or (first, last) == EVERY_PORT:
        return match
    if protocol in ("tcp", "udp"):
        return f"{match} -m {protocol} --dport {first}:{last}"
    if protocol == "icmp" and first == last and first in ICMP_TYPES:
        return f"{match} -m icmp --icmp-type {first}"
    return match

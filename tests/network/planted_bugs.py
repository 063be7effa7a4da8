"""Mutants of `infra.network` that the fast tests must catch."""

import re
from dataclasses import dataclass

from tests.network.rules import Rules, load, sources


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """`text` occurs exactly once in the module. `cases` (sentences) and `worlds` (drawn VPCs with
    an oracle) say which layer must see it."""

    name: str
    module: str
    text: str
    instead: str
    cases: bool = True
    worlds: bool = True


def plant(bug: PlantedBug) -> Rules:
    """The rules with the bug in them, under the package name that `alias` gives."""
    source = sources()[bug.module]
    count = source.count(bug.text)
    assert count == 1, f"{bug.name}: {count} times in {bug.module}"
    return load(alias(bug), {bug.module: source.replace(bug.text, bug.instead)})


def alias(bug: PlantedBug) -> str:
    return "planted_network_" + re.sub(r"\W", "_", bug.name)


P = PlantedBug
BUGS = (
    P("a rule's last port is left out", "permits",
      "self.from_port <= port <= self.to_port", "self.from_port <= port < self.to_port"),
    P("ports do not matter", "permits",
      "and self.from_port <= port <= self.to_port", ""),
    P("protocols do not matter", "permits",
      "self.protocol in (ALL, protocol) and ", ""),
    P("a rule for all protocols lets none in", "permits",
      "self.protocol in (ALL, protocol)", "self.protocol == protocol"),
    P("egress rules guard the way in", "permits",
      "for r in topology.groups[g].ingress", "for r in topology.groups[g].egress"),
    P("ingress rules guard the way out", "permits",
      "for r in topology.groups[g].egress", "for r in topology.groups[g].ingress"),
    P("only the first group of the destination counts", "permits",
      "r for g in destination.groups if", "r for g in destination.groups[:1] if", cases=False),
    P("only the first group of the source counts", "permits",
      "r for g in source.groups if", "r for g in source.groups[:1] if", cases=False),
    P("a rule's group stands for its last member alone", "permits",
      "(block(i.address) for i in topology.members if rule.group in i.groups)",
      "[block(i.address) for i in topology.members if rule.group in i.groups][-1:]"),
    P("a rule's group is looked for as the first of an interface only", "permits",
      "if rule.group in i.groups)", "if i.groups[:1] == (rule.group,))", cases=False),
    P("endpoints carry no groups", "permits",
      "for i in topology.members", "for i in topology.interfaces", cases=False),
    P("a prefix list lets nobody in", "permits",
      'return topology.prefix_lists.get(rule.prefix_list or "", ())', "return ()", cases=False),
    P("an unknown group closes the interface", "permits",
      "if not topology.knows(interface):", "if not interface.groups:"),
    P("an interface of no group is closed", "permits",
      "if not topology.knows(interface):",
      "if any(g not in topology.groups for g in interface.groups):", cases=False),
    P("a block is covered if its first address is", "permits",
      "return left > last", "return left > _bounds(wanted)[0]"),
    P("blocks side by side cover no more than each alone", "permits",
      "left = max(left, end + 1)", "left = end + 1 if end >= last else left"),
    P("a gap between blocks is no gap", "permits",
      "        if first <= left:\n", "        if first <= last:\n"),
    P("any ICMP rule lets every type in", "permits",
      "(rule.from_port, rule.from_port)", "ICMP_TYPES", cases=False),
    P("a protocol without ports is held to them", "permits",
      "    if rule.protocol in PORTED:", '    if rule.protocol in (*PORTED, "esp"):',
      cases=False),
    P("the least specific route counts", "routes",
      "network.prefixlen > best[0]", "network.prefixlen < best[0]"),
    P("the first route counts", "routes",
      "(best is None or network.prefixlen > best[0])", "best is None", cases=False),
    P("without a route a packet leaves all the same", "routes",
      'return _refused(f"{subnet.id} has no route to {name} ({peer})")',
      'return Verdict(True, "no route")'),
    P("a blackhole is a way", "routes", "if route.via is Via.BLACKHOLE:", "if False:"),
    P("an internet gateway needs no public address", "routes",
      "if route.via is Via.INTERNET and not source.public:", "if False:"),
    P("a public address is needed for a NAT gateway, too", "routes",
      "if route.via is Via.INTERNET and not source.public:",
      "if route.via in (Via.INTERNET, Via.NAT) and not source.public:"),
    P("nobody looks behind the NAT gateway", "routes",
      "if onward is None or onward.via is not Via.INTERNET:", "if False:"),
    P("strangers come in through a NAT gateway", "routes",
      "    if route.via is Via.NAT:\n        return _refused(",
      "    if route.via is Via.BLACKHOLE:\n        return _refused("),
    P("a stranger needs no public address to go to", "routes",
      "if route.via is Via.INTERNET and not destination.public:", "if False:"),
    P("the rules of the way out are not asked", "reach",
      "(routed, self._leaves(source, peer), self._enters(source, peer))",
      "(routed, self._enters(source, peer))"),
    P("the rules of the way in are not asked", "reach",
      "(routed, self._leaves(source, peer), self._enters(source, peer))",
      "(routed, self._leaves(source, peer))"),
    P("an interface is not its own neighbour", "reach",
      "if source == peer:", "if source is None:"),
    P("a refusal says the first reason only", "reach",
      "tuple(dict.fromkeys((*first.missing, *second.missing)))",
      "first.missing or second.missing"),
    P("an endpoint without private DNS is used", "reach",
      "if endpoint.interfaces and endpoint.private_dns:", "if endpoint.interfaces:"),
    P("one interface of the endpoint is enough", "reach",
      "for one in endpoint.interfaces))", "for one in endpoint.interfaces[:1]))", cases=False),
    P("a gateway endpoint needs no route", "reach",
      "if route is not None and route.via is Via.ENDPOINT:", "if True:", cases=False),
    P("a gateway endpoint needs no egress rule", "reach",
      "if any(self._names(rule, endpoint.prefix_list) for rule in self._egress(source)):",
      "if True:"),
    P("a rule for the prefix list is not one for S3", "reach",
      "return fits and rule.prefix_list == prefix_list", "return False", worlds=False),
    P("services need no route", "reach",
      "return _both(routed, self._leaves(source, Address(ANYWHERE), service.name))",
      "return self._leaves(source, Address(ANYWHERE), service.name)"),
    P("services need no egress rule", "reach",
      "return _both(routed, self._leaves(source, Address(ANYWHERE), service.name))",
      "return routed"),
)  # fmt: skip

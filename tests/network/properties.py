"""What must hold of every answer; each raises AssertionError with the question."""

import re
from dataclasses import replace

from infra.network.model import Interface, Rule, Topology, Verdict
from tests.network import oracle
from tests.network.rules import Rules
from tests.network.worlds import ADDRESSES, Question, with_rule

SENTENCE = re.compile(
    r"(?:(?P<one>sg-\S+) has no|none of (?P<many>sg-\S+?), .* has an) (?P<side>ingress|egress) rule"
    r" for (?P<protocol>\S+) (?P<port>\d+) (?:from|to) (?P<peer>\S+)"
)


def judge(rules: Rules, asked: Question) -> None:
    """Everything, of one question."""
    agrees_with_the_oracle(rules, asked)
    permits_are_what_comes_in(rules, asked)
    what_is_missing_can_be_added(rules, asked)


def agrees_with_the_oracle(rules: Rules, q: Question) -> None:
    verdict = ask(rules, q)
    wanted = oracle.reaches(q.topology, q.source, q.destination, q.port, q.protocol)
    assert verdict.allowed == wanted, (verdict, q)
    assert bool(verdict.missing) != verdict.allowed, (verdict, q)
    assert verdict.why, q
    for end in (q.source, q.destination):
        # nothing unknown may be called certain
        unknown = isinstance(end, Interface) and oracle.open_to_all(q.topology, end)
        if unknown and q.source != q.destination:
            assert not verdict.certain, (verdict, q)


def permits_are_what_comes_in(rules: Rules, q: Question) -> None:
    """Every address passes the chain if and only if the oracle lets it in."""
    for interface in q.topology.interfaces[:2]:
        chain = rules.permits.permits(q.topology, interface)
        for address in ADDRESSES:
            passes = rules.permits.covered(chain, q.protocol, q.port, address)
            lets = oracle.comes_in(q.topology, interface, address, q.port, q.protocol)
            assert passes == lets, (interface, address, q)


def what_is_missing_can_be_added(rules: Rules, q: Question) -> None:
    """With the rules that a refusal for want of rules names, the answer is yes."""
    verdict = ask(rules, q)
    found = [SENTENCE.match(text) for text in verdict.missing]
    if not found or not all(found):
        return  # a route is missing
    topology = q.topology
    for match in found:
        assert match is not None
        topology = _with(topology, match.groupdict())
    assert ask(rules, replace(q, topology=topology)).allowed, (verdict, q)


def ask(rules: Rules, q: Question) -> Verdict:
    verdict: Verdict = rules.reach.reaches(q.topology, q.source, q.destination, q.port, q.protocol)
    return verdict


def _with(topology: Topology, said: dict[str, str]) -> Topology:
    group = topology.groups[said["one"] or said["many"]]
    return replace(
        topology, groups={**topology.groups, group.id: with_rule(group, said["side"], _rule(said))}
    )


def _rule(said: dict[str, str]) -> Rule:
    protocol, port, peer = said["protocol"], int(said["port"]), said["peer"]
    if peer.startswith("sg-"):
        return Rule(protocol, port, port, group=peer)
    if peer.startswith("pl-"):
        return Rule(protocol, port, port, prefix_list=peer)
    return Rule(protocol, port, port, cidr="0.0.0.0/0" if peer == "ecr.api" else peer)

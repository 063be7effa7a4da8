"""Whether security groups let a connection through, asked of `reaches` with pretended interfaces.

Groups count by reference; CIDR rules by addresses in the subnets of both ends. Routes are asked
elsewhere.
"""

from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_network

from infra.checklist.facts import Facts
from infra.checklist.known import NotKnownError
from infra.network.model import (
    DEFAULT_EGRESS,
    EVERYWHERE,
    Interface,
    Rule,
    SecurityGroup,
    Topology,
)
from infra.network.permits import spans
from infra.network.reach import reaches

UNGUARDED = "no security group"
NOWHERE = ("198.18.0.10", "198.18.0.11")  # of a subnet that is not known


def missing_between(
    facts: Facts,
    source: tuple[Iterable[str], Iterable[str]],
    destination: tuple[Iterable[str], Iterable[str]],
    port: int,
) -> list[str]:
    """What must be added so that the source reaches the port; nothing if it does.

    Each end is (security groups' ids, subnets' ids). Raises NotKnownError where that depends on
    what is not known. A source without groups (an old NLB) may send anywhere.
    """
    groups, doubts = _groups(facts, (*source[0], *destination[0]))
    groups[UNGUARDED] = SecurityGroup(UNGUARDED, egress=DEFAULT_EGRESS)
    froms, tos = _addresses(facts, source[1], 0), _addresses(facts, destination[1], 1)
    if not _narrow(groups.values()):  # any address is as good as another
        froms, tos = froms[:1], tos[:1]
    missing: dict[str, None] = {}
    for start in froms:
        for end in tos:
            pair = (
                Interface("source", start, tuple(source[0]) or (UNGUARDED,)),
                Interface("destination", end, tuple(destination[0])),
            )
            verdict = reaches(Topology(pair, groups), *pair, port)
            if not verdict.certain:
                raise NotKnownError(_named(facts, verdict.why))
            missing.update(dict.fromkeys(_named(facts, text) for text in verdict.missing))
    if missing:
        _check_certain(doubts, froms + tos, groups.values(), port)
    return list(missing)


def _check_certain(
    doubts: list[str], addresses: list[str], groups: Collection[SecurityGroup], port: int
) -> None:
    """A refusal counts only if no rule is unknown and no CIDR rule depends on unknown subnets."""
    if doubts:
        raise NotKnownError(doubts[0])
    lists = [r.prefix_list for r in _rules(groups) if r.prefix_list and _has(r, port)]
    if lists:
        raise NotKnownError(f"what is in the prefix list {lists[0]} is not known")
    if _narrow(groups) and set(addresses) & set(NOWHERE):
        raise NotKnownError("the subnets are not known, so rules with CIDR blocks cannot be judged")


def _narrow(groups: Iterable[SecurityGroup]) -> bool:
    """Whether any rule is for some addresses only."""
    return any(rule.cidr and rule.cidr not in EVERYWHERE for rule in _rules(groups))


def _has(rule: Rule, port: int) -> bool:
    first, last = spans(rule)
    return first <= port <= last


def _rules(groups: Iterable[SecurityGroup]) -> Iterator[Rule]:
    for group in groups:
        yield from (*group.ingress, *group.egress)


def _groups(facts: Facts, ids: Iterable[str]) -> tuple[dict[str, SecurityGroup], list[str]]:
    """The known groups of these with their rules, and why some rule of theirs is not known."""
    wanted = set(ids)
    known = {object.__getattribute__(group, "id") for group in facts.groups}
    rules: dict[tuple[str, bool], list[object]] = {}
    doubts = []
    for one in facts.permissions:
        try:
            if one.group in wanted:
                rules.setdefault((one.group, one.egress), []).append(one.rule)
        except NotKnownError as error:
            doubts.append(str(error))
    found = {
        group: SecurityGroup(
            group,
            tuple(rules.get((group, False), ())),  # type: ignore[arg-type]  # rules are Rules
            tuple(rules.get((group, True), ())),  # type: ignore[arg-type]
        )
        for group in wanted & known
    }
    return found, doubts


def _addresses(facts: Facts, subnets: Iterable[str], place: int) -> list[str]:
    """Two addresses of each known subnet, near its ends."""
    blocks = {object.__getattribute__(s, "id"): object.__getattribute__(s, "cidr")
              for s in facts.subnets}  # fmt: skip
    found = []
    for one in subnets:
        try:
            block = ip_network(str(blocks.get(one)), strict=False)
            found += [str(block[4 + place]), str(block[-3 - place])]
        except (ValueError, IndexError):
            return [NOWHERE[place]]
    return found or [NOWHERE[place]]


def _named(facts: Facts, text: str) -> str:
    """The groups by their addresses, which a reader can find."""
    for group in facts.groups:
        identity = object.__getattribute__(group, "id")
        if isinstance(identity, str) and identity:
            text = text.replace(identity, group.at)
    return text

"""Do the security groups of a new revision's tasks let the load balancer in?

The rules are read from DescribeSecurityGroups, what came of them from the targets' health.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chaos.causes import Cause
from chaos.checks.finding import Check, Finding, Result, failed, passed, unknown
from chaos.diagnosis import Diagnosis
from chaos.entries import GroupSeen, RuleSeen, SecuritySeen
from chaos.history import History
from chaos.lives import HEALTHY, Life, read_lives

TIMEOUT = "Target.Timeout"
UNKNOWN_RULES = "what stands between the load balancer and the new tasks was not recorded"


@dataclass(frozen=True, slots=True)
class Missing:
    """A rule that is not there, and the command that adds it."""

    sentence: str
    command: str


def judge_seen(history: History) -> Finding:
    """Targets of new tasks and the rules in front of them were seen."""
    seen = history.of(SecuritySeen)
    if not seen:
        return failed(UNKNOWN_RULES)
    lives = [life for entry in seen for life in _new(history, entry)]
    if not lives:
        return failed("no target of a new task was seen: the run proves nothing about its groups")
    evidence = (*(entry.line for entry in seen), *(life.targets[0].line for life in lives))
    return passed(f"targets of {len(lives)} new tasks and their rules were seen", evidence)


def judge_reached(history: History) -> Finding:
    """No new target times out for want of a rule; the rule that is missing is named."""
    seen = history.of(SecuritySeen)
    if not seen:
        return unknown(UNKNOWN_RULES)
    found = [_judge(history, entry) for entry in seen]
    order = (Result.FAIL, Result.UNKNOWN, Result.PASS)
    return min(found, key=lambda finding: order.index(finding.result))


def _judge(history: History, seen: SecuritySeen) -> Finding:
    lives = _new(history, seen)
    if not lives:
        return unknown(f"no target of a new task of {seen.service} was seen")
    healthy = [x for x in lives if any(e.state == HEALTHY for e in x.targets)]
    silent = [x for x in lives if x not in healthy and _timeouts(x)]
    missing = missing_rules(seen)
    if silent:
        return _silent(seen, silent, missing)
    if not healthy:
        reasons = sorted({e.reason for x in lives for e in x.targets if e.reason})
        return unknown(f"no new target got healthy, and none timed out ({', '.join(reasons)})")
    evidence = (seen.line, *(line for x in healthy for line in _healthy(x)))
    if missing:
        return unknown(
            f"{_told(missing)}, and yet {len(healthy)} new targets got healthy: security groups"
            " are not enforced here"
        )
    names = ", ".join(_name(group) for group in seen.groups)
    return passed(
        f"{len(healthy)} new targets of {seen.service} got healthy: {names} lets tcp {seen.port} in"
        f" from {', '.join(_name(g) for g in seen.balancer)}",
        evidence,
    )


def _silent(seen: SecuritySeen, silent: Sequence[Life], missing: Sequence[Missing]) -> Finding:
    evidence = (seen.line, *(line for life in silent for line in _timeouts(life)))
    story = (
        f"{len(silent)} new targets of {seen.service} were unhealthy with {TIMEOUT} and never"
        " healthy"
    )
    if not missing:
        return failed(
            f"{story}, though a rule lets tcp {seen.port} in: look at the port that the application"
            " listens on, at network ACLs, and at a rule's CIDR block, if it is one that lets in",
            evidence,
        )
    diagnosis = Diagnosis(
        Cause.NO_GROUP_RULE,
        len(silent),
        f"{Cause.NO_GROUP_RULE}: {_told(missing)}; {story}",
        f"give the release's group its rule: {'; '.join(one.command for one in missing)}",
        evidence,
    )
    return failed(f"{story}: {_told(missing)}", evidence, (diagnosis,))


def _told(missing: Sequence[Missing]) -> str:
    return "; ".join(one.sentence for one in missing)


def missing_rules(seen: SecuritySeen) -> tuple[Missing, ...]:
    """What a person must add so that the load balancer's packets get to the targets.

    A rule for any CIDR block is taken to let the load balancer in: its addresses are not known.
    """
    tasks, balancer = [g.id for g in seen.groups], [g.id for g in seen.balancer]
    found = []
    if not any(_lets(r, seen.port, balancer) for r in _rules(seen.groups, egress=False)):
        found.append(_missing(seen.groups, "ingress", "from", seen.port, seen.balancer))
    if not any(_lets(r, seen.port, tasks) for r in _rules(seen.balancer, egress=True)):
        found.append(_missing(seen.balancer, "egress", "to", seen.port, seen.groups))
    return tuple(found)


def _missing(
    groups: Sequence[GroupSeen], side: str, word: str, port: int, peers: Sequence[GroupSeen]
) -> Missing:
    permission = f"IpProtocol=tcp,FromPort={port},ToPort={port}"
    pairs = f"UserIdGroupPairs=[{{GroupId={peers[0].id}}}]"
    return Missing(
        f"{_names(groups)} has no {side} rule for tcp {port} {word} {_name(peers[0])}",
        f"aws ec2 authorize-security-group-{side} --group-id {groups[0].id} --ip-permissions"
        f" '{permission},{pairs}'",
    )


def lets_in(rules: Sequence[RuleSeen], port: int, peers: Sequence[str]) -> bool:
    """Whether one of the ingress rules lets TCP in at the port from one of these groups."""
    return any(not rule.egress and _lets(rule, port, peers) for rule in rules)


def _lets(rule: RuleSeen, port: int, peers: Sequence[str]) -> bool:
    fits = rule.protocol == "-1" or (
        rule.protocol == "tcp" and rule.from_port <= port <= rule.to_port
    )
    return fits and (rule.peer in peers or not rule.peer.startswith("sg-"))


def _rules(groups: Sequence[GroupSeen], *, egress: bool) -> Iterator[RuleSeen]:
    return (rule for group in groups for rule in group.rules if rule.egress is egress)


def _names(groups: Sequence[GroupSeen]) -> str:
    return " and ".join(_name(group) for group in groups)


def _name(group: GroupSeen) -> str:
    return f"{group.id} ({group.name})"


def _new(history: History, seen: SecuritySeen) -> list[Life]:
    """The new tasks of the service that were targets."""
    lives = read_lives(history)
    return [x for x in lives if x.new and x.service == seen.service and x.targets]


def _timeouts(life: Life) -> list[int]:
    return [entry.line for entry in life.targets if entry.reason == TIMEOUT]


def _healthy(life: Life) -> list[int]:
    return [entry.line for entry in life.targets if entry.state == HEALTHY][:1]


SEEN = Check("targets of new tasks were seen", judge_seen, premise=True)
REACHED = Check("the load balancer reaches the new tasks", judge_reached)

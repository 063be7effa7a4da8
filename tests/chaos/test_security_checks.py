"""A release with its own security group lets the load balancer in, or not: hand-written runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.causes import Cause
from chaos.checks.finding import Check, Result
from chaos.checks.security import REACHED, SEEN
from chaos.drills.never_healthy import NEVER_HEALTHY
from chaos.drills.sg_chain_broken import SG_CHAIN_BROKEN
from chaos.entries import GroupSeen, RuleSeen, SecuritySeen, TargetSeen
from chaos.outcome import Outcome
from chaos.verdict import judge_history
from tests.chaos import releases
from tests.chaos.builder import T0, RunBuilder
from tests.chaos.fake import ALB, IN, OUT
from tests.chaos.releases import DEPLOYED, DONE, HANGS, release

PASS, FAIL, UNKNOWN = Result.PASS, Result.FAIL, Result.UNKNOWN
LACKS = "sg-new (rehearse-order-api-m) has no ingress rule for tcp 8080 from sg-alb (alb)"
COMMAND = (
    "aws ec2 authorize-security-group-ingress --group-id sg-new --ip-permissions"
    " 'IpProtocol=tcp,FromPort=8080,ToPort=8080,UserIdGroupPairs=[{GroupId=sg-alb}]'"
)


def seen(*rules: RuleSeen, balancer: GroupSeen = ALB) -> SecuritySeen:
    """The new tasks' group has these rules, and lets everything out."""
    group = GroupSeen(id="sg-new", name="rehearse-order-api-m", vpc="vpc-1", rules=(*rules, OUT))
    return SecuritySeen(
        at_ms=T0 + DEPLOYED - 10,
        service=releases.SERVICE,
        port=8080,
        groups=(group,),
        balancer=(balancer,),
    )


def broken(*rules: RuleSeen, ends: str = releases.ROLLED) -> RunBuilder:
    """New targets time out until the release is ended."""
    builder = release(ends=ends)
    builder.entries = [
        replace(e, reason="Target.Timeout")
        if isinstance(e, TargetSeen) and e.state == "unhealthy"
        else e
        for e in builder.entries
    ]
    builder.add(seen(*rules))
    return builder


def fixed(*rules: RuleSeen) -> RunBuilder:
    """New targets get healthy."""
    builder = release(failures=0, ends=DONE)
    builder.add(seen(*rules))
    return builder


def unseen(builder: RunBuilder) -> RunBuilder:
    builder.drop(SecuritySeen)
    return builder


def without_targets() -> RunBuilder:
    """New tasks that never were targets."""
    builder = broken()
    builder.entries = [
        e
        for e in builder.entries
        if not (isinstance(e, TargetSeen) and e.at_ms > T0 + DEPLOYED and e.service == "order-api")
    ]
    return builder


def closed_balancer() -> RunBuilder:
    """The new group lets the load balancer in, but that may only speak to the old one."""
    builder = unseen(broken())
    only = replace(OUT, protocol="tcp", from_port=8080, to_port=8080, peer="sg-app")
    builder.add(seen(IN, balancer=replace(ALB, rules=(only,))))
    return builder


def slow_at_first() -> RunBuilder:
    """One target timed out before it got healthy: it was slow, not shut off."""
    builder = fixed(IN)
    builder.entries = [
        replace(e, reason="Target.Timeout")
        if isinstance(e, TargetSeen) and e.state == "unhealthy"
        else e
        for e in builder.entries
    ]
    return builder


ALL = RuleSeen(egress=False, protocol="-1", from_port=0, to_port=65_535, peer="sg-alb")
CASES = [
    (SEEN, fixed(IN), PASS, "targets of 1 new tasks and their rules"),
    (SEEN, broken(), PASS, "targets of 3 new tasks and their rules"),
    (SEEN, without_targets(), FAIL, "proves nothing"),
    (SEEN, unseen(broken()), FAIL, "was not recorded"),
    (SEEN, RunBuilder(), FAIL, "was not recorded"),
    (REACHED, fixed(IN), PASS, "lets tcp 8080 in from sg-alb (alb)"),
    (REACHED, fixed(ALL), PASS, "1 new targets of order-api got healthy"),
    (REACHED, fixed(replace(IN, peer="10.0.0.0/16")), PASS, "got healthy"),
    (REACHED, slow_at_first(), PASS, "got healthy"),
    (REACHED, broken(), FAIL, LACKS),
    (REACHED, broken(replace(IN, peer="sg-caller")), FAIL, LACKS),
    (REACHED, broken(replace(IN, from_port=8081, to_port=8090)), FAIL, LACKS),
    (REACHED, broken(replace(IN, protocol="udp")), FAIL, LACKS),
    (REACHED, closed_balancer(), FAIL, "sg-alb (alb) has no egress rule for tcp 8080 to sg-new"),
    (REACHED, broken(IN), FAIL, "though a rule lets tcp 8080 in: look at the port"),
    (REACHED, fixed(), UNKNOWN, "security groups are not enforced here"),
    (REACHED, release(), UNKNOWN, "was not recorded"),
    (REACHED, without_targets(), UNKNOWN, "no target of a new task of order-api was seen"),
    (REACHED, RunBuilder(), UNKNOWN, "was not recorded"),
]


@pytest.mark.parametrize(("check", "builder", "result", "words"), CASES)
def test_check(
    check: Check, builder: RunBuilder, result: Result, words: str, tmp_path: Path
) -> None:
    history = builder.history(tmp_path)
    finding = check.run(history)
    assert (finding.result, words in finding.sentence) == (result, True), finding
    assert set(finding.evidence) <= {entry.line for entry in history.entries}
    if result is PASS or (check, result) == (REACHED, FAIL):
        assert finding.evidence


def test_targets_that_fail_otherwise_prove_nothing_about_groups(tmp_path: Path) -> None:
    builder = release()
    builder.add(seen())
    finding = REACHED.run(builder.history(tmp_path))
    assert finding.result is UNKNOWN
    assert "none timed out" in finding.sentence


@pytest.mark.parametrize("ends", [releases.ROLLED, HANGS])
def test_the_verdict_names_the_missing_rule_and_the_command_that_adds_it(
    ends: str, tmp_path: Path
) -> None:
    verdict = judge_history(broken(ends=ends).history(tmp_path), SG_CHAIN_BROKEN.checks)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason.startswith(f"{Cause.NO_GROUP_RULE}: {LACKS}; 3 new targets")
    assert verdict.causes[0] is SG_CHAIN_BROKEN.expected
    (diagnosis,) = next(f for f in verdict.findings if f.check == REACHED.name).diagnoses
    assert COMMAND in diagnosis.advice


def test_the_good_run_passes(tmp_path: Path) -> None:
    builder = fixed(IN)
    verdict = judge_history(builder.history(tmp_path), SG_CHAIN_BROKEN.checks)
    assert (verdict.outcome, verdict.causes) == (Outcome.PASS, ()), verdict.reason


def test_an_empty_run_is_invalid(tmp_path: Path) -> None:
    verdict = judge_history(RunBuilder().history(tmp_path), SG_CHAIN_BROKEN.checks)
    assert verdict.outcome is Outcome.INVALID


def test_a_sick_application_is_not_taken_for_a_missing_rule(tmp_path: Path) -> None:
    """Played as this drill, and this drill's run judged as that one."""
    sick = release()
    sick.add(seen(IN))
    verdict = judge_history(sick.history(tmp_path / "sick"), SG_CHAIN_BROKEN.checks)
    assert verdict.outcome is Outcome.INVALID
    other = judge_history(broken().history(tmp_path / "sg"), NEVER_HEALTHY.checks)
    assert Cause.NO_GROUP_RULE not in other.causes

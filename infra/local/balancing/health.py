"""A target's health: one check result in, the target's next state out (R4.3-R4.6, section 4.2)."""

from dataclasses import dataclass

from infra.local.balancing.targets import enter
from infra.local.scheduler.model import TargetState
from infra.local.store import Target

INITIAL_CHECKING = ("Elb.InitialHealthChecking", "Initial health checks in progress")
CHECKED = frozenset({TargetState.INITIAL, TargetState.HEALTHY, TargetState.UNHEALTHY})


@dataclass(frozen=True, slots=True)
class Probe:
    """One health check's result; `reason` and `description` are ELB's own, None when it passed."""

    passed: bool
    reason: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target becomes: its state and the checks in a row that led there."""

    state: TargetState
    reason: str | None
    description: str | None
    passes: int
    failures: int


def judge(target: Target, probe: Probe, healthy_count: int, unhealthy_count: int) -> Verdict:
    """The state after one more check.

    `healthy_count` and `unhealthy_count` are the group's thresholds, in checks in a row. A result
    that comes too late, for a draining or unused target, changes nothing.
    """
    if target.state not in CHECKED:
        return Verdict(target.state, target.reason, target.description, 0, 0)
    if probe.passed:
        return _after_pass(target, healthy_count)
    return _after_failure(target, probe, unhealthy_count)


def settle(target: Target, verdict: Verdict, now_ms: int) -> bool:
    """Write a verdict into the target; True if what DescribeTargetHealth says changed."""
    target.passes, target.failures = verdict.passes, verdict.failures
    return enter(target, verdict.state, verdict.reason, verdict.description, now_ms=now_ms)


def _after_pass(target: Target, healthy_count: int) -> Verdict:
    """The first success makes an initial target healthy, whatever the threshold (R4.3)."""
    needed = healthy_count if target.state is TargetState.UNHEALTHY else 1
    passes = min(target.passes + 1, needed)
    if passes == needed:
        return Verdict(TargetState.HEALTHY, None, None, passes, 0)
    return Verdict(TargetState.UNHEALTHY, target.reason, target.description, passes, 0)


def _after_failure(target: Target, probe: Probe, unhealthy_count: int) -> Verdict:
    failures = min(target.failures + 1, unhealthy_count)
    if target.state is TargetState.UNHEALTHY or failures == unhealthy_count:
        return Verdict(TargetState.UNHEALTHY, probe.reason, probe.description, 0, failures)
    if target.state is TargetState.INITIAL:
        return Verdict(TargetState.INITIAL, *INITIAL_CHECKING, 0, failures)
    return Verdict(TargetState.HEALTHY, None, None, 0, failures)

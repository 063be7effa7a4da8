from collections.abc import Iterable

import pytest

from infra.local.balancing.checker import PASSED, TIMED_OUT
from infra.local.balancing.health import Probe, judge, settle
from infra.local.balancing.targets import deregister, register
from infra.local.scheduler.model import TargetState
from infra.local.store import Target, TargetGroup
from tests.balancing.records import group, store

BAD = Probe(False, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
INITIAL, HEALTHY, UNHEALTHY = TargetState.INITIAL, TargetState.HEALTHY, TargetState.UNHEALTHY


def after(probes: str, start: TargetState, healthy_count: int = 3, bad: Probe = BAD) -> Target:
    """The target after these results: `+` passed, `-` failed; two failures make it unhealthy."""
    target = Target("127.0.0.1", 8080, "a", since_ms=0, registered_ms=0, state=start)
    if start is not INITIAL:
        target.reason = target.description = None
    feed(target, [PASSED if p == "+" else bad for p in probes], healthy_count)
    return target


def feed(target: Target, probes: Iterable[Probe], healthy_count: int = 3) -> None:
    for at_ms, probe in enumerate(probes, start=1):
        settle(target, judge(target, probe, healthy_count, 2), at_ms)


@pytest.mark.parametrize(
    ("start", "probes", "state", "reason"),
    [
        pytest.param(INITIAL, "", INITIAL, "Elb.RegistrationInProgress", id="new is registering"),
        pytest.param(INITIAL, "+", HEALTHY, None, id="the first pass makes a new target healthy"),
        pytest.param(
            INITIAL, "-", INITIAL, "Elb.InitialHealthChecking", id="one failure: still initial"
        ),
        pytest.param(INITIAL, "-+", HEALTHY, None, id="one pass is enough after a failure too"),
        pytest.param(
            INITIAL,
            "--",
            UNHEALTHY,
            "Target.ResponseCodeMismatch",
            id="enough failures make a new target unhealthy",
        ),
        pytest.param(HEALTHY, "-", HEALTHY, None, id="one failure leaves a healthy target"),
        pytest.param(HEALTHY, "-+-+-", HEALTHY, None, id="failures must be in a row"),
        pytest.param(
            HEALTHY, "--", UNHEALTHY, "Target.ResponseCodeMismatch", id="two in a row do it"
        ),
        pytest.param(HEALTHY, "--++", UNHEALTHY, BAD.reason, id="two of three passes: not yet"),
        pytest.param(HEALTHY, "--++-++", UNHEALTHY, BAD.reason, id="passes must be in a row"),
        pytest.param(HEALTHY, "--+++", HEALTHY, None, id="three passes in a row: healthy again"),
        pytest.param(HEALTHY, "--+++-", HEALTHY, None, id="recovered targets count anew"),
    ],
)
def test_state_after_checks(
    start: TargetState, probes: str, state: TargetState, reason: str | None
) -> None:
    target = after(probes, start)
    assert (target.state, target.reason) == (state, reason)
    assert (target.description is None) == (reason is None)


def test_reason_follows_the_last_failure() -> None:
    target = after("--", HEALTHY)
    feed(target, [TIMED_OUT])
    assert (target.reason, target.description) == ("Target.Timeout", "Request timed out")


def test_since_is_when_the_state_was_entered() -> None:
    assert after("+-+-+", INITIAL).since_ms == 1
    assert after("+--", INITIAL).since_ms == 3


@pytest.mark.parametrize("state", [TargetState.DRAINING, TargetState.UNUSED])
@pytest.mark.parametrize("probes", ["+++", "---"])
def test_late_results_change_nothing(state: TargetState, probes: str) -> None:
    assert after(probes, state).state is state


@pytest.fixture
def one() -> TargetGroup:
    return group(store())


def test_register_and_deregister(one: TargetGroup) -> None:
    register(one, "127.0.0.1", 1, "a", 10)
    assert deregister(one, "127.0.0.1", 1, 20)
    target = one.targets["127.0.0.1", 1]
    assert (target.state, target.since_ms) == (TargetState.DRAINING, 20)
    assert target.reason == "Target.DeregistrationInProgress"
    assert not deregister(one, "127.0.0.1", 1, 30), "draining goes on as it was"
    assert target.since_ms == 20


def test_registering_a_draining_target_makes_it_initial(one: TargetGroup) -> None:
    register(one, "127.0.0.1", 1, "a", 10)
    deregister(one, "127.0.0.1", 1, 20)
    register(one, "127.0.0.1", 1, "a", 30)
    target = one.targets["127.0.0.1", 1]
    assert (target.state, target.reason) == (INITIAL, "Elb.RegistrationInProgress")
    assert (target.since_ms, target.registered_ms) == (30, 30)


def test_registering_a_healthy_target_again_changes_nothing(one: TargetGroup) -> None:
    register(one, "127.0.0.1", 1, "a", 10)
    feed(one.targets["127.0.0.1", 1], [PASSED])
    register(one, "127.0.0.1", 1, "a", 30)
    assert one.targets["127.0.0.1", 1].state is HEALTHY


def test_deregistering_a_stranger_succeeds(one: TargetGroup) -> None:
    assert not deregister(one, "127.0.0.9", 1, 20)

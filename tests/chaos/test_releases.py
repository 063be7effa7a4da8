"""Releases that fail: who ends them, is the service back, is the caller told; and who is guilty."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.causes import OTHER_CAUSES, Cause
from chaos.checks.breaker import BACK, TRIPS
from chaos.checks.finding import Check, Result
from chaos.checks.offer import FAILING
from chaos.checks.startup import SLOWNESS, STARTUP
from chaos.checks.truth import TRUTH
from chaos.drill import Drill
from chaos.drills.bad_image import BAD_IMAGE
from chaos.drills.crash_on_start import CRASH_ON_START
from chaos.drills.never_healthy import NEVER_HEALTHY
from chaos.drills.slow_start import SLOW_START
from chaos.effect import BREAKER, GRACE, ROLLBACK, THRESHOLD
from chaos.entries import LogSeen, ServiceDeploymentSeen, ServiceSeen, SettingSeen
from chaos.failures import trips_at
from chaos.outcome import Outcome
from chaos.verdict import judge_history
from tests.chaos import releases
from tests.chaos.builder import T0, RunBuilder, definition_arn
from tests.chaos.releases import (
    CRASH,
    DEPLOYED,
    DONE,
    FAILED,
    HANGS,
    NO_IMAGE,
    SLOW,
    Fault,
    deployment,
    deployments_seen,
    release,
    told,
)
from tests.chaos.stops import STOP_CAUSES

PASS, FAIL, UNKNOWN = Result.PASS, Result.FAIL, Result.UNKNOWN


def without(builder: RunBuilder, cls: type, **members: object) -> RunBuilder:
    builder.drop(cls, **members)
    return builder


def ending(builder: RunBuilder, *entries: ServiceSeen | ServiceDeploymentSeen) -> RunBuilder:
    """The same run with these as the last that was seen."""
    for entry in entries:
        builder.add(replace(entry, at_ms=T0 + 90_000))
    return builder


def early() -> RunBuilder:
    """Tripped right after the deployment, long before three tasks had failed."""
    builder = without(release(), ServiceDeploymentSeen)
    builder.add(told(DEPLOYED + 100, "ROLLBACK_IN_PROGRESS", breaker="TRIGGERED", failures=3))
    return builder


def miscounted(failures: int = 3, threshold: int = 3) -> RunBuilder:
    """AWS's own count or threshold differs from the documented one."""
    builder = without(release(), ServiceDeploymentSeen)
    seen = told(40_000, "ROLLBACK_IN_PROGRESS", breaker="TRIGGERED", failures=failures)
    builder.add(replace(seen, threshold=threshold))
    return builder


def only_rollout_state() -> RunBuilder:
    """A target without service deployments: the rolloutState says that the breaker tripped."""
    return without(release(CRASH, ends=FAILED), ServiceDeploymentSeen)


def counted(kind: str, value: int, failures: int) -> RunBuilder:
    """The service has a thresholdConfiguration of its own."""
    builder = without(release(failures=failures), SettingSeen, name=THRESHOLD)
    text = f"{kind} {value}"
    builder.add(SettingSeen(at_ms=T0 - 90, service=releases.SERVICE, name=THRESHOLD, value=text))
    builder.entries = [
        replace(e, threshold=failures) if isinstance(e, ServiceDeploymentSeen) else e
        for e in builder.entries
    ]
    return builder


CASES = [
    (TRIPS, release(), PASS, "tripped at failure 3 of 3 (Task failed ELB health checks)"),
    (TRIPS, release(CRASH, ends=FAILED, rollback=False), PASS, "(Essential container in task"),
    (TRIPS, only_rollout_state(), PASS, "tripped at failure 3 of 3"),
    (TRIPS, counted("COUNT", 5, 5), PASS, "tripped at failure 5 of 5"),
    (TRIPS, release(failures=0, ends=DONE), PASS, "no task of order-api:2 failed: nothing to end"),
    (
        TRIPS,
        release(SLOW, failures=1, ends=DONE),
        PASS,
        "before it was deployed: there was nothing",
    ),
    (TRIPS, release(SLOW, ends=DONE, enable=False), PASS, "before it was deployed: there was"),
    (TRIPS, release(ends=HANGS, enable=False), FAIL, "3 tasks of order-api:2 failed within"),
    (TRIPS, release(ends=HANGS, failures=4), FAIL, "on, did not trip at failure 3"),
    (TRIPS, early(), FAIL, "when only 0 of 3 tasks had failed"),
    (TRIPS, miscounted(failures=2), FAIL, "at failure 2 of 3, the documented threshold is 3"),
    (TRIPS, miscounted(threshold=10), FAIL, "at failure 3 of 10, the documented threshold is 3"),
    (TRIPS, release(ends=HANGS, failures=2), UNKNOWN, "nothing was decided yet"),
    (TRIPS, without(release(ends=HANGS), SettingSeen), UNKNOWN, "was not recorded"),
    (TRIPS, RunBuilder(), UNKNOWN, "no new revision was made"),
    (BACK, release(), PASS, "back on ecs-svc/1 (order-api:1), COMPLETED, its id kept"),
    (BACK, release(failures=0, ends=DONE), PASS, "nothing to roll back"),
    (BACK, release(CRASH, ends=FAILED, rollback=False), FAIL, "its deployment FAILED: nobody"),
    (BACK, release(CRASH, ends=FAILED), FAIL, "its deployment FAILED: nobody rolled it back"),
    (BACK, release(ends=HANGS), FAIL, "its deployment IN_PROGRESS: nobody rolled it back"),
    (
        BACK,
        ending(release(), deployments_seen(0, [replace(deployment(1), id="ecs-svc/3")])),
        FAIL,
        "on ecs-svc/3, not back on ecs-svc/1",
    ),
    (
        BACK,
        ending(release(), deployments_seen(0, [deployment(1), deployment(2, "FAILED", old=True)])),
        FAIL,
        "still lists the failed deployment",
    ),
    (
        BACK,
        ending(release(), deployments_seen(0, [deployment(1, "IN_PROGRESS")])),
        FAIL,
        "which is IN_PROGRESS",
    ),
    (BACK, ending(release(), deployments_seen(0, [deployment(1)], 1)), FAIL, "runs 1 of 2 tasks"),
    (BACK, ending(release(), deployments_seen(0, [])), FAIL, "has no PRIMARY deployment"),
    (BACK, without(release(), ServiceSeen, at_ms=T0 - 100), UNKNOWN, "ran before was not seen"),
    (BACK, RunBuilder(), UNKNOWN, "no new revision was made"),
    (TRUTH, release(), PASS, "is ROLLBACK_SUCCESSFUL (Service deployment rolled back because"),
    (TRUTH, release(ends=HANGS), PASS, "IN_PROGRESS, and order-api:2 is still being deployed"),
    (TRUTH, release(CRASH, ends=FAILED), PASS, "is STOPPED, and the deployment of order-api:2"),
    (TRUTH, release(failures=0, ends=DONE), PASS, "SUCCESSFUL, and order-api:2 is all that runs"),
    (TRUTH, ending(release(), told(0, "SUCCESSFUL")), FAIL, "but order-api:1 is what runs, not"),
    (TRUTH, ending(release(ends=HANGS), told(0, "SUCCESSFUL")), FAIL, "still being deployed"),
    (
        TRUTH,
        ending(release(), replace(told(0, "ROLLBACK_SUCCESSFUL"), reason=None)),
        FAIL,
        "is ROLLBACK_SUCCESSFUL, but order-api:1",
    ),
    (
        TRUTH,
        ending(
            release(),
            replace(
                told(0, "ROLLBACK_SUCCESSFUL"), rolled_back_to=definition_arn(releases.SERVICE, 9)
            ),
        ),
        FAIL,
        "but order-api:1 is what runs",
    ),
    (
        TRUTH,
        ending(release(), deployments_seen(0, [deployment(1, "IN_PROGRESS")])),
        FAIL,
        "but the service is going back to order-api:1",
    ),
    (TRUTH, without(release(), ServiceDeploymentSeen), UNKNOWN, "no service deployment of order"),
    (TRUTH, RunBuilder(), UNKNOWN, "no new revision was made"),
    (STARTUP, release(), PASS, "no task was stopped for its health while it started"),
    (STARTUP, release(grace=0, fault=Fault(ended=2100.0)), PASS, "no task was stopped for its"),
    (STARTUP, release(CRASH), PASS, "no task was stopped for its health while it started"),
    (STARTUP, release(failures=0, ends=DONE), PASS, "at most 50 s after RUNNING (grace period 60"),
    (STARTUP, release(SLOW, grace=0), FAIL, "3 tasks of order-api:2 were stopped for their health"),
    (
        STARTUP,
        release(Fault(ended=4400.0, listening=3600.0, unhealthy=2050.0), grace=0),
        FAIL,
        "3 tasks of order-api:2 were stopped",
    ),
    (STARTUP, RunBuilder(), UNKNOWN, "no new revision was made"),
    (SLOWNESS, release(SLOW), PASS, "3 new targets were unhealthy while their tasks started"),
    (SLOWNESS, release(failures=0, ends=DONE), PASS, "1 new targets were unhealthy"),
    (SLOWNESS, release(CRASH), FAIL, "the start was not slow for this health check"),
    (SLOWNESS, RunBuilder(), FAIL, "the start was not slow"),
    (FAILING, release(NO_IMAGE), PASS, "3 tasks of a new revision failed (CannotPullContainer"),
    (FAILING, release(failures=0, ends=DONE), FAIL, "the run proves nothing about a failure"),
    (FAILING, RunBuilder(), FAIL, "the run proves nothing about a failure"),
]


@pytest.mark.parametrize(
    ("check", "builder", "result", "words"),
    CASES,
    ids=[f"{check.name}: {words}" for check, _, _, words in CASES],
)
def test_checks_of_releases(
    check: Check, builder: RunBuilder, result: Result, words: str, tmp_path: Path
) -> None:
    finding = check.run(builder.history(tmp_path))
    assert finding.result is result, finding
    assert words in finding.sentence


def test_every_check_of_releases_has_a_good_a_bad_and_an_empty_run() -> None:
    for check in (TRIPS, BACK, TRUTH, STARTUP):
        assert {case[2] for case in CASES if case[0] is check} == {PASS, FAIL, UNKNOWN}


def never_listening() -> RunBuilder:
    """The slow tasks were killed before they could say that they listen; others have said it."""
    builder = release(replace(SLOW, listening=None), grace=0)
    builder.add(LogSeen(at_ms=T0, service="inventory-api", task="other", event="listening"))
    return builder


GUILTY = [
    (
        release(ends=HANGS, enable=False, rollback=False),
        Cause.NO_BREAKER,
        f"{BREAKER} of order-api is false; set it and {ROLLBACK} to true: a breaker would have"
        " tripped at failure 3, after 184 s",
    ),
    (
        release(NO_IMAGE, ends=HANGS, enable=False, failures=2),
        Cause.NO_BREAKER,
        "a breaker would trip at failure 3",
    ),
    (
        release(CRASH, ends=FAILED, rollback=False),
        Cause.NO_ROLLBACK,
        f"{ROLLBACK} of order-api is false; set it to true: ecs-svc/1 (order-api:1, COMPLETED) was"
        " there to go back to",
    ),
    (
        release(SLOW, grace=0),
        Cause.GRACE_TOO_SHORT,
        f"{GRACE} of order-api is 0 s; set it to at least 70 s: start 36 s, and 20 s until the"
        " health check has passed",
    ),
    (
        never_listening(),
        Cause.GRACE_TOO_SHORT,
        "set it to at least 50 s: start 21 s",
    ),
    (
        without(release(SLOW, grace=0), LogSeen),
        Cause.UNKNOWN,
        f"if slow, {GRACE} of order-api must be longer than 21 s",
    ),
]


@pytest.mark.parametrize(("builder", "cause", "advice"), GUILTY, ids=[g[2] for g in GUILTY])
def test_a_cause_comes_with_the_value_that_the_data_supports(
    builder: RunBuilder, cause: Cause, advice: str, tmp_path: Path
) -> None:
    history = builder.history(tmp_path)
    found = [d for check in (STARTUP, TRIPS, BACK) for d in check.run(history).diagnoses]
    assert [diagnosis.cause for diagnosis in found] == [cause]
    assert advice in found[0].advice
    lines = {entry.line for entry in history.entries}
    assert found[0].evidence
    assert set(found[0].evidence) <= lines


def test_every_cause_that_is_not_about_requests_has_a_case() -> None:
    assert set(OTHER_CAUSES) - STOP_CAUSES - {Cause.NO_GROUP_RULE} <= {
        cause for _, cause, _ in GUILTY
    }


@pytest.mark.parametrize(
    "builder",
    [release(), release(CRASH), release(NO_IMAGE), release(failures=0, ends=DONE)],
    ids=["sick", "crash", "no image", "slow"],
)
def test_a_good_end_has_no_guilty(builder: RunBuilder, tmp_path: Path) -> None:
    history = builder.history(tmp_path)
    assert [
        d for check in (STARTUP, TRIPS, BACK, TRUTH) for d in check.run(history).diagnoses
    ] == []


# What each broken variant leaves behind
BROKEN: list[tuple[Drill, RunBuilder]] = [
    (NEVER_HEALTHY, release(ends=HANGS, enable=False, rollback=False)),
    (BAD_IMAGE, release(NO_IMAGE, ends=HANGS, enable=False, rollback=False)),
    (CRASH_ON_START, release(CRASH, ends=FAILED, rollback=False)),
    (SLOW_START, release(SLOW, grace=0)),
]


@pytest.mark.parametrize("judge", [d for d, _ in BROKEN], ids=lambda d: f"judged by {d.name}")
@pytest.mark.parametrize(("drill", "builder"), BROKEN, ids=[d.name for d, _ in BROKEN])
def test_a_broken_variant_has_its_own_cause_whichever_drill_it_is_run_as(
    drill: Drill, builder: RunBuilder, judge: Drill, tmp_path: Path
) -> None:
    verdict = judge_history(builder.history(tmp_path), judge.checks)
    assert verdict.causes == (drill.expected,)
    if judge is drill:
        assert verdict.outcome is Outcome.FAIL
        assert verdict.reason.startswith(drill.expected)


def test_the_slow_start_that_comes_up_passes(tmp_path: Path) -> None:
    checks = (STARTUP, SLOWNESS, TRIPS, BACK, TRUTH)
    verdict = judge_history(release(failures=0, ends=DONE).history(tmp_path), checks)
    assert verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("kind", "value", "desired", "expected"),
    [
        ("BOUNDED_PERCENT", 50, 1, 3),
        ("BOUNDED_PERCENT", 50, 25, 13),
        ("BOUNDED_PERCENT", 50, 400, 200),
        ("BOUNDED_PERCENT", 50, 800, 200),
        ("UNBOUNDED_PERCENT", 10, 5, 1),
        ("COUNT", 7, 100, 7),
    ],
)
def test_the_threshold_is_that_of_the_documentation(
    kind: str, value: int, desired: int, expected: int
) -> None:
    assert trips_at(kind, value, desired) == expected

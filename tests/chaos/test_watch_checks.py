"""What a watch judges, on hand-written records: good, bad and empty."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.checks.finding import Check, Finding, Result
from chaos.checks.targets import CAPACITY
from chaos.entries import (
    GONE,
    DeploymentSeen,
    EventSeen,
    ObservationEnded,
    RevisionMade,
    ServiceDeploymentSeen,
    ServiceSeen,
    TargetSeen,
    TaskSeen,
)
from chaos.following.checks import (
    ENDED,
    ORDER,
    OUTAGE,
    PROBES,
    RUNS,
    SEEN,
    unseen,
    watch_checks,
)
from chaos.following.outage import find_outages
from chaos.lives import read_lives
from chaos.outcome import Outcome
from chaos.verdict import judge_history
from tests.chaos.builder import (
    T0,
    RunBuilder,
    cast_of,
    definition_arn,
    group_arn,
    make_run,
    perform,
)

SERVICE = "order-api"
GROUP = group_arn(SERVICE)
NEW, OLD = "ecs-svc/2", "ecs-svc/1"


def deployment(identity: str, status: str, rollout: str) -> DeploymentSeen:
    return DeploymentSeen(
        id=identity,
        status=status,
        task_definition=definition_arn(SERVICE, int(identity[-1])),
        rollout=rollout,
        reason=f"{identity} says why",
    )


def service(at: float, *deployments: DeploymentSeen, error_ms: float | None = 100) -> ServiceSeen:
    return ServiceSeen(
        at_ms=T0 + at,
        service=SERVICE,
        desired=2,
        running=2,
        pending=0,
        deployments=deployments,
        error_ms=error_ms,
    )


def release(at: float, status: str, **members: object) -> ServiceDeploymentSeen:
    seen = ServiceDeploymentSeen(
        at_ms=T0 + at,
        service=SERVICE,
        id="abc",
        status=status,
        task_definition=definition_arn(SERVICE, 2),
        deployment=NEW,
        error_ms=100,
    )
    return replace(seen, **members)  # type: ignore[arg-type]  # any member, by name


def target(at: float, address: str, state: str, error_ms: float | None = 100) -> TargetSeen:
    return TargetSeen(
        at_ms=T0 + at,
        service=SERVICE,
        group=GROUP,
        address=f"{address}:80",
        state=state,
        error_ms=error_ms,
    )


def watched() -> RunBuilder:
    """A whole good deployment of order-api, watched from before it began, without probes."""
    run = make_run()
    setups = tuple(setup for setup in run.services if setup.name == SERVICE)
    builder = RunBuilder(
        replace(run, drill="watch", variant="", rate=0.0, arrivals=0, url="", services=setups)
    )
    builder.add(
        service(-100, deployment(OLD, "PRIMARY", "COMPLETED"), error_ms=None),
        service(
            3100,
            deployment(NEW, "PRIMARY", "IN_PROGRESS"),
            deployment(OLD, "ACTIVE", "COMPLETED"),
        ),
        RevisionMade(
            at_ms=T0 + 3200,
            service=SERVICE,
            task_definition=definition_arn(SERVICE, 2),
            deployment=NEW,
        ),
        release(3300, "IN_PROGRESS"),
        service(10_400, deployment(NEW, "PRIMARY", "COMPLETED")),
        release(10_500, "SUCCESSFUL"),
        ObservationEnded(
            at_ms=T0 + 11_000, source="target health", polls=300, failed=0, worst_error_ms=160
        ),
    )
    for cast in cast_of():
        if cast.service == SERVICE:
            perform(builder, cast)
    builder.entries = [
        replace(e, started_by=NEW if e.task_definition.endswith(":2") else OLD)
        if isinstance(e, TaskSeen)
        else e
        for e in builder.entries
    ]
    return builder


def judged(builder: RunBuilder, folder: Path, check: Check) -> Finding:
    return check.run(builder.history(folder))


def test_a_good_deployment_passes_and_names_what_was_not_seen(tmp_path: Path) -> None:
    builder = watched()
    history = builder.history(tmp_path)
    verdict = judge_history(history, watch_checks(history))
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert [f.check for f in verdict.findings] == [
        "a deployment was seen",
        "the deployment ended SUCCESSFUL",
        "its revision is what runs",
        "never under the minimum healthy",
        "always a healthy target",
    ]
    left_out = unseen(history)
    assert len(left_out) == 2
    assert "the delay in effect is not known" in left_out[0]
    assert "no requests were sent" in left_out[1]


def test_an_empty_record_proves_nothing(tmp_path: Path) -> None:
    builder = RunBuilder(replace(make_run(), drill="watch", variant="", rate=0.0))
    history = builder.history(tmp_path)
    verdict = judge_history(history, watch_checks(history))
    assert verdict.outcome is Outcome.INVALID
    assert "no deployment was seen" in verdict.reason
    assert SEEN.run(history).result is Result.FAIL
    for check in (ENDED, RUNS, ORDER):
        assert check.run(history).result is Result.UNKNOWN
    assert len(unseen(history)) == 3


def test_a_rollback_is_the_end_and_says_why(tmp_path: Path) -> None:
    builder = watched()
    builder.drop(ServiceDeploymentSeen, status="SUCCESSFUL")
    builder.drop(ServiceSeen, at_ms=T0 + 10_400)
    builder.add(
        EventSeen(
            at_ms=T0 + 3050,
            service=SERVICE,
            message=f"(service {SERVICE}) was unable to place a task. Reason: no room.",
        ),
        service(10_400, deployment(OLD, "PRIMARY", "COMPLETED")),
        release(
            10_500,
            "ROLLBACK_SUCCESSFUL",
            reason="the threshold was exceeded",
            failures=3,
            threshold=3,
            breaker="TRIGGERED",
            rolled_back_to=definition_arn(SERVICE, 1),
        ),
    )
    finding = judged(builder, tmp_path, ENDED)
    assert finding.result is Result.FAIL
    assert finding.sentence == (
        "ROLLED_BACK: rolled back to order-api:1: the threshold was exceeded"
        " (the circuit breaker counted 3 of 3 failures and tripped;"
        " (service order-api) was unable to place a task. Reason: no room.)"
    )
    assert judged(builder, tmp_path / "again", RUNS).sentence == (
        "order-api:2 is not what runs: ecs-svc/1 is PRIMARY, not ecs-svc/2"
    )


def test_a_task_of_another_revision_that_still_runs_fails(tmp_path: Path) -> None:
    builder = watched()
    builder.drop(TaskSeen, desired="STOPPED")
    finding = judged(builder, tmp_path, RUNS)
    assert finding.result is Result.FAIL
    assert "of order-api:1 runs, too" in finding.sentence


def test_without_service_deployments_the_rollout_state_judges(tmp_path: Path) -> None:
    builder = watched()
    builder.drop(ServiceDeploymentSeen)
    assert judged(builder, tmp_path, ENDED).result is Result.PASS
    builder.drop(ServiceSeen, at_ms=T0 + 10_400)
    builder.add(service(10_400, deployment(OLD, "PRIMARY", "COMPLETED")))
    finding = judged(builder, tmp_path / "back", ENDED)
    assert finding.result is Result.FAIL
    assert finding.sentence.startswith("ROLLED_BACK: rolled back to ecs-svc/1")


def test_a_target_that_left_before_the_other_came_is_an_outage(tmp_path: Path) -> None:
    builder = watched()
    builder.entries = [e for e in builder.entries if not isinstance(e, TargetSeen)]
    builder.add(
        target(-150, "10.0.0.1", "healthy", None),
        target(4000, "10.0.0.1", "draining", 120),
        target(4500, "10.0.0.2", "initial", 110),
        target(6000, "10.0.0.2", "healthy", 130),
        target(7000, "10.0.0.1", GONE),
    )
    history = builder.history(tmp_path)
    (outage,) = find_outages(history, GROUP)
    assert outage.least_ms(history.end_ms) == pytest.approx(6000 - 130 - 4000)
    assert outage.most_ms(history.end_ms) == pytest.approx(6000 - 4000 + 120)
    finding = OUTAGE.run(history)
    assert finding.result is Result.FAIL
    assert "order-api had no healthy target for 1.9 to 2.1 s (real) from" in finding.sentence
    assert history.entries[finding.evidence[0] - 1].at_ms == T0 + 4000


@pytest.mark.parametrize(
    ("entries", "lasts"),
    [
        ([target(0, "a", "healthy"), target(9, "a", "unhealthy")], [None]),
        ([target(0, "a", "healthy"), target(9, "a", GONE), target(9, "b", "healthy")], []),
        ([target(0, "a", "initial"), target(9, "a", "healthy")], []),
        ([target(0, "a", "healthy"), target(9, "a", GONE), target(19, "b", "healthy")], [T0 + 19]),
        ([], []),
    ],
    ids=[
        "it lasts when the watch ends",
        "both in one poll is none",
        "before the first healthy one there is none",
        "it ends",
        "nothing was seen",
    ],
)
def test_an_outage_lasts_from_poll_to_poll(
    tmp_path: Path, entries: list[TargetSeen], lasts: list[float | None]
) -> None:
    builder = RunBuilder()
    builder.add(*entries)
    found = find_outages(builder.history(tmp_path), GROUP)
    assert [outage.end_ms for outage in found] == lasts


def test_no_outage_says_what_could_have_been_missed(tmp_path: Path) -> None:
    finding = judged(watched(), tmp_path, OUTAGE)
    assert finding.result is Result.PASS
    assert "an outage of less than 160 ms would not have been seen" in finding.sentence


def test_a_group_that_never_had_a_healthy_target_fails(tmp_path: Path) -> None:
    builder = watched()
    builder.entries = [
        replace(e, state="unhealthy") if isinstance(e, TargetSeen) else e for e in builder.entries
    ]
    finding = judged(builder, tmp_path, OUTAGE)
    assert (finding.result, "never had a healthy" in finding.sentence) == (Result.FAIL, True)


def test_a_services_first_deployment_has_no_capacity_to_hold(tmp_path: Path) -> None:
    builder = watched()
    builder.entries = [
        e
        for e in builder.entries
        if not (isinstance(e, ServiceSeen | TaskSeen | TargetSeen) and e.error_ms is None)
        and not (isinstance(e, TaskSeen) and e.task_definition.endswith(":1"))
    ]
    builder.drop(ServiceSeen, at_ms=T0 + 3100)
    builder.add(service(3100, deployment(NEW, "PRIMARY", "IN_PROGRESS"), error_ms=None))
    history = builder.history(tmp_path)
    names = [check.name for check in watch_checks(history)]
    assert names[:3] == [SEEN.name, ENDED.name, RUNS.name]
    assert OUTAGE.name not in names
    assert any("first deployment" in text for text in unseen(history))


def test_old_and_new_are_told_by_who_started_them(tmp_path: Path) -> None:
    """The same revision deployed again (R2.14): its number tells nothing."""
    builder = watched()
    same = definition_arn(SERVICE, 1)
    builder.entries = [
        replace(e, task_definition=f"{SERVICE}:1")
        if isinstance(e, TaskSeen)
        else replace(e, task_definition=same)
        if isinstance(e, RevisionMade)
        else e
        for e in builder.entries
    ]
    lives = read_lives(builder.history(tmp_path))
    assert [life.old for life in lives] == [True, True, False, False]
    assert [life.new for life in lives] == [False, False, True, True]


def test_sigterm_before_the_target_left_fails(tmp_path: Path) -> None:
    builder = watched()
    old = {e.task for e in builder.entries if isinstance(e, TaskSeen) and e.started_by == OLD}
    builder.drop(TargetSeen, state="draining")
    builder.drop(TargetSeen, state=GONE)
    finding = judged(builder, tmp_path, ORDER)
    assert finding.result is Result.FAIL
    assert finding.sentence.count("ended without its target ever draining") == len(old)


def test_the_guide_names_every_check() -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/watch.md").read_text()
    for check in (SEEN, ENDED, RUNS, CAPACITY, OUTAGE, ORDER, PROBES):
        assert f"| {check.name} |" in guide

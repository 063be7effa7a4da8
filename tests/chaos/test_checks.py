"""Each check on a good, a bad and an empty run; the good one is a whole deployment."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.checks.finding import Check, Result
from chaos.drills.rolling_deploy import ROLLING_DEPLOY
from chaos.entries import (
    AnswerSeen,
    DeploymentSeen,
    LogSeen,
    OrdersSeen,
    RevisionMade,
    ServiceSeen,
    TargetSeen,
    TaskSeen,
)
from chaos.history import History
from chaos.outcome import Outcome
from chaos.verdict import judge_history
from tests.chaos.builder import (
    T0,
    Cast,
    RunBuilder,
    cast_of,
    definition_arn,
    deployment,
    group_arn,
    perform,
    service_seen,
)

CHECKS = {check.name: check for check in ROLLING_DEPLOY.checks}
OFFER = "load was offered"
SIGHT = "something was seen"
REQUESTS = "no request failed"
CAPACITY = "never under the minimum healthy"
ORDER = "drained, then SIGTERM, then stopped"
DRAINED = "no request to a drained target"
ORDERS = "every acknowledged order exactly once"
ROLLOUT = "the new revision is what runs"
OLD = cast_of()[0]  # an old task of inventory-api
NEW = cast_of()[1]

Change = Callable[[RunBuilder], None]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> History:
    return deployment().history(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> History:
    return RunBuilder().history(tmp_path_factory.mktemp("empty"))


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_good_run_passes(check: Check, good: History) -> None:
    finding = check.run(good)
    assert (finding.result, finding.check) == (Result.PASS, check.name), finding.sentence
    assert all(1 <= line <= len(good.entries) for line in finding.evidence)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_an_empty_run_never_passes(check: Check, empty: History) -> None:
    expected = Result.FAIL if check.premise else Result.UNKNOWN
    assert check.run(empty).result is expected


def killed(builder: RunBuilder) -> None:
    del builder.meta["ended_ms"]


def without_self_test(builder: RunBuilder) -> None:
    builder.meta["self_test"] = "failed: 3 of 10 drops were hidden"


def too_few(builder: RunBuilder) -> None:
    builder.run = replace(builder.run, arrivals=6000)


def too_slow(builder: RunBuilder) -> None:
    builder.requests = [r for n, r in enumerate(builder.requests) if n % 10]


def late(builder: RunBuilder) -> None:
    builder.requests = [replace(r, sent_ms=r.scheduled_ms + 400) for r in builder.requests]


def dropping(builder: RunBuilder) -> None:
    builder.requests[5] = replace(builder.requests[5], sent_ms=None, error="dropped")


def without_draining(builder: RunBuilder) -> None:
    builder.drop(TargetSeen, state="draining")


def without_new_tasks(builder: RunBuilder) -> None:
    builder.drop(RevisionMade)


def one_failure(builder: RunBuilder) -> None:
    builder.requests[7] = replace(builder.requests[7], status=500, error="app-500")


def unhealthy_for_a_moment(builder: RunBuilder) -> None:
    seen = TargetSeen(
        at_ms=T0 + 1000,
        service=OLD.service,
        group=group_arn(OLD.service),
        address=f"{OLD.address}:8080",
        state="unhealthy",
        error_ms=100,
    )
    builder.add(seen, replace(seen, at_ms=T0 + 1100, state="healthy"))


def crashed_behind_a_healthy_target(builder: RunBuilder) -> None:
    """The task is gone at 1 s; the load balancer goes on calling its target healthy."""
    seen = next(e for e in builder.entries if isinstance(e, TaskSeen) and e.task == OLD.task)
    builder.drop(TaskSeen, task=OLD.task)
    builder.add(seen, replace(seen, at_ms=T0 + 1000, status="STOPPED", error_ms=100))


def recast(builder: RunBuilder, **changes: object) -> None:
    builder.drop(TaskSeen, task=OLD.task)
    builder.drop(TargetSeen, address=f"{OLD.address}:8080")
    builder.drop(LogSeen, task=OLD.task)
    perform(builder, replace(OLD, **changes))  # type: ignore[arg-type]  # any member, by name


def sigterm_first(builder: RunBuilder) -> None:
    recast(builder, sigterm=(OLD.draining or 0) - 500, stopped=(OLD.draining or 0) + 300)


def sigterm_while_draining(builder: RunBuilder) -> None:
    recast(builder, sigterm=(OLD.left or 0) - 900)


def left_too_soon(builder: RunBuilder) -> None:
    """The delay is 30 s (3 s real): a target that left after 2 s real did not have all of it."""
    recast(builder, left=(OLD.draining or 0) + 2000, sigterm=(OLD.draining or 0) + 2100)


def never_drained(builder: RunBuilder) -> None:
    recast(builder, draining=None, left=None)


def still_there(builder: RunBuilder) -> None:
    recast(builder, stop=None, draining=None, left=None, sigterm=None, stopped=None)


def served_while_draining(builder: RunBuilder) -> None:
    at = T0 + (OLD.draining or 0) + 1200  # real; 1.1 s is allowed
    row = next(r for r in builder.requests if r.scheduled_ms >= at and r.error is None)
    builder.requests[builder.requests.index(row)] = replace(row, task=OLD.task)


def served_after_leaving(builder: RunBuilder) -> None:
    """The delay is shorter than what is allowed for propagation: leaving is the limit."""
    recast(builder, left=(OLD.draining or 0) + 500, sigterm=(OLD.draining or 0) + 600)
    at = T0 + (OLD.draining or 0) + 600
    row = next(r for r in builder.requests if r.scheduled_ms >= at and r.error is None)
    builder.requests[builder.requests.index(row)] = replace(row, task=OLD.task)


def orders_found(**members: object) -> Change:
    def change(builder: RunBuilder) -> None:
        builder.drop(OrdersSeen)
        seen = OrdersSeen(at_ms=T0 + 16_000, acknowledged=20, found=19)
        builder.add(replace(seen, **members))  # type: ignore[arg-type]  # any member, by name

    return change


def rolled_back(builder: RunBuilder) -> None:
    seen = service_seen(10_450, OLD.service, 1)
    reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."
    primary = replace(seen.deployments[0], reason=reason)
    builder.add(replace(seen, deployments=(primary,)))


def unfinished(builder: RunBuilder) -> None:
    seen = service_seen(10_450, OLD.service, 2, "IN_PROGRESS")
    old = DeploymentSeen(
        id="ecs-svc/1",
        status="ACTIVE",
        task_definition=definition_arn(OLD.service, 1),
        rollout="COMPLETED",
    )
    builder.add(replace(seen, deployments=(*seen.deployments, old)))


def one_task_short(builder: RunBuilder) -> None:
    builder.add(replace(service_seen(10_450, OLD.service, 2), running=1))


def old_task_answers(builder: RunBuilder) -> None:
    builder.add(AnswerSeen(at_ms=T0 + 16_000, task=OLD.task, version="1"))


def many_drained(builder: RunBuilder) -> None:
    """Nobody observed the service after the deployment began."""
    builder.drop(ServiceSeen, service=OLD.service)


BAD: list[tuple[str, str, Change, str]] = [
    ("a load that was killed", OFFER, killed, "was killed"),
    ("a failed self-test", OFFER, without_self_test, "3 of 10 drops"),
    ("fewer arrivals than asked for", OFFER, too_few, "only 2800 requests of at least 6000"),
    ("a tenth of the rate missing", OFFER, too_slow, "180/s instead of 200/s (10 % off"),
    ("a generator that lags", OFFER, late, "p99 of the generator's lag 400 ms"),
    ("a dropped arrival", OFFER, dropping, "1 arrivals were dropped"),
    ("no draining target", SIGHT, without_draining, "no target was seen draining"),
    ("no new task", SIGHT, without_new_tasks, "no new task was seen"),
    ("a failed request", REQUESTS, one_failure, "1 of 2800 requests failed"),
    ("a target unhealthy for one poll", CAPACITY, unhealthy_for_a_moment, "only 1 healthy"),
    ("a dead task behind a target", CAPACITY, crashed_behind_a_healthy_target, "only 1 healthy"),
    ("SIGTERM before draining", ORDER, sigterm_first, "before its target began to drain"),
    ("SIGTERM while draining", ORDER, sigterm_while_draining, "before its target left"),
    ("a delay cut short", ORDER, left_too_soon, "of its 30 s delay"),
    ("a target that never drained", ORDER, never_drained, "without its target ever draining"),
    ("an old task that stays", ORDER, still_there, "is still there"),
    ("a request to a draining target", DRAINED, served_while_draining, "1 to task"),
    ("a request to a target that left", DRAINED, served_after_leaving, "1 to task"),
    ("a lost order", ORDERS, orders_found(lost=("0123",)), "1 lost (0123)"),
    ("a doubled order", ORDERS, orders_found(doubled=("0123",)), "1 doubled (0123)"),
    ("another order", ORDERS, orders_found(different=("0123",)), "1 not what was acknowledged"),
    ("a rollback", ROLLOUT, rolled_back, "rolled back or replaced: ECS deployment circuit"),
    ("an unfinished deployment", ROLLOUT, unfinished, "was still deploying"),
    ("a task missing at the end", ROLLOUT, one_task_short, "runs 1 of 2 tasks"),
    ("an old task still running", ROLLOUT, still_there, "still runs tasks of another revision"),
    ("an old task that answers", ROLLOUT, old_task_answers, "still answers from old task"),
]


@pytest.mark.parametrize(
    ("name", "change", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_run_fails(name: str, change: Change, words: str, tmp_path: Path) -> None:
    builder = deployment()
    change(builder)
    finding = CHECKS[name].run(builder.history(tmp_path))
    assert finding.result is Result.FAIL, finding.sentence
    assert words in finding.sentence


UNCLEAR: list[tuple[str, str, Change, str]] = [
    ("no word on orders", ORDERS, lambda b: b.drop(OrdersSeen), "were not asked for"),
    ("an order that got no answer", ORDERS, orders_found(unanswered=1), "could not be asked"),
    ("a list that cannot be had", ORDERS, orders_found(doubled_known=False), "not observable"),
    ("a service not observed", ROLLOUT, many_drained, "never observed"),
]


@pytest.mark.parametrize(
    ("name", "change", "words"), [case[1:] for case in UNCLEAR], ids=[case[0] for case in UNCLEAR]
)
def test_what_was_not_observed_is_unknown(
    name: str, change: Change, words: str, tmp_path: Path
) -> None:
    builder = deployment()
    change(builder)
    finding = CHECKS[name].run(builder.history(tmp_path))
    assert finding.result is Result.UNKNOWN, finding.sentence
    assert words in finding.sentence


def test_sigterm_is_judged_by_task_states_where_logs_are_missing(tmp_path: Path) -> None:
    builder = deployment()
    builder.drop(LogSeen)
    assert CHECKS[ORDER].run(builder.history(tmp_path / "good")).result is Result.PASS
    sigterm_first(builder)
    builder.drop(LogSeen)
    assert CHECKS[ORDER].run(builder.history(tmp_path / "bad")).result is Result.FAIL


def test_an_order_within_the_observation_error_is_not_held_against_the_target(
    tmp_path: Path,
) -> None:
    """SIGTERM 60 ms before the poll that no longer saw the target; that poll may be 110 ms late."""
    builder = deployment()
    recast(builder, sigterm=(OLD.left or 0) - 60)
    assert CHECKS[ORDER].run(builder.history(tmp_path)).result is Result.PASS


def test_an_address_used_again_belongs_to_the_newer_task(tmp_path: Path) -> None:
    builder = deployment()
    again = Cast(
        task="f" * 32,
        service=OLD.service,
        address=OLD.address,
        new=True,
        started=9000.0,
        healthy=10_500.0,
    )
    perform(builder, again)
    assert CHECKS[ORDER].run(builder.history(tmp_path)).result is Result.PASS


def test_a_check_that_breaks_is_unknown_and_the_run_invalid(good: History) -> None:
    def broken(_history: History) -> None:
        raise RuntimeError("planted")

    check = Check("planted", broken)  # type: ignore[arg-type]  # a judge that breaks
    verdict = judge_history(good, (check,))
    assert verdict.outcome is Outcome.INVALID
    assert "planted" in verdict.reason

"""The deployment circuit breaker: what counts as a failure, when it trips, what to go back to.

Source: "How the Amazon ECS deployment circuit breaker detects failures" in the ECS Developer
Guide, and R3.1-R3.8.
"""

from collections.abc import Iterator

from infra.local.scheduler.draft import Draft
from infra.local.scheduler.health import healthy_since_ms
from infra.local.scheduler.model import (
    Breaker,
    Deployment,
    FailCause,
    Observed,
    RolloutState,
    ServiceSpec,
    StopCode,
    Task,
    ThresholdType,
)
from infra.local.scheduler.steps import CountFailure, FailDeployment, ResetFailures
from infra.local.scheduler.view import Crew, View

THRESHOLD_MIN, THRESHOLD_MAX = 3, 200  # of BOUNDED_PERCENT; the minimum was 10 until 2023
DIED = (StopCode.TASK_FAILED_TO_START, StopCode.ESSENTIAL_CONTAINER_EXITED)


def threshold(breaker: Breaker, desired_count: int) -> int:
    """How many failures trip the breaker: percentages of the desired count round up (R3.1, R3.2).

    That UNBOUNDED_PERCENT rounds up, to at least 1, is a guess.
    """
    if breaker.kind is ThresholdType.COUNT:
        return breaker.value
    share = -(-desired_count * breaker.value // 100)
    if breaker.kind is ThresholdType.UNBOUNDED_PERCENT:
        return max(1, share)
    return min(max(share, THRESHOLD_MIN), THRESHOLD_MAX)


def judge_deployment(spec: ServiceSpec, observed: Observed, view: View, draft: Draft) -> bool:
    """Count what is new of the primary deployment; true if it is failed now.

    Counting goes on without a breaker: `failedTasks` shows it. It ends with the threshold: of
    several failures at once those beyond it are not counted.
    """
    deployment = view.primary.deployment
    if deployment.rollout is not RolloutState.IN_PROGRESS or spec.draining:
        return False
    if deployment.stop_asked:
        why = "StopServiceDeployment was called (R3.17)"
        _fail(view, FailCause.REQUESTED, why, draft, rollback=True)
        return True
    count = 0 if _is_reset(spec, view.primary, draft) else deployment.failures
    limit = threshold(spec.breaker, spec.desired_count)
    for step in _new_failures(spec.breaker, deployment, observed):
        if spec.breaker.enabled and count >= limit:
            break
        draft.add(step)
        count += 1
    if not spec.breaker.enabled or count < limit:
        return False
    why = f"{count} failed tasks, the threshold is {limit} (R3.1)"
    _fail(view, FailCause.BREAKER, why, draft, rollback=spec.breaker.rollback)
    return True


def _is_reset(spec: ServiceSpec, crew: Crew, draft: Draft) -> bool:
    """Whether a task became healthy after the last failure: RUNNING alone is not enough (R3.4)."""
    deployment = crew.deployment
    if not deployment.failures or not spec.breaker.reset_on_healthy:
        return False
    since = [healthy_since_ms(spec, task, draft) for task in crew.healthy]
    if not any(at_ms is not None and at_ms > deployment.failed_ms for at_ms in since):
        return False
    draft.add(ResetFailures(deployment.id, "a task became healthy (R3.4)"))
    return True


def _new_failures(
    breaker: Breaker, deployment: Deployment, observed: Observed
) -> Iterator[CountFailure]:
    for task in sorted(observed.tasks, key=lambda t: t.id):
        if task.deployment != deployment.id or task.counted:
            continue
        why = _failure(breaker, deployment, task)
        if why is not None:
            yield CountFailure(task.id, deployment.id, why)


def _failure(breaker: Breaker, deployment: Deployment, task: Task) -> str | None:
    """Why the task is a failure of its deployment, None if it is not (R3.3, R3.5).

    What ended before the deployment began, or began again, is none of it.
    """
    if task.condemned:
        ended_ms, why = task.stop_asked_ms, "a health check condemned it (R3.3)"
    elif task.stop_code not in DIED:
        return None
    elif task.started_ms is None:
        ended_ms = None if deployment.ran else task.died_ms
        why = "it stopped without having been RUNNING, as none has been (R3.3)"
    else:
        ended_ms = task.died_ms if breaker.count_exits else None
        why = "it ended by itself after it was RUNNING (R3.5)"
    return None if ended_ms is None or ended_ms < deployment.begun_ms else why


def _fail(view: View, cause: FailCause, why: str, draft: Draft, *, rollback: bool) -> None:
    """Go back to the newest other deployment that COMPLETED, if there is one (R3.7)."""
    completed = (c.deployment for c in view.old if c.deployment.rollout is RolloutState.COMPLETED)
    home = next(completed, None) if rollback else None
    back_to = None if home is None else home.id
    draft.add(FailDeployment(view.primary.deployment.id, cause, back_to, why))

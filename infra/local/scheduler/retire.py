"""Which tasks to stop: condemned ones, old ones that new ones stand in for, surplus ones.

No rule here stops a healthy task beyond the budget's `spare`, so the floor holds (R2.1, R2.6).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.scheduler.draft import Draft
from infra.local.scheduler.health import failed_target
from infra.local.scheduler.model import RolloutState, ServiceSpec, StopCode, Task
from infra.local.scheduler.placement import pick_stops
from infra.local.scheduler.steps import StopTask
from infra.local.scheduler.view import Crew, View


@dataclass(slots=True)
class Budget:
    """What one pass may still do: tasks to start, and healthy tasks to stop.

    `wanted` old tasks must be healthy, or on their way, until new ones stand in for them.
    """

    room: int
    spare: int
    wanted: int


def stop_failed(spec: ServiceSpec, view: View, short: int, draft: Draft) -> int:
    """Stop condemned tasks of the primary deployment: once a replacement is healthy, or, to make
    room for it, one at a time: the next only when the last replacement has proved itself (R2.6).
    Returns how many."""
    crew = view.primary
    surplus = len(crew.healthy) + len(crew.failed) - spec.desired_count
    if surplus <= 0 and short > 0 and not crew.young:
        surplus = 1
    return _condemn(surplus, crew.failed, draft)


def retire_old(spec: ServiceSpec, view: View, short: int, budget: Budget, draft: Draft) -> int:
    """Stop old tasks that new ones stand in for, and, if the ceiling holds `short` new tasks
    back, as many more as the floor allows. Returns how many.

    Never so many that `wanted` would bring an old task back: that would go on for ever.
    """
    keep = max(0, spec.desired_count - view.primary.ripe)
    crews = sorted(view.old, key=lambda c: c.deployment.rollout is RolloutState.COMPLETED)
    failed = [t for crew in crews for t in crew.failed]
    healthy = sum(len(crew.healthy) for crew in crews)
    surplus = max(healthy + len(failed) - keep, min(short, len(failed)))
    stopped = _condemn(surplus, failed, draft)
    hopeful = sum(crew.hopeful for crew in crews)
    count = max(hopeful - keep, min(short - stopped, hopeful - max(0, budget.wanted)))
    return stopped + _stop_hopeful(count, crews, view, budget, draft)


def scale_in(spec: ServiceSpec, view: View, budget: Budget, draft: Draft) -> int:
    """Stop what the primary deployment has beyond the desired count. Returns how many."""
    surplus = view.primary.hopeful - spec.desired_count
    return _stop_hopeful(surplus, [view.primary], view, budget, draft)


def _stop_hopeful(
    count: int, crews: Iterable[Crew], view: View, budget: Budget, draft: Draft
) -> int:
    """Stop up to `count` tasks, crew by crew, those that are not yet healthy first."""
    stopped = 0
    for crew in crews:
        doomed = pick_stops(count - stopped, crew.young)
        stopped += len(doomed)
        spared = pick_stops(min(count - stopped, budget.spare), crew.healthy)
        stopped += len(spared)
        budget.spare -= len(spared)
        for task in doomed + spared:
            draft.add(_scaling_stop(task, view))
    return stopped


def _scaling_stop(task: Task, view: View) -> StopTask:
    deployment = view.primary.deployment.id
    reason = f"Scaling activity initiated by (deployment {deployment})"
    code = StopCode.SERVICE_SCHEDULER_INITIATED
    return StopTask(task.id, code, reason, "it is not wanted any more, or stands in the way")


def _condemn(count: int, failed: Iterable[Task], draft: Draft) -> int:
    doomed = pick_stops(max(0, count), failed)
    for task in doomed:
        draft.add(_stop_for_health(task))
    return len(doomed)


def _stop_for_health(task: Task) -> StopTask:
    target = failed_target(task)
    code = StopCode.SERVICE_SCHEDULER_INITIATED
    if target is None:
        reason = "Task failed container health checks"
        return StopTask(task.id, code, reason, "its health check condemned it", failed_check=True)
    reason = f"Task failed ELB health checks in (target-group {target.group})"
    return StopTask(task.id, code, reason, "its load balancer condemned it", failed_target=target)

"""When a task counts as healthy, and when as failed (R2.2, R2.8)."""

from infra.local.scheduler.draft import Draft
from infra.local.scheduler.model import (
    HealthStatus,
    ServiceSpec,
    Target,
    TargetState,
    Task,
    TaskStatus,
)


def healthy_since_ms(spec: ServiceSpec, task: Task, draft: Draft) -> int | None:
    """Since when the task counts towards the minimum healthy percent; None if it does not.

    With target groups: RUNNING and healthy in every one, and its container check HEALTHY if it
    has one. With a check only: HEALTHY. With neither: RUNNING for `unchecked_ms`.
    """
    if task.status is not TaskStatus.RUNNING or task.started_ms is None:
        return None
    if not spec.groups and not task.checked:
        at_ms = task.started_ms + spec.tempo.unchecked_ms
        return at_ms if draft.due(at_ms, f"task {task.id} to count as healthy") else None
    if task.checked and task.health is not HealthStatus.HEALTHY:
        return None
    healthy = {t.group: t.since_ms for t in task.targets if t.state is TargetState.HEALTHY}
    if any(group not in healthy for group in spec.groups):
        return None
    since = [healthy[group] for group in spec.groups]
    return max([*since, task.health_ms] if task.checked else since)


def failed_target(task: Task) -> Target | None:
    """The first target, by group, that its load balancer calls unhealthy."""
    sick = (t for t in task.targets if t.state is TargetState.UNHEALTHY)
    return min(sick, key=lambda t: t.group, default=None)


def has_failed(spec: ServiceSpec, task: Task, draft: Draft) -> bool:
    """Whether a health check condemns the task: never within its grace period (R2.8)."""
    if task.status is not TaskStatus.RUNNING or task.started_ms is None:
        return False
    if task.health is not HealthStatus.UNHEALTHY and failed_target(task) is None:
        return False
    return draft.due(task.started_ms + spec.grace_ms, f"grace period of task {task.id}")

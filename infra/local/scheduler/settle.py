"""When a deployment is completed and when the service is steady (R2.12, R2.13, R2.20)."""

from infra.local.scheduler.draft import Draft
from infra.local.scheduler.lifecycle import ORDER
from infra.local.scheduler.model import Observed, RolloutState, ServiceSpec, Task, TaskStatus
from infra.local.scheduler.steps import CompleteDeployment, MarkInactive, MarkSteady
from infra.local.scheduler.view import View


def settle(spec: ServiceSpec, observed: Observed, view: View, draft: Draft) -> None:
    """Add what is to be said of the service's state, if anything changed."""
    if spec.draining:
        if not spec.inactive:
            _settle_deleted(observed, draft)
        return
    calm = _is_calm(spec, view)
    completed = view.primary.deployment.rollout is RolloutState.COMPLETED
    if calm and not completed and _old_are_gone(observed, view):
        completed = _complete(spec, observed, view, draft)
    if calm and completed and not view.old and not observed.steady:
        draft.add(MarkSteady(True, "as many tasks as desired, all healthy, no work pending"))
    elif observed.steady and not (calm and completed):
        draft.add(MarkSteady(False, "a task is missing, surplus, unhealthy or not yet healthy"))


def _is_calm(spec: ServiceSpec, view: View) -> bool:
    crew = view.primary
    return len(crew.healthy) == spec.desired_count == len(view.active)


def _old_are_gone(observed: Observed, view: View) -> bool:
    """Whether every task of another deployment is STOPPED: draining ones are not (R2.13)."""
    primary = view.primary.deployment.id
    return all(t.status is TaskStatus.STOPPED for t in observed.tasks if t.deployment != primary)


def _complete(spec: ServiceSpec, observed: Observed, view: View, draft: Draft) -> bool:
    deployment = view.primary.deployment
    if deployment.rollout is RolloutState.FAILED:
        return False
    since_ms = max((_settled_ms(t) for t in observed.tasks), default=deployment.created_ms)
    if not draft.due(since_ms + spec.tempo.complete_ms, "completion of the deployment (R2.13)"):
        return False
    draft.add(CompleteDeployment(deployment.id, "its tasks are healthy, all others are stopped"))
    return not view.old


def _settled_ms(task: Task) -> int:
    return max([task.since_ms, *(t.since_ms for t in task.targets)])


def _settle_deleted(observed: Observed, draft: Draft) -> None:
    stopping = ORDER.index(TaskStatus.STOPPING)
    if all(ORDER.index(t.status) >= stopping for t in observed.tasks):
        draft.add(MarkInactive("the deleted service's tasks are all stopping or stopped"))

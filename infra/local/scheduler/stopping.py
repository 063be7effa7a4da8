"""How a task ends: deregister, wait for the whole delay, SIGTERM, stopTimeout, SIGKILL.

The order is rule R1.20: a task that the scheduler stops gets SIGTERM only after its targets have
left `draining`, so the deregistration delay and stopTimeout add up. A task that died, and (R1.21)
one that StopTask ends, is not waited for.
"""

from infra.local.scheduler.draft import Draft
from infra.local.scheduler.model import (
    Container,
    StopCode,
    StopOrder,
    TargetState,
    Task,
    TaskStatus,
    Tempo,
)
from infra.local.scheduler.steps import BeginStop, DeregisterTargets, Kill, Terminate

GONE = (TargetState.DRAINING, TargetState.UNUSED)


def stop_task(task: Task, tempo: Tempo, order: StopOrder, draft: Draft) -> None:
    """Add what is due for a task that is ending; nothing for one that is not."""
    if task.stop_asked_ms is None and task.died_ms is None:
        return
    _deregister(task, tempo, order, draft)
    if task.status is TaskStatus.DEACTIVATING and _may_begin(task, tempo, order, draft):
        draft.add(BeginStop(task.id, _why_begin(task)))
    elif task.status is TaskStatus.STOPPING:
        _stop_containers(task, draft)


def _deregister(task: Task, tempo: Tempo, order: StopOrder, draft: Draft) -> None:
    routed = tuple(sorted(t.group for t in task.targets if t.state not in GONE))
    if not routed:
        return
    if _signalled_first(task, order) and _awaits_signal(task):
        return
    since_ms = task.died_ms if task.stop_asked_ms is None else task.stop_asked_ms
    assert since_ms is not None
    if draft.due(since_ms + tempo.stop_tick_ms, f"deregistration of task {task.id}"):
        draft.add(DeregisterTargets(task.id, routed, "the task is stopping or has died"))


def _may_begin(task: Task, tempo: Tempo, order: StopOrder, draft: Draft) -> bool:
    if task.stop_code is StopCode.USER_INITIATED:
        return _signalled_first(task, order) or all(t.state in GONE for t in task.targets)
    if any(t.state is not TargetState.UNUSED for t in task.targets):
        return False
    unused_ms = max((t.since_ms for t in task.targets), default=task.since_ms)
    wait_ms = tempo.terminate_ms if task.targets else 0
    return draft.due(unused_ms + wait_ms, f"SIGTERM of task {task.id}")


def _signalled_first(task: Task, order: StopOrder) -> bool:
    return task.stop_code is StopCode.USER_INITIATED and order is StopOrder.SIGTERM_FIRST


def _awaits_signal(task: Task) -> bool:
    """Whether SIGTERM has still to come, and somebody is there to get it."""
    if task.status is TaskStatus.DEACTIVATING:
        return True
    signalled = any(c.terminated_ms is not None for c in task.containers)
    return not signalled and any(c.alive for c in task.containers)


def _why_begin(task: Task) -> str:
    if task.stop_code is StopCode.USER_INITIATED:
        return "StopTask: SIGTERM does not wait for the drain (R1.21)"
    return "no target group routes to the task any more (R1.20)"


def _stop_containers(task: Task, draft: Draft) -> None:
    alive = tuple(sorted((c for c in task.containers if c.alive), key=lambda c: c.name))
    for container in alive:
        if _is_needed(container, alive):
            continue
        if container.terminated_ms is None:
            draft.add(Terminate(task.id, container.name, "nothing depends on it any more (R1.33)"))
        elif not container.killed:
            _kill_in_time(task, container, container.terminated_ms, draft)


def _is_needed(container: Container, alive: tuple[Container, ...]) -> bool:
    return any(container.name in other.depends_on for other in alive)


def _kill_in_time(task: Task, container: Container, terminated_ms: int, draft: Draft) -> None:
    at_ms = terminated_ms + container.stop_timeout_ms
    if draft.due(at_ms, f"SIGKILL of {container.name} in task {task.id}"):
        draft.add(Kill(task.id, container.name, "stopTimeout is over (R1.6)"))

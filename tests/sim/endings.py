"""What must hold of every step that ends a task: I1, I6, R1.20-R1.25, R1.33."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.local.scheduler.model import StopCode, StopOrder, TargetState, Task, TaskStatus
from infra.local.scheduler.steps import DeregisterTargets, Kill, Terminate
from tests.sim.count import states

if TYPE_CHECKING:
    from tests.sim.world import World


OVER = (None, TargetState.UNUSED)
ROUTED = (TargetState.INITIAL, TargetState.HEALTHY, TargetState.UNHEALTHY)


def judge_deregister(world: "World", step: DeregisterTargets) -> Iterator[str]:
    task = world.tasks[step.task]
    since_ms = task.died_ms if task.stop_asked_ms is None else task.stop_asked_ms
    if since_ms is None:
        yield f"{step.task} is deregistered though nobody stops it"
        return
    due_ms = since_ms + world.spec.tempo.stop_tick_ms
    late = _signalled_first(world, task)
    if late and any(c.alive for c in task.containers) and not _signalled(task):
        yield f"R1.21: StopTask of {task.id} deregisters before its SIGTERM"
    if world.now_ms < due_ms or (world.now_ms > due_ms and not late):
        yield f"R1.25: {step.task} is deregistered {world.now_ms - due_ms} ms off its time"


def _signalled(task: Task) -> bool:
    return any(container.terminated_ms is not None for container in task.containers)


def _signalled_first(world: "World", task: Task) -> bool:
    first = world.spec.stop_order is StopOrder.SIGTERM_FIRST
    return first and task.stop_code is StopCode.USER_INITIATED


def judge_begin(world: "World", task: Task) -> Iterator[str]:
    if task.status is not TaskStatus.DEACTIVATING:
        yield f"{task.id} is {task.status} and is told to begin its stop"
    if task.stop_code is StopCode.USER_INITIATED:
        routed = any(state in ROUTED for state in states(world, task))
        if routed and not _signalled_first(world, task):
            yield f"R1.21: StopTask of {task.id} sends SIGTERM before it deregisters"
    elif any(state not in OVER for state in states(world, task)):
        yield f"I1: {task.id} begins to stop while its targets are {states(world, task)}"


def judge_signal(world: "World", step: Terminate | Kill) -> Iterator[str]:
    task = world.tasks[step.task]
    container = next(c for c in task.containers if c.name == step.container)
    if task.status is not TaskStatus.STOPPING or not container.alive:
        yield f"{step} though the task is {task.status}, alive: {container.alive}"
    if any(c.alive and container.name in c.depends_on for c in task.containers):
        yield f"R1.33: {step.task}/{step.container} is stopped before what depends on it"
    if isinstance(step, Terminate):
        if container.terminated_ms is not None:
            yield f"{step.task}/{step.container} gets a second SIGTERM"
        scheduled = task.died_ms is None and task.stop_code is not StopCode.USER_INITIATED
        if scheduled and any(state not in OVER for state in states(world, task)):
            yield f"I1: SIGTERM for {task.id} while its targets are {states(world, task)}"
    elif container.killed:
        yield f"{step.task}/{step.container} gets a second SIGKILL"
    elif container.terminated_ms is None:
        yield f"I6: {step.task}/{step.container} gets SIGKILL and never had SIGTERM"
    elif world.now_ms != container.terminated_ms + container.stop_timeout_ms:
        after_ms = world.now_ms - container.terminated_ms
        yield f"I6: SIGKILL for {step.task} {after_ms} ms after SIGTERM"

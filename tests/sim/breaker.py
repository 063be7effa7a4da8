"""What must hold of the circuit breaker, counted a second time: I7, I8, R3.1-R3.7."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from infra.local.scheduler.model import Deployment, Task
from infra.local.scheduler.steps import CountFailure, FailDeployment, ResetFailures
from tests.sim.count import healthy_from

if TYPE_CHECKING:
    from tests.sim.world import World


Judgement = CountFailure | ResetFailures | FailDeployment


def allowed(world: "World") -> int:
    """How many failures trip the breaker (R3.1, R3.2)."""
    chosen, desired = world.spec.breaker, world.spec.desired_count
    if chosen.kind == "COUNT":
        return chosen.value
    share = ceil(Fraction(desired * chosen.value, 100))
    if chosen.kind == "UNBOUNDED_PERCENT":
        return share or 1
    return sorted((3, share, 200))[1]


def is_failure(world: "World", deployment: Deployment, task: Task) -> bool:
    """Whether the task failed its deployment: condemned, or ended unasked (R3.3, R3.5)."""
    if task.deployment != deployment.id:
        return False
    if task.condemned:
        return (task.stop_asked_ms or 0) >= deployment.begun_ms
    if task.died_ms is None or task.died_ms < deployment.begun_ms:
        return False
    if task.stop_code not in ("TaskFailedToStart", "EssentialContainerExited"):
        return False
    if task.started_ms is not None:
        return world.spec.breaker.count_exits
    return not deployment.ran


def judge_breaker(world: "World", step: Judgement) -> Iterator[str]:
    primary, chosen = world.primary, world.spec.breaker
    if step.deployment != primary.id or primary.rollout != "IN_PROGRESS":
        yield f"{step} though the primary deployment is {primary}"
    match step:
        case CountFailure(task=name):
            task = world.tasks[name]
            if task.counted or not is_failure(world, primary, task):
                yield f"R3.3: {task} is no failure of {primary}, or counted already"
            if chosen.enabled and primary.failures >= allowed(world):
                yield f"R3.1: {primary.failures} were counted before, the threshold is reached"
        case ResetFailures():
            if not chosen.reset_on_healthy or not _recovered(world, primary):
                yield f"R3.4: the count of {primary} is reset for nothing"
        case FailDeployment():
            yield from _failed(world, step)


def _recovered(world: "World", deployment: Deployment) -> bool:
    since = [healthy_from(world, t) for t in world.tasks.values() if t.deployment == deployment.id]
    return deployment.failures > 0 and any(
        at_ms is not None and at_ms > deployment.failed_ms for at_ms in since
    )


def _failed(world: "World", step: FailDeployment) -> Iterator[str]:
    primary, chosen = world.primary, world.spec.breaker
    if step.cause == "requested":
        if not primary.stop_asked:
            yield "R3.17: stopped though nobody asked"
    elif not chosen.enabled or primary.failures < allowed(world):
        yield f"I7: tripped after {primary.failures} of {allowed(world)} failures"
    completed = [d for d in world.deployments if d.rollout == "COMPLETED" and d.id != primary.id]
    last = max(completed, key=lambda d: d.created_ms, default=None)
    back = chosen.rollback or step.cause == "requested"
    wanted = last.id if back and last is not None else None
    if step.back_to != wanted:
        yield f"I8: goes back to {step.back_to}, not to {wanted}"


def breaker_rest(world: "World") -> Iterator[str]:
    """What is wrong with counting or failing nothing now."""
    primary, chosen = world.primary, world.spec.breaker
    if primary.rollout != "IN_PROGRESS" or world.spec.draining:
        return
    if chosen.enabled and primary.failures >= allowed(world):
        yield f"I7: {primary.failures} failures, the threshold is {allowed(world)}, not tripped"
    if primary.stop_asked:
        yield "R3.17: asked to stop, nothing is done"
    missed = [t.id for t in world.tasks.values() if is_failure(world, primary, t) and not t.counted]
    if missed:
        yield f"R3.3: {missed} failed and are not counted"
    if chosen.reset_on_healthy and _recovered(world, primary):
        yield f"R3.4: the count of {primary} is not reset"

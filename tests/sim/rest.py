"""What must hold when the core says that nothing is to be done now."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.local.scheduler.model import RolloutState, Task, TaskStatus
from infra.local.scheduler.steps import Plan
from tests.sim.breaker import breaker_rest
from tests.sim.count import Count, states
from tests.sim.endings import ROUTED

if TYPE_CHECKING:
    from tests.sim.world import World


def judge_rest(world: "World", plan: Plan) -> list[str]:
    """What is wrong with doing nothing now."""
    faults = [] if plan.why else ["an empty plan says no why"]
    if plan.look_again_at_ms is not None and plan.look_again_at_ms <= world.now_ms:
        faults.append(f"{plan} asks to look again in the past")
    if not world.inactive:
        faults += [*_rest(world, plan), *breaker_rest(world)]
    return faults


def _rest(world: "World", plan: Plan) -> Iterator[str]:
    count, desired = Count(world), world.spec.desired_count
    if count.new_hopeful > desired:
        yield f"{count.new_hopeful} tasks are there and {desired} desired, nothing is done"
    idle = plan.look_again_at_ms is None
    failed = world.primary.rollout is RolloutState.FAILED
    if idle and count.lacking and count.room > 0 and not failed:
        yield f"{count.lacking} tasks are missing, there is room, nothing is done"
    if world.steady and not count.calm:
        yield "R2.12: still called steady"
    for task in world.tasks.values():
        yield from _rest_of_task(world, task, idle)


def _rest_of_task(world: "World", task: Task, idle: bool) -> Iterator[str]:
    if task.status is TaskStatus.STOPPING:
        for c in task.containers:
            overdue = c.terminated_ms is not None and not c.killed and c.alive
            if overdue and idle:
                yield f"I6: nobody will send SIGKILL to {task.id}/{c.name}"
    ending = task.stop_asked_ms is not None or task.died_ms is not None
    routed = any(state in ROUTED for state in states(world, task))
    if ending and idle and routed and task.status != "DEACTIVATING":
        yield f"{task.id} has ended or is ending, and stays registered"

"""What must hold whatever happens: safety, judged step by step (I-numbers: aws-behaviour).

The rules are written a second time, from the reference and not from the core (`tests.sim.count`).
Each function returns what is wrong, in sentences.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.local.scheduler.model import Deployment, RolloutState, Task, TaskStatus
from infra.local.scheduler.steps import (
    BeginStop,
    CompleteDeployment,
    CountFailure,
    DeregisterTargets,
    FailDeployment,
    Kill,
    MarkInactive,
    MarkSteady,
    MarkStuck,
    MarkThrottled,
    Plan,
    RegisterTargets,
    ResetFailures,
    StartTask,
    Step,
    StopTask,
    Terminate,
)
from tests.sim.breaker import judge_breaker
from tests.sim.count import Count, counts, healthy_from, is_condemned, least, most
from tests.sim.endings import judge_begin, judge_deregister, judge_signal
from tests.sim.verdicts import judge_verdict

if TYPE_CHECKING:
    from tests.sim.world import World


def judge_plan(world: "World", plan: Plan) -> list[str]:
    """What is wrong with the plan as a whole, before anything of it is done."""
    count = Count(world)
    unsteady = any(isinstance(step, MarkSteady) and not step.steady for step in plan.steps)
    faults = (
        ["R2.12: not steady any more, for nothing"]
        if count.calm and count.settled and unsteady
        else []
    )
    return faults if plan.why else [*faults, "a plan says no why"]


def judge_step(world: "World", step: Step) -> list[str]:
    """What is wrong with taking this step now."""
    faults = list(_judge(world, step))
    if not step.why:
        faults.append(f"{step} says no why")
    name = getattr(step, "task", None)
    # what crashed may be STOPPED before its tick; what failed is counted afterwards
    late = isinstance(step, DeregisterTargets | CountFailure)
    if name is not None and not late and world.tasks[name].status is TaskStatus.STOPPED:
        faults.append(f"{step} is for a task that has STOPPED")
    return faults


def _judge(world: "World", step: Step) -> Iterator[str]:
    match step:
        case StartTask():
            yield from _start(world, step)
        case RegisterTargets():
            yield from _register(world, step)
        case StopTask():
            yield from _stop(world, step)
        case DeregisterTargets():
            yield from judge_deregister(world, step)
        case BeginStop():
            yield from judge_begin(world, world.tasks[step.task])
        case Terminate() | Kill():
            yield from judge_signal(world, step)
        case CountFailure() | ResetFailures() | FailDeployment():
            yield from judge_breaker(world, step)
        case CompleteDeployment() | MarkSteady() | MarkStuck() | MarkInactive() | MarkThrottled():
            yield from judge_verdict(world, step)


def _start(world: "World", step: StartTask) -> Iterator[str]:
    count = Count(world)
    deployment = next(d for d in world.deployments if d.id == step.deployment)
    if count.room <= 0:
        yield f"I5: {count.active} tasks are active, the ceiling is {most(world)}, one more starts"
    if world.spec.draining or deployment.rollout is RolloutState.FAILED:
        yield f"I7: a task of {deployment} starts"
    if deployment.primary and count.lacking <= 0:
        yield f"a task starts though {count.new_hopeful} of {world.spec.desired_count} are there"
    if not deployment.primary:
        if deployment.rollout is not RolloutState.COMPLETED:
            yield f"R2.5: a task of the superseded {deployment} starts"
        if count.new_healthy + count.old_hopeful >= least(world):
            yield "R2.5: an old task starts though the floor holds without it"
    yield from _zone(world, step)
    yield from _launch_time(world, deployment)
    if step.unhealthy != any(
        is_condemned(world, t) for t in world.tasks.values() if t.deployment == deployment.id
    ):
        yield f"R2.7: {step} is wrong about an unhealthy task"


def _zone(world: "World", step: StartTask) -> Iterator[str]:
    own = [t.zone for t in world.tasks.values() if counts(t) and t.deployment == step.deployment]
    if step.zone not in world.spec.zones:
        yield f"zone {step.zone} is not one of {world.spec.zones}"
    elif own.count(step.zone) > min(own.count(zone) for zone in world.spec.zones):
        yield f"R2.16: {step.zone} has more tasks of {step.deployment} than another zone: {own}"


def _launch_time(world: "World", deployment: Deployment) -> Iterator[str]:
    tempo, failures = world.spec.tempo, deployment.launch_failures
    if failures:
        pause_ms = min(tempo.throttle_max_ms, tempo.throttle_ms * 2 ** (failures - 1))
        if world.now_ms < deployment.last_failure_ms + pause_ms:
            yield f"R2.11: launched within the pause of {pause_ms} ms after {failures} failures"
        if failures >= 3 and not deployment.throttled:
            yield "R2.11: launched without saying that launches fail"
    lost = [t.died_ms for t in world.tasks.values() if t.deployment == deployment.id]
    if any(at_ms is not None and world.now_ms < at_ms + tempo.replace_ms for at_ms in lost):
        yield "R1.23: a replacement starts earlier than replace_ms after a death"


def _register(world: "World", step: RegisterTargets) -> Iterator[str]:
    task = world.tasks[step.task]
    if task.started_ms is None or not counts(task) or task.status is not TaskStatus.RUNNING:
        yield f"R1.4: {task} is registered but does not run"
    elif world.now_ms != task.started_ms + world.spec.tempo.register_ms:
        yield f"R1.4: {step.task} is registered at another time than register_ms after its start"
    if sorted(step.groups) != sorted(world.spec.groups):
        yield f"{step.task} is registered in {step.groups} only"


def _stop(world: "World", step: StopTask) -> Iterator[str]:
    task, count = world.tasks[step.task], Count(world)
    primary = task.deployment == world.primary.id
    if not counts(task):
        yield f"{step.task} is stopped a second time"
    if step.failed_target is not None or step.failed_check:
        yield from _condemn(world, step, task, count)
        return
    if healthy_from(world, task) is not None and count.healthy - 1 < least(world):
        yield f"I4: {step.task} is healthy, {count.healthy} are, the floor is {least(world)}"
    if primary and count.new_hopeful <= world.spec.desired_count:
        yield f"{step.task} of the primary deployment is stopped though it is wanted"
    if not primary:
        yield from _retire(world, count, f"old task {step.task}")


def _retire(world: "World", count: Count, task: str) -> Iterator[str]:
    stood_in_for = count.old_hopeful > world.spec.desired_count - count.ripe
    if not stood_in_for and not count.held_back:
        yield f"I9: {task} is stopped, {count.ripe} new ones have proved themselves"
    if count.new_healthy + count.old_hopeful - 1 < least(world):
        yield f"{task} is stopped and will have to be started again"


def _condemn(world: "World", step: StopTask, task: Task, count: Count) -> Iterator[str]:
    if not is_condemned(world, task):
        yield f"R2.8: {step.task} is condemned in its grace period or for nothing"
    desired = world.spec.desired_count
    if task.deployment == world.primary.id:
        replaced = count.new_healthy + count.new_sick > desired
        alone = count.held_back and count.new_young == 0
        if not replaced and not (alone and count.room <= 0):
            yield f"I16: {step.task} is stopped before its replacement is healthy"
    elif count.old_healthy + count.old_sick <= desired - count.ripe and not count.held_back:
        yield f"I16: old task {step.task} is stopped before its replacement is healthy"

"""What must hold of what the scheduler announces: I10, R2.1, R2.11, R2.12, R2.20."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.local.scheduler.steps import (
    CompleteDeployment,
    MarkInactive,
    MarkSteady,
    MarkStuck,
    MarkThrottled,
)
from tests.sim.count import Count, least

if TYPE_CHECKING:
    from tests.sim.world import World


Verdict = CompleteDeployment | MarkSteady | MarkStuck | MarkThrottled | MarkInactive


def judge_verdict(world: "World", step: Verdict) -> Iterator[str]:
    match step:
        case CompleteDeployment():
            yield from _complete(world, step)
        case MarkSteady():
            if step.steady:
                yield from _steady(world)
        case MarkStuck():
            yield from _stuck(world)
        case MarkInactive():
            ending = ("STOPPING", "DEPROVISIONING", "STOPPED")
            if not world.spec.draining or any(t.status not in ending for t in world.tasks.values()):
                yield "R2.20: inactive with tasks that are not even STOPPING"
        case MarkThrottled():
            told = next(d for d in world.deployments if d.id == step.deployment)
            if told.launch_failures < 3 or told.throttled:
                yield f"R2.11: throttled after {told.launch_failures} failed launches"


def _complete(world: "World", step: CompleteDeployment) -> Iterator[str]:
    count, primary = Count(world), world.primary
    old = [t for t in world.tasks.values() if t.deployment != primary.id]
    if not count.calm or any(t.status != "STOPPED" for t in old):
        yield f"I10: completed with {count.new_healthy} healthy and old tasks {old}"
    if step.deployment != primary.id or primary.rollout != "IN_PROGRESS":
        yield f"completed: {primary}"


def _steady(world: "World") -> Iterator[str]:
    count = Count(world)
    if not count.calm or not count.settled or world.steady:
        yield f"R2.12: steady with {count.new_healthy} of {world.spec.desired_count} healthy"


def _stuck(world: "World") -> Iterator[str]:
    count = Count(world)
    coming = count.new_hopeful + count.old_hopeful - count.healthy
    free = count.room > 0 or count.healthy > least(world)
    if free or coming or not count.held_back or world.stuck:
        yield f"R2.1: stuck with room for {count.room} and {coming} tasks coming"

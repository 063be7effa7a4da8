"""The scheduler's arithmetic, written a second time for those who judge it.

Nothing here calls the code under test: percentages, what counts as healthy and what is condemned
follow R2.1, R2.2, R2.3 and R2.8 alone.
"""

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from infra.local.scheduler.model import HealthStatus, TargetState, Task, TaskStatus

if TYPE_CHECKING:
    from tests.sim.world import World


STARTING = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING")


def least(world: "World") -> int:
    """The smallest whole number that is at least minimumHealthyPercent of the desired count."""
    return ceil(Fraction(world.spec.desired_count * world.spec.minimum_healthy_percent, 100))


def most(world: "World") -> int:
    """The largest whole number that is at most maximumPercent of the desired count."""
    return floor(Fraction(world.spec.desired_count * world.spec.maximum_percent, 100))


def states(world: "World", task: Task) -> list[TargetState | None]:
    entries = [world.groups[name].entries.get(task.id) for name in world.spec.groups]
    return [None if entry is None else entry.state for entry in entries]


def healthy_from(world: "World", task: Task) -> int | None:
    """Since when the task has been healthy, None if it is not (R2.2)."""
    if task.started_ms is None or not counts(task) or task.status is not TaskStatus.RUNNING:
        return None
    since = [task.started_ms]
    for name in world.spec.groups:
        entry = world.groups[name].entries.get(task.id)
        if entry is None or entry.state is not TargetState.HEALTHY:
            return None
        since.append(entry.since_ms)
    if task.checked:
        if task.health is not HealthStatus.HEALTHY:
            return None
        since.append(task.health_ms)
    if not world.spec.groups and not task.checked:
        since.append(task.started_ms + world.spec.tempo.unchecked_ms)
    return max(since) if max(since) <= world.now_ms else None


def is_condemned(world: "World", task: Task) -> bool:
    """Whether a check has failed and the grace period is over (R2.8)."""
    if task.status is not TaskStatus.RUNNING or not counts(task) or task.started_ms is None:
        return False
    failed = TargetState.UNHEALTHY in states(world, task)
    failed = failed or task.health is HealthStatus.UNHEALTHY
    return failed and world.now_ms - task.started_ms >= world.spec.grace_ms


def counts(task: Task) -> bool:
    return task.desired == "RUNNING" and task.status in STARTING


class Count:
    """How many there are of what, for the primary deployment and for all others."""

    def __init__(self, world: "World") -> None:
        primary = world.primary.id
        counted = [t for t in world.tasks.values() if counts(t)]
        self.active = len(counted)
        new = [t for t in counted if t.deployment == primary]
        old = [t for t in counted if t.deployment != primary]
        self.new_healthy, self.new_sick, self.new_hopeful = _sort(world, new)
        self.old_healthy, self.old_sick, self.old_hopeful = _sort(world, old)
        since = [healthy_from(world, t) for t in new]
        old_enough = world.now_ms - world.spec.tempo.stop_old_ms
        self.ripe = sum(1 for at_ms in since if at_ms is not None and at_ms <= old_enough)
        self.healthy = self.new_healthy + self.old_healthy
        self.lacking = max(0, world.spec.desired_count - self.new_hopeful)
        self.room = most(world) - self.active
        self.calm = self.new_healthy == self.active == world.spec.desired_count
        self.settled = world.primary.rollout == "COMPLETED" and len(world.deployments) == 1

    @property
    def new_young(self) -> int:
        return self.new_hopeful - self.new_healthy

    @property
    def held_back(self) -> bool:
        """Whether the ceiling keeps new tasks from starting."""
        return self.lacking > self.room


def _sort(world: "World", tasks: list[Task]) -> tuple[int, int, int]:
    well = sum(1 for t in tasks if healthy_from(world, t) is not None)
    sick = sum(1 for t in tasks if is_condemned(world, t))
    return well, sick, len(tasks) - sick

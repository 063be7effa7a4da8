"""Where a service's tasks live: they start, fail, answer health checks and end, from a seed.

What happens is drawn from one `random.Random` and waits in a queue. Nothing here decides anything:
the world (`tests.sim.world`) carries out plans on this stage.
"""

import heapq
import random
from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum

from infra.local.scheduler.lifecycle import TaskEvent
from infra.local.scheduler.model import (
    Container,
    Deployment,
    HealthStatus,
    ServiceSpec,
    StopCode,
    Task,
    TaskStatus,
)
from infra.local.scheduler.steps import (
    Step,
)
from tests.sim.balancer import Group
from tests.sim.core import Core
from tests.sim.nature import Body, Nature, Range

KEPT_MS = (30_000, 300_000)  # stopped tasks are forgotten; ECS takes an hour at least (R1.9)


class ViolationError(AssertionError):
    """The core broke a promise. The message tells what, when, and what happened before."""


class Kind(StrEnum):
    """What can happen to a task by itself."""

    PROVISIONED = "provisioned"
    PULLED = "pulled"
    STARTED = "started"
    ENDED = "ended"
    PROBED = "probed"
    RELEASED = "released"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that will happen; `generation` outdates answers to health checks."""

    kind: Kind
    task: str
    container: str
    generation: int


@dataclass(slots=True)
class Stage:
    """One service and everything it runs on; its tasks live here, on a virtual clock."""

    spec: ServiceSpec
    groups: dict[str, Group]
    containers: tuple[Container, ...]
    essential: frozenset[str]
    checked: bool
    rng: random.Random
    core: Core
    now_ms: int = 1_000_000
    deployments: list[Deployment] = field(default_factory=list)
    natures: dict[str, Nature] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    bodies: dict[str, Body] = field(default_factory=dict)
    steady: bool = False
    stuck: bool = False
    inactive: bool = False
    steps_taken: list[tuple[int, Step]] = field(default_factory=list)
    trail: deque[str] = field(default_factory=lambda: deque(maxlen=40))
    _queue: list[tuple[int, int, Event]] = field(default_factory=list)
    _count: int = 0
    _look_ms: int | None = None
    _jumps: int = 0

    @property
    def primary(self) -> Deployment:
        return next(d for d in self.deployments if d.primary)

    # ---- a task's life

    def _happen(self) -> None:
        for group in self.groups.values():
            group.run(self.now_ms)
        while self._queue and self._queue[0][0] <= self.now_ms:
            _, _, event = heapq.heappop(self._queue)
            if event.task in self.tasks:
                self._event(event)

    def end(self, task: str, container: str) -> None:
        """A container's process ends, asked or unasked."""
        record = self.tasks[task]
        if not any(c.name == container and c.alive for c in record.containers):
            return
        self._note(f"{task}/{container} ends")
        asked = any(c.name == container and c.terminated_ms is not None for c in record.containers)
        left = tuple(
            replace(c, alive=False) if c.name == container else c for c in record.containers
        )
        self.tasks[task] = replace(record, containers=left)
        if container in self.essential and not asked:
            self._die(task)
        self._condition(task)
        self._exit_if_empty(task)

    def _event(self, event: Event) -> None:
        task = event.task
        match event.kind:
            case Kind.PROVISIONED:
                self._advance(task, TaskEvent.PROVISIONED)
                self._later(self.bodies[task].nature.pull_ms, Kind.PULLED, task)
            case Kind.PULLED:
                self._pulled(task)
            case Kind.STARTED:
                self._started(task)
            case Kind.ENDED:
                self.end(task, event.container)
            case Kind.PROBED:
                self._probed(event)
            case Kind.RELEASED:
                self._advance(task, TaskEvent.RELEASED)
                self._later(KEPT_MS, Kind.FORGOTTEN, task)
            case Kind.FORGOTTEN:
                del self.tasks[task], self.bodies[task]

    def _pulled(self, task: str) -> None:
        nature = self.bodies[task].nature
        if self._chance(nature.fails_to_start):
            self._die(task)
            return
        self._advance(task, TaskEvent.PULLED)
        if self.tasks[task].status is TaskStatus.ACTIVATING:
            self.tasks[task] = replace(self.tasks[task], containers=self.containers)
            self._later(nature.start_ms, Kind.STARTED, task)

    def _started(self, task: str) -> None:
        nature = self.bodies[task].nature
        self._advance(task, TaskEvent.STARTED)
        if self.tasks[task].status is not TaskStatus.RUNNING:
            return
        self.tasks[task] = replace(self.tasks[task], started_ms=self.now_ms)
        self._alter(self.tasks[task].deployment, launch_failures=0, throttled=False, ran=True)
        self._condition(task)
        if self._chance(nature.crashes):
            self._later(nature.crash_ms, Kind.ENDED, task, min(self.essential))

    def _ask_stop(self, task: str, code: StopCode) -> None:
        self.tasks[task] = replace(
            self.tasks[task],
            desired=TaskStatus.STOPPED,
            stop_asked_ms=self.now_ms,
            stop_code=code,
        )
        self._advance(task, TaskEvent.STOP_ASKED)

    def _die(self, task: str) -> None:
        """An essential container ended unasked, or the task cannot start."""
        record = self.tasks[task]
        asked = record.desired is TaskStatus.STOPPED
        if record.status is TaskStatus.STOPPED or record.died_ms is not None:
            return
        if record.started_ms is None and not asked:
            count = next(d for d in self.deployments if d.id == record.deployment).launch_failures
            self._alter(record.deployment, launch_failures=count + 1, last_failure_ms=self.now_ms)
        code = record.stop_code or StopCode.ESSENTIAL_CONTAINER_EXITED
        self.tasks[task] = replace(
            record, desired=TaskStatus.STOPPED, died_ms=self.now_ms, stop_code=code
        )
        self._note(f"{task} dies")
        self._advance(task, TaskEvent.DIED)
        self._exit_if_empty(task)

    def _exit_if_empty(self, task: str) -> None:
        record = self.tasks[task]
        if record.status is TaskStatus.STOPPING and not any(c.alive for c in record.containers):
            self._advance(task, TaskEvent.EXITED)
            self._later(self.bodies[task].nature.release_ms, Kind.RELEASED, task)

    def _passing(self, task: str) -> bool:
        record = self.tasks[task]
        serving = all(c.alive for c in record.containers if c.name in self.essential)
        return serving and not self.bodies[task].sick

    def _condition(self, task: str) -> None:
        """The answers to health checks may have changed."""
        for group in self.groups.values():
            group.condition(task, self.now_ms, self._passing(task))
        if self.checked and self.tasks[task].status is TaskStatus.RUNNING:
            self.bodies[task].generation += 1
            self._later(self.bodies[task].nature.probe_ms, Kind.PROBED, task)

    def _probed(self, event: Event) -> None:
        task = event.task
        if event.generation != self.bodies[task].generation:
            return
        health = HealthStatus.HEALTHY if self._passing(task) else HealthStatus.UNHEALTHY
        if self.tasks[task].health is not health:
            self.tasks[task] = replace(self.tasks[task], health=health, health_ms=self.now_ms)

    # ---- small things

    def _advance(self, task: str, event: TaskEvent) -> None:
        record = self.tasks[task]
        status = self.core.advance(record.status, event)
        if status is not record.status:
            self._note(f"{task} {status}")
            self.tasks[task] = replace(record, status=status, since_ms=self.now_ms)

    def _alter(self, deployment: str, **changes: object) -> None:
        self.deployments = [
            replace(d, **changes) if d.id == deployment else d  # type: ignore[arg-type]  # a few fields
            for d in self.deployments
        ]

    def _later(self, after_ms: Range, kind: Kind, task: str, container: str = "") -> None:
        self._count += 1
        at_ms = self.now_ms + self.rng.randint(*after_ms)
        event = Event(kind, task, container, self.bodies[task].generation)
        heapq.heappush(self._queue, (at_ms, self._count, event))

    def _chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def _note(self, text: str) -> None:
        self.trail.append(f"{self.now_ms:>10} {text}")

    def _demand(self, faults: list[str]) -> None:
        if faults:
            past = "\n".join(self.trail)
            raise ViolationError(f"{faults[0]}\nat {self.now_ms}, {self.spec}; before:\n{past}")

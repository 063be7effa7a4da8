"""What a drill is: a name, a question, a load, steps, and the checks that answer the question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chaos.causes import Cause
from chaos.checks.finding import Check
from chaos.clock import Clock
from chaos.effect import BREAKER, DESIRED, DRAIN, GRACE, KEEP_ALIVE, ROLLBACK, THRESHOLD
from chaos.entries import DefinitionSeen, Note, SettingSeen, Step
from chaos.journal import Journal
from chaos.run import Limits, ServiceSetup
from chaos.stop import Stop
from chaos.target import Target
from chaos.undo import Undo, UndoStack, carry_out
from chaos.watch import Observed


class Variant(StrEnum):
    """`broken` sets the one thing wrong that the drill must find; `fixed` changes nothing."""

    FIXED = "fixed"
    BROKEN = "broken"


@dataclass(slots=True)
class Stage:
    """What a step may use. `marker` is this run's own value for REHEARSE_REVISION.

    `setups` are all services of the target, `subjects` those that the drill acts on. `revisions`
    maps each deployed service to the task definition that the drill made for it, `deployed_ms` to
    the moment it was told to use it; `stops` are the tasks that the drill told to stop.
    """

    target: Target
    setups: tuple[ServiceSetup, ...]
    subjects: tuple[ServiceSetup, ...]
    journal: Journal
    clock: Clock
    undo: UndoStack
    stop: Stop
    marker: str
    revisions: dict[str, str] = field(default_factory=dict)
    deployed_ms: dict[str, float] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)

    def step(self, name: str, text: str) -> None:
        """Record that the drill does something, right before it does."""
        self.journal.write(Step(at_ms=self.clock.now_ms(), name=name, text=text))

    def note(self, text: str) -> None:
        self.journal.write(Note(at_ms=self.clock.now_ms(), text=text))

    def follow(self, service: str) -> str:
        """The command that watches what an undo of a deployment or a count has started."""
        cluster = self.target.place.cluster
        return f"aws ecs wait services-stable --cluster {cluster} --services {service}"

    def passed_seconds(self, service: str) -> float:
        """Unscaled seconds since the service was told to use the drill's revision."""
        passed_ms = self.clock.now_ms() - self.deployed_ms[service]
        return passed_ms * self.target.place.time_scale / 1000

    def put_back(self, undo: Undo) -> bool:
        """Carry out an undo and record what is in effect then; whether it had anything to do."""
        acted = carry_out(undo, self.target)
        if undo.attribute:
            self.record_attribute(undo.service, undo.group, undo.attribute)
        else:
            self.record_service(undo.service)
        return acted

    def record_attribute(self, service: str, group: str, name: str) -> str | None:
        """Record a target group attribute as it is now; its value, None if it has none."""
        value = self.target.attributes(group).get(name)
        if value is not None:
            self._record(service, name, value, group)
        return value

    def record_service(self, service: str) -> None:
        """Record a service's own settings as they are now."""
        for view in self.target.services():
            if view.name == service:
                self._record(service, GRACE, str(view.grace_seconds))
                self._record(service, BREAKER, str(view.breaker.enable).lower())
                self._record(service, ROLLBACK, str(view.breaker.rollback).lower())
                kind, value = view.breaker.threshold_type, view.breaker.threshold_value
                self._record(service, THRESHOLD, f"{kind} {value}")
                self._record(service, DESIRED, str(view.desired))

    def record_health_check(self, service: str, group: str) -> None:
        for name, value in self.target.health_check(group).items():
            self._record(service, name, value, group)

    def record_balancer(self, name: str, value: str) -> None:
        """Record an attribute of the load balancer: no service's, no group's."""
        self._record("", name, value)

    def record_definition(self, service: str, task_definition: str) -> None:
        """Record what a task definition says of the ends of its tasks."""
        view = self.target.definition(task_definition)
        self.journal.write(
            DefinitionSeen(
                at_ms=self.clock.now_ms(),
                service=service,
                task_definition=view.task_definition,
                stop_timeout=view.stop_timeout,
                command=view.command,
                drain_seconds=_seconds(view.environment.get(DRAIN)),
                keep_alive_seconds=_seconds(view.environment.get(KEEP_ALIVE)),
            )
        )

    def _record(self, service: str, name: str, value: str, group: str = "") -> None:
        now_ms = self.clock.now_ms()
        seen = SettingSeen(at_ms=now_ms, service=service, group=group, name=name, value=value)
        self.journal.write(seen)


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Act:
    """One step. `plan` says what it would do to the drill's subjects, a line each, not acting."""

    name: str
    plan: Callable[[tuple[ServiceSetup, ...]], tuple[str, ...]]
    carry_out: Callable[[Stage], None]
    changes_settings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The load a drill needs: arrivals per real second, how many at least; exports unscaled."""

    rate: float = 200.0
    arrivals: int = 6000
    longest_seconds: float = 15.0
    baseline_real_seconds: float = 3.0
    tail_real_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill. `settled` says what is still awaited, None when nothing is.

    `expected` is the cause that the broken variant must be found guilty of. `services` are the
    names of those it acts on; where the target has none of them, and if empty, it is all.
    """

    name: str
    question: str
    offer: Offer
    probes: tuple[str, ...]
    steps: Mapping[Variant, tuple[Act, ...]]
    settled: Callable[[Stage, Observed], str | None]
    checks: tuple[Check, ...]
    expected: Cause
    undo: str
    limits: Limits = field(default_factory=Limits)
    services: tuple[str, ...] = ()

    def subjects(self, setups: tuple[ServiceSetup, ...]) -> tuple[ServiceSetup, ...]:
        """Which of the target's services the drill acts on."""
        named = tuple(setup for setup in setups if setup.name in self.services)
        return named or setups

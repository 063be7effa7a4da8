"""What a drill is: a name, a question, a load, steps, and the checks that answer the question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chaos.causes import Cause
from chaos.checks.finding import Check
from chaos.clock import Clock
from chaos.entries import Note, SettingSeen, Step
from chaos.journal import Journal
from chaos.run import Limits, ServiceSetup
from chaos.stop import Stop
from chaos.target import Target
from chaos.undo import UndoStack
from chaos.watch import Observed


class Variant(StrEnum):
    """`broken` sets the one thing wrong that the drill must find; `fixed` changes nothing."""

    FIXED = "fixed"
    BROKEN = "broken"


@dataclass(slots=True)
class Stage:
    """What a step may use. `marker` is this run's own value for REHEARSE_REVISION.

    `revisions` maps each deployed service to the task definition that the drill made for it.
    """

    target: Target
    setups: tuple[ServiceSetup, ...]
    journal: Journal
    clock: Clock
    undo: UndoStack
    stop: Stop
    marker: str
    revisions: dict[str, str] = field(default_factory=dict)

    def step(self, name: str, text: str) -> None:
        """Record that the drill does something, right before it does."""
        self.journal.write(Step(at_ms=self.clock.now_ms(), name=name, text=text))

    def note(self, text: str) -> None:
        self.journal.write(Note(at_ms=self.clock.now_ms(), text=text))

    def record_setting(self, service: str, group: str, name: str) -> str | None:
        """Record a target group attribute as it is now; its value, None if it has none."""
        value = self.target.attributes(group).get(name)
        if value is not None:
            now_ms = self.clock.now_ms()
            seen = SettingSeen(at_ms=now_ms, service=service, group=group, name=name, value=value)
            self.journal.write(seen)
        return value


@dataclass(frozen=True, slots=True)
class Act:
    """One step. `plan` says what it would do to the given services, a line each, without acting."""

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

    `expected` is the cause that the broken variant must be found guilty of.
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

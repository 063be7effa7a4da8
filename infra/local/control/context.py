"""What every controller is given: the records, the clock, the pace, the journal."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from infra.local.clock import Clock
from infra.local.scheduler.model import StopOrder
from infra.local.store import Store
from infra.local.tempo import Profile

Note = Callable[[str, Mapping[str, object]], None]


def at_once(act: Callable[[], None]) -> None:
    """Where no records are kept, nothing is waited for."""
    act()


class Spawn(Protocol):
    """Starts a coroutine function in the plane's task group; it ends with the plane."""

    def __call__(
        self, work: Callable[..., Coroutine[Any, Any, None]], /, *given: object
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by the controllers; `scale` divides modelled durations, `seed` decides draws.

    `count_exits`: the circuit breaker counts tasks that end by themselves after RUNNING (R3.5).
    `group_changed` tells the load balancers that a target group's targets (by ARN) changed.
    `after_commit` does what cannot be undone, once the records that say so are kept.
    """

    records: Store
    clock: Clock
    scale: int
    profile: Profile
    seed: str
    stop_order: StopOrder
    note: Note
    spawn: Spawn
    group_changed: Callable[[str], None]
    count_exits: bool = True
    after_commit: Callable[[Callable[[], None]], None] = at_once

    def scaled_ms(self, seconds: float) -> int:
        return round(seconds * 1000 / self.scale)

    def left_ms(self, until_ms: int | None) -> int | None:
        """How long it is until then; None stays None."""
        return None if until_ms is None else until_ms - self.clock.now_ms()

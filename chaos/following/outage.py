"""The time in which clients would have found no healthy target, from observed target health.

With no target registered the load balancer answers 503; with only unhealthy ones it sends requests
to them all the same (R4.10). Either is an outage here: nothing says that anybody was served well.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chaos.checks.targets import worst_gap_ms
from chaos.entries import TargetSeen
from chaos.history import History
from chaos.lives import HEALTHY


@dataclass(frozen=True, slots=True)
class Outage:
    """No healthy target in a group from one poll to another; real milliseconds.

    It began at most `begin_error_ms` before `begin_ms`, and ended at most `end_error_ms` before
    `end_ms`; `end_ms` None: it lasted when the watch ended.
    """

    group: str
    begin_ms: float
    begin_error_ms: float
    end_ms: float | None
    end_error_ms: float
    line: int

    def least_ms(self, until_ms: float) -> float:
        """For how long at least."""
        end_ms = until_ms if self.end_ms is None else self.end_ms - self.end_error_ms
        return max(0.0, end_ms - self.begin_ms)

    def most_ms(self, until_ms: float) -> float:
        """For how long at most."""
        end_ms = until_ms if self.end_ms is None else self.end_ms
        return max(0.0, end_ms - self.begin_ms + self.begin_error_ms)


def find_outages(history: History, group: str) -> tuple[Outage, ...]:
    """In the order of time. Before a group's first healthy target there is no outage."""
    outages: list[Outage] = []
    began: TargetSeen | None = None
    was_up = False
    for seen, healthy in _polls(history, group):
        if healthy and began is not None:
            outages.append(_outage(began, seen))
            began = None
        if not healthy and was_up and began is None:
            began = seen
        was_up = was_up or healthy
    if began is not None:
        outages.append(_outage(began, None))
    return tuple(outages)


def _outage(began: TargetSeen, ended: TargetSeen | None) -> Outage:
    return Outage(
        group=began.group,
        begin_ms=began.at_ms,
        begin_error_ms=began.error_ms or 0.0,
        end_ms=ended.at_ms if ended else None,
        end_error_ms=(ended.error_ms or 0.0) if ended else 0.0,
        line=began.line,
    )


def _polls(history: History, group: str) -> Iterator[tuple[TargetSeen, bool]]:
    """The last entry of each poll of the group, and whether any target was healthy after it."""
    entries = [e for e in history.of(TargetSeen) if e.group == group]
    states: dict[str, str] = {}
    for index, entry in enumerate(entries):
        states[entry.address] = entry.state
        if index + 1 == len(entries) or entries[index + 1].at_ms != entry.at_ms:
            yield entry, HEALTHY in states.values()


def had_healthy(history: History, group: str) -> bool:
    """Whether any target of the group was ever seen healthy."""
    return any(healthy for _, healthy in _polls(history, group))


def blind_ms(history: History) -> float:
    """An outage shorter than this may have been missed; real milliseconds."""
    return worst_gap_ms(history)

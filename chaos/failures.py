"""Which tasks of a new revision failed, and when: what a circuit breaker would count."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.effect import BREAKER, THRESHOLD, in_effect
from chaos.entries import RevisionMade, TaskSeen
from chaos.history import History
from chaos.lives import Life, Moment, read_lives
from chaos.target import revision_of

DIED = ("TaskFailedToStart", "EssentialContainerExited")
CONDEMNED = "health checks"  # in stoppedReason, by a load balancer's check or the container's
FLOOR, CEILING = 3, 200  # of BOUNDED_PERCENT (R3.1)
DEFAULT = ("BOUNDED_PERCENT", 50)


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that ended by itself or was stopped for its health. `condemned`: the latter."""

    life: Life
    moment: Moment
    reason: str
    condemned: bool


def is_failure(stop_code: str | None, reason: str | None) -> bool:
    """Whether a task that ends so is a failure of its deployment (R3.3, R3.5)."""
    return stop_code in DIED or is_condemned(reason)


def is_condemned(reason: str | None) -> bool:
    return CONDEMNED in (reason or "")


def failures_of(history: History, made: RevisionMade) -> tuple[Failure, ...]:
    """The failed tasks of a revision in the order in which they were seen to fail."""
    wanted = revision_of(made.task_definition)
    lives = [life for life in read_lives(history) if life.revision == wanted]
    found = [failure for life in lives if (failure := _failure(life)) is not None]
    return tuple(sorted(found, key=lambda failure: failure.moment.latest_ms))


def _failure(life: Life) -> Failure | None:
    """The first entry that says so: a task is condemned before it stops."""
    for entry in life.states:
        if is_failure(entry.stop_code, entry.reason):
            reason = entry.reason or entry.stop_code or ""
            return Failure(life, _moment(entry), reason, is_condemned(entry.reason))
    return None


def _moment(entry: TaskSeen) -> Moment:
    reach = float("inf") if entry.error_ms is None else entry.error_ms
    return Moment(entry.at_ms - reach, entry.at_ms, entry.line)


def threshold_of(history: History, made: RevisionMade) -> int:
    """The failure at which the breaker trips, by AWS's formula; written apart from any emulator.

    T = clamp(ceil(desired * 50 / 100), 3, 200) unless the service has a thresholdConfiguration.
    """
    desired = next((s.desired_count for s in history.run.services if s.name == made.service), 0)
    seen = in_effect(history, made.service, THRESHOLD, made.at_ms)
    kind, value = seen.value.split() if seen else (DEFAULT[0], str(DEFAULT[1]))
    return trips_at(kind, int(value), desired)


def trips_at(kind: str, value: int, desired: int) -> int:
    """`kind` and `value` are those of a thresholdConfiguration."""
    if kind == "COUNT":
        return value
    share = math.ceil(desired * value / 100)
    return max(1, share) if kind == "UNBOUNDED_PERCENT" else min(max(share, FLOOR), CEILING)


def breaker_enabled(history: History, made: RevisionMade) -> bool | None:
    """Whether the breaker was on as the revision was deployed; None if that is not known."""
    seen = in_effect(history, made.service, BREAKER, made.at_ms)
    return None if seen is None else seen.value == "true"


def in_brief(found: Sequence[Failure]) -> str:
    """What ECS says of them, without the names and numbers that differ from task to task."""
    reasons = {failure.reason.split(" in (")[0].split(":")[0] for failure in found}
    return "; ".join(sorted(reasons))


def seconds_after(history: History, made: RevisionMade, at_ms: float) -> float:
    """Unscaled seconds since UpdateService."""
    return (at_ms - made.at_ms) * history.run.time_scale / 1000

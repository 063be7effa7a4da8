"""Each task's life, put together from everything that was seen of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chaos.effect import DELAY
from chaos.entries import GONE, Entry, LogSeen, RevisionMade, SettingSeen, TargetSeen, TaskSeen
from chaos.history import History
from chaos.target import revision_of

DRAINING = "draining"
HEALTHY = "healthy"
UNUSED = (GONE, "unused")
ENDING = ("STOPPING", "DEPROVISIONING", "STOPPED")


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened: not before `earliest_ms`, not after `latest_ms`."""

    earliest_ms: float
    latest_ms: float
    line: int


@dataclass(frozen=True, slots=True)
class Life:
    """One task. `old`: its revision was to be replaced; `new`: it is of the drill's revision.

    `delay_seconds` is the deregistration delay (unscaled) in effect when it began to drain.
    `listening` is the application's own word, `running_ms` ECS's or else when it was seen RUNNING.
    """

    task: str
    service: str
    revision: str
    old: bool
    new: bool
    address: str | None
    states: tuple[TaskSeen, ...]
    targets: tuple[TargetSeen, ...]
    draining: Moment | None
    left: Moment | None
    sigterm: Moment | None
    stopping: Moment | None
    stopped: Moment | None
    delay_seconds: float | None
    listening: Moment | None = None
    running_ms: float | None = None

    @property
    def short(self) -> str:
        """The first 8 digits of the task id: what people compare."""
        return self.task[:8]


def read_lives(history: History) -> tuple[Life, ...]:
    """All tasks seen, by service, old before new, in the order they appeared."""
    states: dict[str, list[TaskSeen]] = {}
    for entry in history.of(TaskSeen):
        states.setdefault(entry.task, []).append(entry)
    owners = _owners(states, history.of(TargetSeen))
    lives = [_life(history, seen, owners.get(task, [])) for task, seen in states.items()]
    return tuple(sorted(lives, key=lambda life: (life.service, life.new, life.states[0].at_ms)))


def _owners(
    states: dict[str, list[TaskSeen]], targets: Iterable[TargetSeen]
) -> dict[str, list[TargetSeen]]:
    """Which task each target entry is about: addresses are used again, one after another."""
    spans: dict[str, list[tuple[float, str]]] = {}
    for task, seen in states.items():
        for address in {entry.address for entry in seen if entry.address}:
            spans.setdefault(address, []).append((seen[0].at_ms, task))
    owned: dict[str, list[TargetSeen]] = {}
    for target in targets:
        born = sorted(spans.get(target.address.rpartition(":")[0], []))
        if born:
            before = [task for at_ms, task in born if at_ms <= target.at_ms]
            owned.setdefault(before[-1] if before else born[0][1], []).append(target)
    return owned


def _life(history: History, states: list[TaskSeen], targets: list[TargetSeen]) -> Life:
    first, replaced = states[0], {e.service for e in history.of(RevisionMade)}
    new = any(_is_of(first, made) for made in history.of(RevisionMade))
    draining = _first(e for e in targets if e.state == DRAINING)
    left = _first(e for e in targets if e.state in UNUSED)
    return Life(
        task=first.task,
        service=first.service,
        revision=first.task_definition,
        old=not new and first.service in replaced,
        new=new,
        address=next((e.address for e in reversed(states) if e.address), None),
        states=tuple(states),
        targets=tuple(targets),
        draining=draining,
        left=left,
        sigterm=_logged(history, first.task, "sigterm"),
        stopping=_first(e for e in states if e.status in ENDING),
        stopped=_first(e for e in states if e.status == "STOPPED"),
        delay_seconds=_delay(history, targets, draining or left),
        listening=_logged(history, first.task, "listening"),
        running_ms=_running(states),
    )


def _is_of(task: TaskSeen, made: RevisionMade) -> bool:
    """By the deployment where both are known: the same revision can be deployed again (R2.14)."""
    if made.deployment is not None and task.started_by is not None:
        return task.started_by == made.deployment
    return task.task_definition == revision_of(made.task_definition)


def _first(entries: Iterable[TaskSeen | TargetSeen]) -> Moment | None:
    for entry in entries:
        reach = float("inf") if entry.error_ms is None else entry.error_ms
        return Moment(entry.at_ms - reach, entry.at_ms, entry.line)
    return None


def _running(states: list[TaskSeen]) -> float | None:
    said = (entry.started_ms for entry in states if entry.started_ms is not None)
    seen = (entry.at_ms for entry in states if entry.status == "RUNNING")
    return next(said, None) or next(seen, None)


def _logged(history: History, task: str, event: str) -> Moment | None:
    for entry in history.of(LogSeen):
        if entry.task == task and entry.event == event:
            return Moment(entry.at_ms, entry.at_ms, entry.line)
    return None


def _delay(history: History, targets: list[TargetSeen], begun: Moment | None) -> float | None:
    """The last recorded delay of the target's group before it was seen draining, or gone."""
    groups = {entry.group for entry in targets}
    end_ms = begun.latest_ms if begun else float("inf")
    values = [
        float(entry.value)
        for entry in history.of(SettingSeen)
        if entry.name == DELAY and entry.group in groups and entry.at_ms <= end_ms
    ]
    return values[-1] if values else None


def lines(*moments: Moment | None) -> tuple[int, ...]:
    """The journal lines of the moments that were seen, in order."""
    return tuple(sorted({moment.line for moment in moments if moment is not None}))


def lines_of(entries: Sequence[Entry]) -> tuple[int, ...]:
    return tuple(entry.line for entry in entries)

"""A load balancer's view of its targets, written from sections 4.1, 4.2 and 4.5 alone.

One pass makes an initial target healthy; `unhealthy_threshold` failures in a row make any target
unhealthy; `healthy_threshold` passes in a row bring it back. A deregistered target is draining for
exactly the deregistration delay, whatever its health.
"""

from dataclasses import dataclass, field

from infra.local.scheduler.model import Target, TargetState


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """A target group's settings in milliseconds and counts."""

    interval_ms: int
    healthy_threshold: int
    unhealthy_threshold: int
    delay_ms: int
    keeps_unused: bool  # whether a drained target is still reported, as unused, or is gone


@dataclass(slots=True)
class Entry:
    """One target: the state, and the moment of the next change if nothing else happens."""

    state: TargetState
    since_ms: int
    next_ms: int | None = None
    next_state: TargetState = TargetState.INITIAL
    told: Target | None = None


@dataclass(slots=True)
class Group:
    """One target group. `passing` says of each task whether its health check would pass now."""

    name: str
    settings: GroupSettings
    entries: dict[str, Entry] = field(default_factory=dict)
    drained: list[tuple[str, int, int]] = field(default_factory=list)  # task, from, until

    def register(self, task: str, now_ms: int, passing: bool) -> None:
        assert task not in self.entries, f"{task} is registered twice in {self.name}"
        self.entries[task] = Entry(TargetState.INITIAL, now_ms)
        self.condition(task, now_ms, passing)

    def deregister(self, task: str, now_ms: int) -> None:
        entry = self.entries[task]
        assert entry.state not in (TargetState.DRAINING, TargetState.UNUSED)
        due_ms = now_ms + self.settings.delay_ms
        self.entries[task] = Entry(TargetState.DRAINING, now_ms, due_ms, TargetState.UNUSED)

    def condition(self, task: str, now_ms: int, passing: bool) -> None:
        """The task's answers to checks have changed: when will that show?"""
        entry = self.entries.get(task)
        if entry is None or entry.state in (TargetState.DRAINING, TargetState.UNUSED):
            return
        wanted = TargetState.HEALTHY if passing else TargetState.UNHEALTHY
        if entry.state is wanted:
            entry.next_ms = None
            return
        entry.next_state = wanted
        entry.next_ms = now_ms + self._checks(entry.state, passing) * self.settings.interval_ms

    def _checks(self, state: TargetState, passing: bool) -> int:
        if not passing:
            return self.settings.unhealthy_threshold
        return 1 if state is TargetState.INITIAL else self.settings.healthy_threshold

    def next_ms(self) -> int | None:
        """When the first target changes by itself."""
        times = [e.next_ms for e in self.entries.values() if e.next_ms is not None]
        return min(times, default=None)

    def run(self, now_ms: int) -> None:
        """Let every change that is due happen."""
        for task, entry in list(self.entries.items()):
            if entry.next_ms is None or entry.next_ms > now_ms:
                continue
            if entry.next_state is TargetState.UNUSED:
                self.drained.append((task, entry.since_ms, now_ms))
                if not self.settings.keeps_unused:
                    del self.entries[task]
                    continue
            entry.state, entry.since_ms, entry.next_ms = entry.next_state, now_ms, None

    def target(self, task: str) -> Target | None:
        """What DescribeTargetHealth says of the task."""
        entry = self.entries.get(task)
        if entry is None:
            return None
        if entry.told is None or entry.told.state is not entry.state:
            entry.told = Target(self.name, entry.state, entry.since_ms)
        return entry.told

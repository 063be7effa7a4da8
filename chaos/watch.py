"""Watching a target by polling: only changes are written, with how late they may have been seen."""

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Generic, TypeVar

from chaos.clock import Clock
from chaos.entries import (
    GONE,
    TARGET_HEALTH,
    Entry,
    EventSeen,
    Note,
    ObservationEnded,
    ServiceDeploymentSeen,
    ServiceSeen,
    TargetSeen,
    TaskSeen,
)
from chaos.errors import TargetError
from chaos.journal import Journal
from chaos.outcome import Outcome
from chaos.run import ServiceSetup
from chaos.stop import Stop
from chaos.target import HealthView, ServiceDeploymentView, ServiceView, Target, TaskView

BLIND_MAX_SECONDS = 10.0  # polls failing for longer than this end the run
JOIN_SECONDS = 15.0
STOPPED = "STOPPED"
SELDOM = 3  # what cannot be missed is asked for once in so many intervals

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class Changes(Generic[K, V]):
    """What is new since the last poll. Keys that vanish are reported with the value None."""

    _before: dict[K, V] = field(default_factory=dict)
    _polled_ms: float | None = None
    worst_error_ms: float = 0.0
    polls: int = 0

    def update(
        self, now: Mapping[K, V], started_ms: float, ended_ms: float
    ) -> tuple[float | None, list[tuple[K, V | None]]]:
        """Return the possible error of this poll in ms (None: the first) and the changes."""
        error_ms = None if self._polled_ms is None else ended_ms - self._polled_ms
        changed: list[tuple[K, V | None]] = [
            (key, value) for key, value in now.items() if self._before.get(key) != value
        ]
        changed += [(key, None) for key in self._before if key not in now]
        self._before, self._polled_ms = dict(now), started_ms
        self.polls += 1
        self.worst_error_ms = max(self.worst_error_ms, error_ms or 0.0)
        return error_ms, changed


@dataclass(frozen=True, slots=True)
class Observed:
    """The latest answers, for the drill to know when things have settled.

    `primaries` are all (service, task definition) that were ever seen as PRIMARY deployment.
    """

    services: tuple[ServiceView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    health: Mapping[str, tuple[HealthView, ...]] = field(default_factory=dict)
    primaries: frozenset[tuple[str, str]] = frozenset()
    service_deployments: tuple[ServiceDeploymentView, ...] = ()


class Watch:
    """Polls tasks, services, target health and service deployments on three threads until `close`.

    Tasks that came and went between two polls are found among the stopped ones, a little later.
    """

    def __init__(
        self,
        target: Target,
        setups: Iterable[ServiceSetup],
        journal: Journal,
        clock: Clock,
        stop: Stop,
    ) -> None:
        self._target, self._journal, self._clock, self._stop = target, journal, clock, stop
        self._groups = [(s.name, group) for s in setups for group in s.groups]
        self._ended = threading.Event()
        self._tasks: Changes[str, TaskView] = Changes()
        self._services: Changes[str, ServiceView] = Changes()
        self._health = {group: Changes[str, HealthView]() for _, group in self._groups}
        self._releases: Changes[str, ServiceDeploymentView] = Changes()
        self._ended_before: frozenset[str] = frozenset()  # tasks that are none of this run's
        self._missed: Mapping[str, float] = {}  # and since when each may have ended
        self._asked_stopped_ms = 0.0
        self._events: set[str] = set()
        self._primaries: frozenset[tuple[str, str]] = frozenset()
        self._failed = 0
        self._seen_tasks: tuple[TaskView, ...] = ()
        self._seen_services: tuple[ServiceView, ...] = ()
        self._seen_health: dict[str, tuple[HealthView, ...]] = {}
        self._seen_releases: tuple[ServiceDeploymentView, ...] = ()
        self._releases_known = True
        self._threads = [
            threading.Thread(target=self._loop, args=(poll, often), name=poll.__name__, daemon=True)
            for poll, often in (
                (self.poll_tasks, 1),
                (self.poll_health, 1),
                (self.poll_ends, SELDOM),
            )
        ]

    def start(self) -> None:
        """Poll everything once, so that a change in the first second is one; then go on."""
        self._asked_stopped_ms = self._clock.now_ms()
        self._ended_before = self._target.stopped()
        self.poll_tasks()
        self.poll_health()
        try:
            self.poll_service_deployments()
        except TargetError as error:
            self._releases_known = False
            text = f"not observable here: service deployments ({error})"
            self._write(Note(at_ms=self._clock.now_ms(), text=text))
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the threads and write how well they saw. Nothing happens the second time."""
        if self._ended.is_set():
            return
        self._ended.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(JOIN_SECONDS)
        self._write_precision("tasks", [self._tasks])
        self._write_precision(TARGET_HEALTH, list(self._health.values()))
        self._write_precision("service deployments", [self._releases])

    @property
    def observed(self) -> Observed:
        return Observed(
            self._seen_services,
            self._seen_tasks,
            dict(self._seen_health),
            self._primaries,
            self._seen_releases,
        )

    def _loop(self, poll: Callable[[], None], often: int) -> None:
        interval = self._target.place.interval_ms / 1000 * often
        good_ms = started_ms = self._clock.now_ms()
        while not self._ended.wait(max(0.0, interval - (self._clock.now_ms() - started_ms) / 1000)):
            started_ms = self._clock.now_ms()
            try:
                poll()
                good_ms = self._clock.now_ms()
            except TargetError as error:
                self._blind(error, self._clock.now_ms() - good_ms)
            except Exception as error:  # noqa: BLE001 - the loop guard: the run ends with ERROR
                self._stop.ask(Outcome.ERROR, f"{poll.__name__} failed: {error!r}")
                return

    def _blind(self, error: TargetError, blind_ms: float) -> None:
        self._failed += 1
        if self._failed <= 20:
            self._write(Note(at_ms=self._clock.now_ms(), text=f"not observed: {error}"))
        if blind_ms > BLIND_MAX_SECONDS * 1000:
            self._stop.ask(
                Outcome.ABORTED, f"nothing observed for {blind_ms / 1000:.0f} s: {error}"
            )

    def poll_tasks(self) -> None:
        """Look at tasks, services and their events once."""
        started_ms = self._clock.now_ms()
        seen = {view.task for view in self._seen_tasks}
        known = [(v.service, v.task) for v in self._seen_tasks if v.status != STOPPED]
        missed = {task: since for task, since in self._missed.items() if task not in seen}
        views = self._target.tasks([*known, *(("", task) for task in missed)])
        ended = [v for v in self._seen_tasks if v.status == STOPPED]
        now = {view.task: view for view in (*ended, *views)}
        ended_ms = self._clock.now_ms()
        error_ms, changed = self._tasks.update(now, started_ms, ended_ms)
        self._seen_tasks = tuple(now.values())
        for _, view in changed:
            if view is not None:
                late_ms = ended_ms - missed[view.task] if view.task in missed else error_ms
                self._write(TaskSeen(at_ms=ended_ms, error_ms=late_ms, **asdict(view)))
        self._poll_services()

    def _poll_services(self) -> None:
        started_ms = self._clock.now_ms()
        views = self._target.services()
        ended_ms = self._clock.now_ms()
        first = not self._seen_services
        plain = {view.name: _without_events(view) for view in views}
        error_ms, changed = self._services.update(plain, started_ms, ended_ms)
        self._seen_services = views
        self._primaries |= {
            (view.name, deployment.task_definition)
            for view in views
            for deployment in view.deployments
            if deployment.status == "PRIMARY"
        }
        for _, view in changed:
            if view is not None:
                self._write(_service_seen(view, ended_ms, error_ms))
        for view in views:
            self._write_events(view, known=first)

    def _write_events(self, view: ServiceView, *, known: bool) -> None:
        for event in sorted(view.events, key=lambda e: e.at_ms):
            if event.id not in self._events and not known:
                self._write(EventSeen(at_ms=event.at_ms, service=view.name, message=event.message))
            self._events.add(event.id)

    def poll_ends(self) -> None:
        """Look for tasks that came and went unseen, and at the service deployments."""
        self._find_missed()
        if self._releases_known:
            self.poll_service_deployments()

    def _find_missed(self) -> None:
        """Note the stopped tasks that poll_tasks does not know, for its next look."""
        asked_ms = self._clock.now_ms()
        stopped = self._target.stopped() - self._ended_before
        seen = {view.task for view in self._seen_tasks}
        before, since_ms = self._missed, self._asked_stopped_ms
        self._missed = {task: before.get(task, since_ms) for task in sorted(stopped - seen)}
        self._asked_stopped_ms = asked_ms

    def poll_health(self) -> None:
        """Look at the targets of every group once."""
        for service, group in self._groups:
            started_ms = self._clock.now_ms()
            views = self._target.health(group)
            ended_ms = self._clock.now_ms()
            now = {view.address: view for view in views}
            error_ms, changed = self._health[group].update(now, started_ms, ended_ms)
            self._seen_health[group] = views
            for address, view in changed:
                self._write(
                    TargetSeen(
                        at_ms=ended_ms,
                        service=service,
                        group=group,
                        address=address,
                        state=view.state if view else GONE,
                        reason=view.reason if view else None,
                        error_ms=error_ms,
                    )
                )

    def poll_service_deployments(self) -> None:
        """Look at the latest service deployments once."""
        started_ms = self._clock.now_ms()
        views = self._target.service_deployments()
        ended_ms = self._clock.now_ms()
        now = {view.id: view for view in views}
        error_ms, changed = self._releases.update(now, started_ms, ended_ms)
        self._seen_releases = views
        for _, view in changed:
            if view is not None:
                seen = ServiceDeploymentSeen(at_ms=ended_ms, error_ms=error_ms, **asdict(view))
                self._write(seen)

    def _write_precision(
        self, source: str, polls: Sequence[Changes[str, Any]]
    ) -> None:  # any kind of view
        self._write(
            ObservationEnded(
                at_ms=self._clock.now_ms(),
                source=source,
                polls=sum(p.polls for p in polls),
                failed=self._failed,
                worst_error_ms=max((p.worst_error_ms for p in polls), default=0.0),
            )
        )

    def _write(self, entry: Entry) -> None:
        self._journal.write(entry)


def _without_events(view: ServiceView) -> ServiceView:
    return replace(view, events=())


def _service_seen(view: ServiceView, at_ms: float, error_ms: float | None) -> ServiceSeen:
    return ServiceSeen(
        at_ms=at_ms,
        service=view.name,
        desired=view.desired,
        running=view.running,
        pending=view.pending,
        deployments=view.deployments,
        error_ms=error_ms,
    )

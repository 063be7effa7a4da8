"""`rehearse watch`: follow what somebody else deploys, by reading only; leaves a run folder."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from chaos.account import Account
from chaos.clock import Clock
from chaos.effect import DELAY
from chaos.entries import (
    DeploymentSeen,
    Entry,
    LogSeen,
    Note,
    RevisionMade,
    ServiceSeen,
    SettingSeen,
    Step,
)
from chaos.errors import DrillError, InvalidError, StoppedError, TargetError
from chaos.following.checks import WATCH, unseen
from chaos.following.ending import find_ending, primary_of
from chaos.following.facts import Fate, Followed, Sight
from chaos.following.live import tell_entries
from chaos.following.probes import Prober, ProbeRecord
from chaos.following.sight import make_sight
from chaos.history import read_history
from chaos.journal import Journal, write_run
from chaos.outcome import Outcome
from chaos.run import JUDGED, Limits, Run, ServiceSetup
from chaos.runner import library_versions
from chaos.stop import Deadline, Stop, signals_stop
from chaos.target import revision_of
from chaos.verdict import NOT_OBSERVABLE
from chaos.watch import Observed, Watch

LOOK_SECONDS = 0.2
TAIL_SECONDS = 180.0  # unscaled: how long tasks may go on ending when the deployment has ended
TAIL_EXTRA_REAL_SECONDS = 10.0
LAST_LOOKS = 3  # polls after the end, so that the last change of target health is seen
OVER = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


def _nothing(_text: object) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vigil:
    """How to watch. Limits in real seconds; `probe_url` "" sends nothing, `probe_rate` is per real
    second. `say` takes lines, `show` what was observed, a few times a second.
    """

    next_seconds: float = 600.0
    limit_seconds: float = 1800.0
    probe_url: str = ""
    probe_rate: float = 5.0
    lanes: bool = False
    command: str = ""
    say: Callable[[str], None] = field(default=_nothing)
    show: Callable[[Observed], None] = field(default=_nothing)


def watch(account: Account, vigil: Vigil, folder: Path) -> Run:
    """Watch one deployment and return what run.json then holds. `folder` must exist and be empty.

    Nothing is changed anywhere. Errors of the world become the run's ending.
    """
    clock, stop = Clock(), Stop()
    run = _describe(account, vigil, clock)
    write_run(folder, run)
    journal = Journal(folder)
    with signals_stop(stop):
        watcher = _Watcher(account, vigil, folder, run, clock, journal, stop)
        try:
            ending, why = watcher.play()
        finally:
            journal.close()
        run = replace(run, ended_ms=clock.now_ms(), ending=ending, why=why)
        write_run(folder, run)
    return run


def _describe(account: Account, vigil: Vigil, clock: Clock) -> Run:
    """UsageError or TargetError: the service cannot be described, nothing is to be watched."""
    place = account.place
    return Run(
        drill=WATCH,
        question=f"What does the deployment of {account.names[0]} do to its clients?",
        variant="",
        started_ms=clock.now_ms(),
        time_scale=place.time_scale,
        rate=vigil.probe_rate if vigil.probe_url else 0.0,
        arrivals=0,
        seed=0,
        target=place.kind,
        cluster=place.cluster,
        url=vigil.probe_url,
        interval_ms=place.interval_ms,
        services=account.setups(),
        limits=Limits(),
        versions=library_versions(),
        not_emulated=place.limits,
        not_observable=place.not_observable,
        command=vigil.command,
    )


class _Watcher:
    """One watch: what was started, so that it ends in any case."""

    def __init__(
        self,
        account: Account,
        vigil: Vigil,
        folder: Path,
        run: Run,
        clock: Clock,
        journal: Journal,
        stop: Stop,
    ) -> None:
        self._account, self._vigil, self._folder, self._run = account, vigil, folder, run
        self._clock, self._journal, self._stop = clock, journal, stop
        self._name = account.names[0]
        self._setups = tuple(map(self._observable, run.services))
        self._watch = Watch(account, self._setups, journal, clock, stop)
        self._prober = self._make_prober()
        self._known: set[str] = set()  # deployments that were there before, or were noted
        self._appeared: deque[DeploymentSeen] = deque()
        tell_entries(journal, vigil.say, self._hear, lanes=vigil.lanes)

    def _make_prober(self) -> Prober | None:
        if not self._vigil.probe_url:
            return None
        record = ProbeRecord(self._folder / "requests.sqlite")
        ca_file = self._account.place.ca_file
        return Prober(self._vigil.probe_url, self._vigil.probe_rate, record, self._clock, ca_file)

    def _observable(self, setup: ServiceSetup) -> ServiceSetup:
        """The service with only those target groups whose health may be read here."""
        groups = []
        for group in setup.groups:
            try:
                self._account.health(group)
            except TargetError as error:
                self._note(f"{NOT_OBSERVABLE}target health ({error})")
            else:
                groups.append(group)
        return replace(setup, groups=tuple(groups))

    def play(self) -> tuple[str, str]:
        """Everything up to the last evidence. Returns the ending and why, in words."""
        try:
            try:
                self._play()
            finally:
                self._finish()
        except StoppedError as error:
            return _stopped(error)
        except DrillError as error:
            return Outcome.INVALID.value, f"not observed: {error}"
        except Exception as error:  # noqa: BLE001 - a bug of ours: exit 70
            return Outcome.ERROR.value, f"the watch itself failed: {error!r}"
        return JUDGED, ""

    def _play(self) -> None:
        self._step("watch", f"watching {self._name}")
        self._record_delays()
        self._watch.start()
        if self._prober is not None:
            self._prober.start()
        followed = self._await_deployment()
        limit = Deadline(self._vigil.limit_seconds)
        fate = self._await_end(followed, limit)
        self._step("ended", "not in time" if fate is None else str(fate))
        self._await_tail(followed)

    def _record_delays(self) -> None:
        for setup in self._setups:
            for group in setup.groups:
                try:
                    value = self._account.attributes(group).get(DELAY)
                except TargetError as error:
                    self._note(f"{NOT_OBSERVABLE}{DELAY} ({error})")
                    continue
                if value is not None:
                    self._journal.write(
                        SettingSeen(
                            at_ms=self._clock.now_ms(),
                            service=setup.name,
                            group=group,
                            name=DELAY,
                            value=value,
                        )
                    )

    def _await_deployment(self) -> Followed:
        """The deployment that is under way, or the next one. InvalidError if none comes."""
        found = under_way(self._watch.observed, self._name)
        others = [d.id for d in self._deployments() if found is None or d.id != found.id]
        self._known = set(others)
        limit = Deadline(self._vigil.next_seconds)
        if found is None:
            self._vigil.say(
                f"{self._name} is steady; waiting up to {limit.seconds:g} s for a deployment"
            )
        while found is None:
            if limit.over:
                raise InvalidError(f"no deployment of {self._name} in {limit.seconds:g} s")
            self._pause()
            found = self._new_deployment()
        return self._follow(found, former=tuple(others))

    def _follow(self, found: DeploymentSeen, *, former: tuple[str, ...]) -> Followed:
        self._note_deployment(found)
        return Followed(
            service=self._name,
            deployment=found.id,
            task_definition=found.task_definition,
            former=former,
            since_ms=self._clock.now_ms(),
        )

    def _deployments(self) -> tuple[DeploymentSeen, ...]:
        return next((v.deployments for v in self._watch.observed.services), ())

    def _hear(self, entry: Entry) -> None:
        """Told of every entry in its writer's thread: a deployment may go between two pauses."""
        if isinstance(entry, ServiceSeen):
            self._appeared.extend(reversed(entry.deployments))  # the newest is listed first

    def _new_deployment(self) -> DeploymentSeen | None:
        while self._appeared:
            found = self._appeared.popleft()
            if found.id not in self._known:
                return found
        return None

    def _note_deployment(self, found: DeploymentSeen) -> None:
        self._known.add(found.id)
        revision = revision_of(found.task_definition)
        self._step("deployment", f"{found.id} deploys {revision}")
        self._journal.write(
            RevisionMade(
                at_ms=self._clock.now_ms(),
                service=self._name,
                task_definition=found.task_definition,
                deployment=found.id,
            )
        )

    def _await_end(self, followed: Followed, limit: Deadline) -> Fate | None:
        """How it ended; None at the limit. Deployments that others start are noted."""
        while not limit.over:
            self._pause()
            if (other := self._new_deployment()) is not None:
                self._note_deployment(other)
            sight = self._sight(followed)
            ending = find_ending(followed, sight) if sight else None
            if ending is not None:
                return ending.fate
        return None

    def _sight(self, followed: Followed) -> Sight | None:
        observed = self._watch.observed
        view = next((v for v in observed.services), None)
        if view is None:
            return None
        return make_sight(followed, view, observed.service_deployments or None, observed.tasks)

    def _await_tail(self, followed: Followed) -> None:
        """Until no task is ending any more: the picture shows what became of each."""
        scale = self._run.time_scale
        limit = Deadline(TAIL_SECONDS / scale + TAIL_EXTRA_REAL_SECONDS)
        while not limit.over and self._is_moving(followed):
            self._pause()
        for _ in range(LAST_LOOKS):
            self._stop.wait(self._run.interval_ms / 1000)

    def _is_moving(self, followed: Followed) -> bool:
        sight = self._sight(followed)
        if sight is None or primary_of(sight) is None:
            return False
        return any(t.desired == "STOPPED" for t in sight.tasks)

    def _pause(self) -> None:
        self._vigil.show(self._watch.observed)
        self._stop.wait(LOOK_SECONDS)

    def _finish(self) -> None:
        """End every thread, ask for the tasks' own lines, say what could not be seen."""
        if self._prober is not None:
            self._prober.close()
        self._watch.close()
        self._read_logs()
        for text in unseen(read_history(self._folder)):
            self._note(f"{NOT_OBSERVABLE}{text}")

    def _read_logs(self) -> None:
        try:
            lines = self._account.logs(self._run.started_ms)
        except TargetError as error:
            self._note(f"{NOT_OBSERVABLE}the tasks' own logs ({error})")
            return
        for line in lines:
            self._journal.write(
                LogSeen(at_ms=line.at_ms, service=line.service, task=line.task, event=line.event)
            )

    def _step(self, name: str, text: str) -> None:
        self._journal.write(Step(at_ms=self._clock.now_ms(), name=name, text=text))

    def _note(self, text: str) -> None:
        self._journal.write(Note(at_ms=self._clock.now_ms(), text=text))


def _stopped(error: StoppedError) -> tuple[str, str]:
    """Nothing aborts a watch but blindness, and a blind watch proves nothing."""
    if error.outcome is Outcome.ABORTED:
        return Outcome.INVALID.value, error.reason
    return error.outcome.value, error.reason


def under_way(observed: Observed, service: str) -> DeploymentSeen | None:
    """The deployment that has not ended yet; None if the service is steady.

    A service deployment that is not over names it; else a PRIMARY that is IN_PROGRESS, or is not
    alone.
    """
    listed = next((v.deployments for v in observed.services if v.name == service), ())
    for release in observed.service_deployments:
        if release.service == service and release.status not in OVER:
            found = next((d for d in listed if d.id == release.deployment), None)
            if found is not None:
                return found
    primary = next((d for d in listed if d.status == "PRIMARY"), None)
    if primary is None:
        return None
    busy = primary.rollout == "IN_PROGRESS" or len(listed) > 1
    return primary if busy else None

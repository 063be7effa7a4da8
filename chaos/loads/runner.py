"""Runs one load: offers it, watches the services where they can be seen, asks for the orders."""

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from chaos.causes import failed_ids
from chaos.clock import Clock
from chaos.drill import Stage
from chaos.entries import Step
from chaos.errors import DrillError, InvalidError, StoppedError, UsageError
from chaos.evidence import collect_logs
from chaos.history import History
from chaos.journal import Journal, write_run
from chaos.load import LOAD_COMMAND, Load, LoadPlan
from chaos.loads.guard import LoadGuard
from chaos.loads.hope import Hope
from chaos.loads.knee import read_stages
from chaos.loads.progress import Progress
from chaos.loads.setup import STRESS, LoadSetup
from chaos.loads.thresholds import parse_threshold
from chaos.lookout import Lookout
from chaos.orders import Search
from chaos.outcome import Outcome
from chaos.records import read_records
from chaos.run import JUDGED, Limits, Run
from chaos.stop import Stop, signals_stop
from chaos.target import Place, Target
from chaos.undo import UndoStack
from chaos.watch import Watch

URL = "url"  # the kind of a place of which only a URL is known
NO_CLUSTER = "tasks, targets and logs: only a URL was given"
LOOK_SECONDS = 0.2
SAY_SECONDS = 10.0
ANSWERS_MS = 1000.0  # after a stage, for its answers to be recorded
LAG_P99_MS = 100.0
QUESTION = "Does the service keep its thresholds under this load?"
LIBRARIES = ("ecs-rehearsal", "boto3", "httpx", "locust")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOrder:
    """What to run. `headers` go with every request, and are never recorded or printed."""

    setup: LoadSetup
    place: Place
    rate: float
    longest_seconds: float
    seed: int = 1
    target: Target | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    load_command: Sequence[str] = LOAD_COMMAND
    command: str = ""
    say: Callable[[str], None] = field(default=lambda _: None)


def place_of_url(url: str, ca_file: str | None, time_scale: float) -> Place:
    """Where only a URL is known."""
    return Place(
        kind=URL,
        cluster="-",
        url=url.rstrip("/"),
        time_scale=time_scale,
        interval_ms=0.0,
        ca_file=ca_file,
        not_observable=(NO_CLUSTER,),
    )


def name_load_folder(out: Path, scenario: str) -> Path:
    """A run folder below `out` that is not there yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        folder = out / f"{stamp}-load-{scenario}{suffix}"
        if not folder.exists():
            return folder
    raise UsageError(f"{out} has 99 run folders of this second; choose another with --out")


def run_load(order: LoadOrder, folder: Path) -> Run:
    """Run the load and return what run.json then holds. `folder` must exist and be empty.

    Errors of the world become the run's ending. Nothing that was started here survives.
    """
    clock = Clock()
    run = _describe(order, clock)
    write_run(folder, run)
    journal, stop = Journal(folder), Stop()
    with signals_stop(stop):
        performance = LoadPerformance(order, run, folder, clock, journal, stop)
        try:
            ending, why = performance.play()
        finally:
            performance.clear()
        run = replace(run, ended_ms=clock.now_ms(), ending=ending, why=why)
        write_run(folder, run)
    return run


def _describe(order: LoadOrder, clock: Clock) -> Run:
    place, setup = order.place, order.setup
    return Run(
        drill="load",
        question=QUESTION,
        variant=setup.scenario,
        started_ms=clock.now_ms(),
        time_scale=place.time_scale,
        rate=order.rate,
        arrivals=setup.arrivals,
        seed=order.seed,
        target=place.kind,
        cluster=place.cluster,
        url=place.url,
        interval_ms=place.interval_ms,
        services=order.target.setups() if order.target else (),
        limits=Limits(lag_p99_ms=LAG_P99_MS),
        versions=_versions(),
        not_emulated=place.limits,
        not_observable=place.not_observable,
        command=order.command,
        load=setup,
    )


def _versions() -> tuple[str, ...]:
    libraries = [f"{name} {version(name)}" for name in LIBRARIES]
    return (f"Python {platform.python_version()}", *libraries)


class LoadPerformance:
    """One load under way: what was started, so that it can be cleared away in any case."""

    def __init__(
        self,
        order: LoadOrder,
        run: Run,
        folder: Path,
        clock: Clock,
        journal: Journal,
        stop: Stop,
    ) -> None:
        self._order, self._run, self._folder = order, run, folder
        self._clock, self._journal, self._stop = clock, journal, stop
        self._record = folder / "requests.sqlite"
        self._load = Load(self._plan(), order.load_command)
        self._progress = Progress(self._record)
        self._aborted = Stop()  # by the guard: evidence is still asked for, unlike after a signal
        guard = LoadGuard(self._progress, run.limits, clock, _hopes(order.setup))
        self._lookout = Lookout(guard.look, self._aborted.ask)
        target = order.target
        self._watch = Watch(target, run.services, journal, clock, stop) if target else None
        self._early = ""
        self._broken: str | None = None

    def _plan(self) -> LoadPlan:
        order, setup = self._order, self._order.setup
        words = {"--scenario": setup.scenario, "--mix": setup.mix, "--processes": setup.processes}
        return LoadPlan(
            url=order.place.url,
            rate=order.rate,
            record=self._record,
            time_scale=order.place.time_scale,
            seed=order.seed,
            longest_seconds=order.longest_seconds,
            duration_seconds=setup.seconds,
            ca_file=order.place.ca_file,
            options=tuple(f"{name}={value}" for name, value in words.items()),
            environment=order.environment,
        )

    def play(self) -> tuple[str, str]:
        """Everything up to the last evidence. Returns the ending and why, in words."""
        try:
            self._play()
        except StoppedError as error:
            return error.outcome.value, error.reason
        except DrillError as error:
            return Outcome.INVALID.value, str(error)
        except Exception as error:  # noqa: BLE001 - a bug of ours; clearing up must run, exit 70
            return Outcome.ERROR.value, f"the load runner itself failed: {error!r}"
        asked = self._stop.asked or self._aborted.asked
        return (asked.outcome.value, asked.reason) if asked else (JUDGED, "")

    def _play(self) -> None:
        place, setup = self._order.place, self._order.setup
        if self._watch is not None:
            self._watch.start()
        self._order.say(f"load: {setup.scenario}, {setup.arrivals} requests to {place.url}")
        began_ms = self._clock.now_ms()
        self._load.start(self._stop)
        self._step("load", f"{setup.scenario}: {setup.arrivals} requests to {place.url}")
        self._lookout.start()
        self._follow()
        self._lookout.close()
        self._step("load ends", self._early or "all arrivals are made")
        self._finish()
        self._order.say("asking for the orders")
        self._collect(began_ms)
        if self._broken is not None and self._aborted.asked is None:
            raise InvalidError(f"load not offered: {self._broken}")

    def _follow(self) -> None:
        """Wait until all is offered, or until there is no sense in more; record the stages."""
        spans = list(self._order.setup.spans())
        entered, judged, told_ms = 0, 0, self._clock.now_ms()
        began_ms = told_ms
        while self._load.ended is None and self._aborted.asked is None:
            self._stop.wait(LOOK_SECONDS)
            passed_ms = self._clock.now_ms() - began_ms
            while entered < len(spans) and passed_ms >= spans[entered][1]:
                self._enter(spans[entered][0].last)
                entered += 1
            while judged < len(spans) and passed_ms >= spans[judged][2] + ANSWERS_MS:
                judged += 1
                if self._overloaded(judged):
                    self._early = "the service did not keep up with the last stage"
                    return
            told_ms = self._tell(passed_ms, told_ms)
        if (asked := self._aborted.asked) is not None:
            self._early = asked.reason

    def _enter(self, rate: float) -> None:
        if len(self._order.setup.stages) > 1:
            self._step(f"{rate:g}/s", f"a stage at, or going to, {rate:g}/s")

    def _tell(self, passed_ms: float, told_ms: float) -> float:
        """Say every ten seconds how far it is; when that was said last."""
        now_ms = self._clock.now_ms()
        if now_ms - told_ms < SAY_SECONDS * 1000:
            return told_ms
        done, failed = self._progress.arrivals, self._progress.failed
        whole = self._order.setup.seconds
        self._order.say(f"{passed_ms / 1000:.0f} of {whole:g} s: {done} requests, {failed} failed")
        return now_ms

    def _overloaded(self, stages: int) -> bool:
        """Of a stress load, once so many stages are over: was the last of them too much?"""
        if self._order.setup.scenario != STRESS or stages == 0:
            return False
        over = replace(self._order.setup, stages=self._order.setup.stages[:stages])
        seen = read_stages(History(self._run, (), read_records(self._record)), over)
        return bool(seen) and seen[-1].why is not None

    def _finish(self) -> None:
        if self._load.ended is None:
            self._broken = self._load.finish()
        elif not self._load.done:
            self._broken = self._load.ended

    def _collect(self, since_ms: float) -> None:
        """Ask for orders and, where there is a cluster, for logs and the access log."""
        records = read_records(self._record)
        search = Search(self._order.place, self._stop, headers=self._order.headers)
        self._journal.write(search.verify(records.writes, since_ms, self._clock.now_ms()))
        if self._order.target is not None:
            collect_logs(self._stage(self._order.target), failed_ids(records), since_ms)

    def _stage(self, target: Target) -> Stage:
        return Stage(
            target=target,
            setups=self._run.services,
            subjects=self._run.services,
            journal=self._journal,
            clock=self._clock,
            undo=UndoStack(self._journal, self._clock.now_ms),
            stop=self._stop,
            marker="",
        )

    def _step(self, name: str, text: str) -> None:
        self._journal.write(Step(at_ms=self._clock.now_ms(), name=name, text=text))

    def clear(self) -> None:
        """End what was started. Safe at any time."""
        try:
            self._lookout.close()
            self._load.kill()
        finally:
            if self._watch is not None:
                self._watch.close()
            self._journal.close()


def _hopes(setup: LoadSetup) -> list[Hope]:
    """Of a stress load, and of one that is to go on, nothing is given up early."""
    if setup.keep_going or setup.scenario == STRESS:
        return []
    held = [parse_threshold(text) for text in setup.thresholds]
    return [Hope(each, setup.arrivals, each.baseline_figure(setup.baseline)) for each in held]

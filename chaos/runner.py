"""Runs one drill: gate, load, steps, settling, evidence; undoes, and leaves a run folder."""

import platform
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from chaos.causes import failed_ids
from chaos.clock import Clock
from chaos.drill import Drill, Stage, Variant
from chaos.effect import DELAY
from chaos.errors import DrillError, StoppedError
from chaos.evidence import collect_evidence, collect_logs
from chaos.gate import pass_gate
from chaos.guard import Guard
from chaos.journal import Journal, write_run
from chaos.keeping import make_keeper
from chaos.load import LOAD_COMMAND, Load, LoadPlan
from chaos.lookout import Lookout
from chaos.outcome import Outcome
from chaos.records import read_records, tally
from chaos.run import JUDGED, Limits, Run
from chaos.stop import Deadline, Stop, signals_stop
from chaos.target import Target
from chaos.undo import UndoStack
from chaos.watch import Watch

LOOK_SECONDS = 0.2
GATE_SECONDS = 60.0  # unscaled; and as much as this again in real time for slow starts
GATE_EXTRA_REAL_SECONDS = 20.0
LIBRARIES = ("ecs-rehearsal", "boto3", "httpx", "locust")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run. `rate` and `arrivals` None: the drill's own."""

    drill: Drill
    variant: Variant
    rate: float | None = None
    arrivals: int | None = None
    seed: int = 1
    path: str = ""  # empty: the drill's own requests
    load_command: Sequence[str] = LOAD_COMMAND
    command: str = ""
    say: Callable[[str], None] = field(default=lambda _: None)


def run_drill(order: Order, target: Target, folder: Path) -> Run:
    """Run the drill and return what run.json then holds. `folder` must exist and be empty.

    Whatever happens, SIGINT and SIGTERM included, everything is undone and nothing started here
    survives. Errors of the world become the run's ending; only UsageError may be raised, before
    anything was done.
    """
    clock = Clock()
    run = _describe(order, target, clock)
    write_run(folder, run)
    journal, stop = Journal(folder), Stop()
    with signals_stop(stop):
        performance = Performance(order, target, folder, run, clock, journal, stop)
        try:
            ending, why = performance.play()
        finally:
            failures = performance.clear()
            for text in performance.under_way:
                order.say(text)
        if failures:
            ending, why = Outcome.ERROR.value, "; ".join(failures)
        elif ending == JUDGED and stop.asked is not None:
            ending, why = stop.asked.outcome.value, stop.asked.reason
        run = replace(run, ended_ms=clock.now_ms(), ending=ending, why=why, undo_failures=failures)
        write_run(folder, run)
    return run


def _describe(order: Order, target: Target, clock: Clock) -> Run:
    place, drill = target.place, order.drill
    return Run(
        drill=drill.name,
        question=drill.question,
        variant=order.variant.value,
        started_ms=clock.now_ms(),
        time_scale=place.time_scale,
        rate=order.rate or drill.offer.rate,
        arrivals=order.arrivals or drill.offer.arrivals,
        seed=order.seed,
        target=place.kind,
        cluster=place.cluster,
        url=place.url,
        interval_ms=place.interval_ms,
        services=target.setups(),
        limits=_aws_limits(drill.limits) if place.kind == "aws" else drill.limits,
        versions=library_versions(),
        not_emulated=place.limits,
        not_observable=place.not_observable,
        command=order.command,
        path=order.path,
    )


def _aws_limits(limits: Limits) -> Limits:
    """ALB nodes were seen to follow 2-15 s after `draining` (R4.32)."""
    return replace(limits, propagation_seconds=15.0, propagation_real_seconds=0.0)


def library_versions() -> tuple[str, ...]:
    """What a run was made with."""
    return (
        f"Python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in LIBRARIES),
    )


class Performance:
    """One run on the stage: what was started, so that it can be cleared away in any case."""

    def __init__(
        self,
        order: Order,
        target: Target,
        folder: Path,
        run: Run,
        clock: Clock,
        journal: Journal,
        stop: Stop,
    ) -> None:
        self._order, self._target, self._run = order, target, run
        self._clock, self._journal, self._stop = clock, journal, stop
        self._record = folder / "requests.sqlite"
        self._deadline = Deadline(run.limits.deadline_real_seconds(run.time_scale))
        self._undo = UndoStack(journal, clock.now_ms, make_keeper(target.place, folder))
        self._watch = Watch(target, run.services, journal, clock, stop)
        self._load = Load(self._plan_load(), order.load_command)
        guard = Guard(self._load, self._record, run.limits, self._deadline, clock)
        self._lookout = Lookout(guard.look, stop.ask)
        self._stage = Stage(
            target=target,
            setups=run.services,
            subjects=order.drill.subjects(run.services),
            journal=journal,
            clock=clock,
            undo=self._undo,
            stop=stop,
            marker=f"{int(run.started_ms)}-{secrets.token_hex(3)}",
        )

    def _plan_load(self) -> LoadPlan:
        run, place = self._run, self._target.place
        return LoadPlan(
            url=place.url,
            rate=run.rate,
            record=self._record,
            time_scale=run.time_scale,
            seed=run.seed,
            longest_seconds=self._order.drill.offer.longest_seconds,
            duration_seconds=self._deadline.seconds + 60,
            ca_file=place.ca_file,
            options=("--path", run.path) if run.path else (),
        )

    def play(self) -> tuple[str, str]:
        """Everything up to the last evidence. Returns the ending and why, in words."""
        try:
            self._play()
        except StoppedError as error:
            return error.outcome.value, error.reason
        except DrillError as error:
            return Outcome.INVALID.value, str(error)
        except Exception as error:  # noqa: BLE001 - a bug of ours; undo must run, exit 70
            return Outcome.ERROR.value, f"the drill itself failed: {error!r}"
        return JUDGED, ""

    def _play(self) -> None:
        drill, say = self._order.drill, self._order.say
        say("waiting for a steady system")
        patience = GATE_SECONDS / self._run.time_scale + GATE_EXTRA_REAL_SECONDS
        probes = (self._run.path,) if self._run.path else drill.probes
        pass_gate(self._target, probes, self._stop, patience)
        self._record_settings()
        self._watch.start()
        say(f"load: {self._run.rate:g}/s to {self._run.url}")
        load_started_ms = self._clock.now_ms()
        self._load.start(self._stop)
        self._stage.step("load", f"{self._run.rate:g} requests/s to {self._run.url}")
        self._lookout.start()
        self._stop.wait(drill.offer.baseline_real_seconds)
        for act in drill.steps[self._order.variant]:
            say(f"step: {act.name}")
            act.carry_out(self._stage)
            self._stop.check()
        self._settle()
        self._finish_load()
        say("collecting evidence: orders, logs, access log")
        collect_evidence(self._stage, self._record, load_started_ms)
        self._watch.close()  # what the undos do is no part of what is judged

    def _record_settings(self) -> None:
        for setup in self._run.services:
            self._stage.record_service(setup.name)
            self._stage.record_definition(setup.name, setup.task_definition)
            for group in setup.groups:
                self._stage.record_attribute(setup.name, group, DELAY)
                self._stage.record_health_check(setup.name, group)

    def _settle(self) -> None:
        """Wait until the drill says so; the guard's deadline ends this wait."""
        told = ""
        while (awaited := self._order.drill.settled(self._stage, self._watch.observed)) is not None:
            if awaited != told:
                self._order.say(f"waiting: {awaited}")
                told = awaited
            self._stop.wait(LOOK_SECONDS)
        self._stage.step("settled", "what the drill waits for has happened")

    def _finish_load(self) -> None:
        """Go on until enough arrivals, then end the load and let it finish."""
        self._stop.wait(self._order.drill.offer.tail_real_seconds)
        self._order.say(f"load until {self._run.arrivals} requests")
        while tally(self._record, self._clock.now_ms()).arrivals < self._run.arrivals:
            self._stop.wait(LOOK_SECONDS)
        self._lookout.close()
        self._stop.check()
        self._stage.step("load ends", "no new arrivals; requests in flight finish")
        if (why := self._load.finish()) is not None:
            self._stage.note(f"load not offered: {why}")

    @property
    def under_way(self) -> tuple[str, ...]:
        """What the undos have started and not waited for, a sentence each."""
        return tuple(self._undo.under_way)

    def clear(self) -> tuple[str, ...]:
        """End what was started and undo what was done; a sentence for each failed undo."""
        try:
            self._lookout.close()
            self._load.kill()
        finally:
            failures = self._undo.run(self._stage.put_back)
        if (asked := self._stop.asked) is not None and asked.outcome is Outcome.ABORTED:
            collect_logs(self._stage, failed_ids(read_records(self._record)), self._run.started_ms)
        self._watch.close()
        self._journal.close()
        return failures

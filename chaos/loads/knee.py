"""Where a service stops keeping up: the knee of a stress load, from the recorded rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.history import History
from chaos.loads.measures import latencies, started_ms
from chaos.loads.setup import LoadSetup, RateStage
from chaos.records import DROPPED, Request
from chaos.series import percentile

ERRORS_PERCENT = 1.0
ANSWERED_PERCENT = 95.0  # of the arrivals of a stage must be answered well within it
SLOWER = 10.0  # p99, in multiples of the first stage's
SLOW_MS = 1000.0  # and beyond this
GENERATOR = "the generator itself was late"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One stage. `why` says in what way the service did not keep up; None: it did."""

    rate: float
    arrivals: int
    rps: float
    errors_percent: float
    p99_ms: float | None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knee:
    """The highest rate kept up with, and the first that was not; None: there is none."""

    kept: float | None
    broke: float | None
    why: str

    @property
    def sentence(self) -> str:
        if self.broke is None:
            return f"kept up with every rate up to {self.kept:g}/s: the knee is beyond"
        if self.kept is None:
            return f"did not keep up with the lowest rate, {self.broke:g}/s: {self.why}"
        return f"kept up with {self.kept:g}/s and not with {self.broke:g}/s: {self.why}"

    @property
    def by_generator(self) -> bool:
        return self.why.startswith(GENERATOR)


def read_stages(history: History, setup: LoadSetup) -> tuple[StageResult, ...]:
    """The stages that have requests, up to the first that the service did not keep up with."""
    start, found = started_ms(history), list[StageResult]()
    rows = [row for row in history.records.requests if row.length_ms is None]
    for stage, begin_ms, end_ms in setup.spans():
        first_p99 = found[0].p99_ms if found else None
        limit_ms = history.run.limits.lag_p99_ms
        result = _read(stage, rows, start + begin_ms, start + end_ms, first_p99, limit_ms)
        if result.arrivals == 0:
            break
        found.append(result)
        if result.why is not None:
            break
    return tuple(found)


def _read(
    stage: RateStage,
    rows: Sequence[Request],
    begin_ms: float,
    end_ms: float,
    first_p99_ms: float | None,
    lag_limit_ms: float,
) -> StageResult:
    here = [row for row in rows if begin_ms <= row.scheduled_ms < end_ms]
    done = [row for row in rows if row.error is None and begin_ms <= row.done_ms < end_ms]
    good = latencies(here, None)
    failed = sum(row.error is not None for row in here)
    p99_ms = percentile(good, 99) if good else None
    errors_percent = 100 * failed / len(here) if here else 0.0
    lags = [r.sent_ms - r.scheduled_ms for r in here if r.sent_ms is not None]
    if lags and percentile(lags, 99) > lag_limit_ms:
        why: str | None = f"{GENERATOR}: p99 of its lag {percentile(lags, 99):.0f} ms"
    else:
        why = _overload(here, len(done), errors_percent, p99_ms, first_p99_ms)
    return StageResult(
        rate=stage.last,
        arrivals=len(here),
        rps=len(done) / stage.seconds,
        errors_percent=errors_percent,
        p99_ms=p99_ms,
        why=why,
    )


def _overload(
    here: Sequence[Request],
    done: int,
    errors_percent: float,
    p99_ms: float | None,
    first_p99_ms: float | None,
) -> str | None:
    if errors_percent > ERRORS_PERCENT:
        dropped = sum(row.error == DROPPED for row in here)
        unsent = f", {dropped} of them not even sent" if dropped else ""
        return f"{errors_percent:.1f} % of {len(here)} requests failed{unsent}"
    if here and 100 * done < ANSWERED_PERCENT * len(here):
        return f"only {done} requests were answered well while {len(here)} arrived"
    limit_ms = max(SLOW_MS, SLOWER * (first_p99_ms or 0.0))
    if p99_ms is not None and p99_ms > limit_ms:
        return f"p99 {p99_ms:.0f} ms (limit {limit_ms:.0f} ms)"
    return None


def find_knee(stages: Sequence[StageResult]) -> Knee | None:
    """The knee of stages that rise; None of no stages."""
    kept = [stage.rate for stage in stages if stage.why is None]
    broke = next((stage for stage in stages if stage.why is not None), None)
    if not stages:
        return None
    return Knee(
        kept=kept[-1] if kept else None,
        broke=broke.rate if broke else None,
        why=(broke.why or "") if broke else "",
    )


def judged_stages(history: History, setup: LoadSetup, *, stress: bool) -> tuple[RateStage, ...]:
    """The stages that thresholds are about: all, or of a stress load those kept up with."""
    if not stress:
        return setup.stages
    kept = sum(stage.why is None for stage in read_stages(history, setup))
    return setup.stages[:kept]

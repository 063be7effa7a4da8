"""Two loads compared, figure by figure; a difference may be no more than noise.

Both runs are cut into equal parts. What part k of one run differs from part k of the other varies
from part to part; a mean difference that this variation explains (paired t-test, 99 %) is noise.
So is one too small to matter. Noise *between* runs of one machine is not in either of them: two
runs of the same build show how large that is.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from chaos.checks.finding import Check, Finding, passed, unknown
from chaos.errors import UsageError
from chaos.history import History, read_history
from chaos.loads.measures import measure_endpoints
from chaos.loads.setup import Baseline, EndpointMeasures, LoadSetup, Measure

STUDENT_99 = (63.7, 9.92, 5.84, 4.60, 4.03, 3.71, 3.50, 3.36, 3.25)  # by degrees of freedom, from 1
LEAST_PARTS = 3
LEAST_SHARE = 0.05  # of the baseline: a smaller difference does not matter
LEAST = {"p50_ms": 1.0, "p95_ms": 1.0, "p99_ms": 1.0, "errors_percent": 0.1, "rps": 0.5}
FIGURES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99", "errors_percent": "errors"}
NAMES = {**FIGURES, "rps": "rate"}
SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of one endpoint in both runs. `noise` says why the difference says nothing."""

    endpoint: str
    figure: str
    before: float | None
    after: float | None
    noise: str | None

    @property
    def delta(self) -> float | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def percent(self) -> float | None:
        return 100 * self.delta / self.before if self.delta is not None and self.before else None

    @property
    def word(self) -> str:
        """better, worse, or why it is neither."""
        if self.noise is not None or self.delta is None:
            return self.noise or "not in both"
        return "better" if (self.delta > 0) == (self.figure == "rps") else "worse"

    @property
    def sentence(self) -> str:
        before, after = (show(self.figure, value) for value in (self.before, self.after))
        percent = "" if self.percent is None else f" ({self.percent:+.0f} %)"
        return f"{self.endpoint} {NAMES[self.figure]} {before} to {after}{percent}"


def show(figure: str, value: float | None) -> str:
    if value is None:
        return "-"
    if figure == "errors_percent":
        return f"{value:.2f} %"
    return f"{value:.1f}/s" if figure == "rps" else f"{value:.1f} ms"


def read_baseline(folder: Path) -> tuple[Baseline, LoadSetup]:
    """Measure an earlier run. UsageError if it is no load, or nothing can be compared with it."""
    history = read_history(folder)
    if history.run.load is None:
        raise UsageError(f"{folder} is no run of a load; hint: `rehearse load` makes one")
    if history.missing or not history.records.requests:
        why = "; ".join(history.missing) or "it has no request"
        raise UsageError(f"{folder} cannot be compared with: {why}")
    measured = measure_endpoints(history, history.run.load)
    return Baseline(folder=folder.name, endpoints=measured), history.run.load


def check_comparable(wanted: LoadSetup, earlier: LoadSetup, folder: Path) -> None:
    """UsageError unless both loads ask for the same."""
    for name in ("scenario", "mix", "stages"):
        if getattr(wanted, name) != getattr(earlier, name):
            hint = "hint: give both runs the same scenario, rate, duration and mix"
            raise UsageError(f"{folder} has another load ({name}): it cannot be compared; {hint}")


def compare(
    before: Sequence[EndpointMeasures], after: Sequence[EndpointMeasures]
) -> Iterator[Change]:
    """Every figure of every endpoint of either run, all requests first."""
    olds, news = ({e.endpoint: e for e in side} for side in (before, after))
    for endpoint in dict.fromkeys((*olds, *news)):
        old, new = olds.get(endpoint), news.get(endpoint)
        for figure in NAMES:
            yield Change(
                endpoint=endpoint,
                figure=figure,
                before=getattr(old.whole, figure) if old else None,
                after=getattr(new.whole, figure) if new else None,
                noise=find_noise(old.parts, new.parts, figure) if old and new else None,
            )


def find_noise(before: Sequence[Measure], after: Sequence[Measure], figure: str) -> str | None:
    """Why a difference says nothing; None if it does."""
    pairs = [
        (old, new)
        for a, b in zip(before, after, strict=True)
        if (old := getattr(a, figure)) is not None and (new := getattr(b, figure)) is not None
    ]
    if len(pairs) < LEAST_PARTS:
        return "too little data"
    differences = [new - old for old, new in pairs]
    mean = fmean(differences)
    level = fmean([old for old, _ in pairs])
    if abs(mean) < max(LEAST[figure], LEAST_SHARE * abs(level)):
        return "within noise"
    reach = STUDENT_99[len(pairs) - 2] * stdev(differences) / math.sqrt(len(pairs))
    return "within noise" if abs(mean) <= reach else None


def changes_of(history: History) -> tuple[Change, ...]:
    """What differs from the baseline of a recorded load; nothing without one."""
    setup = history.run.load
    if setup is None or setup.baseline is None or not history.records.requests:
        return ()
    return tuple(compare(setup.baseline.endpoints, measure_endpoints(history, setup)))


def judge_compared(history: History) -> Finding:
    """Say what differs from the baseline beyond noise; a difference alone fails nothing."""
    changes = changes_of(history)
    if not changes:
        return unknown("there is nothing to compare")
    told = [change for change in changes if change.word in ("better", "worse")]
    if not told:
        return passed(f"all {len(changes)} differences are within noise")
    worse = [change for change in told if change.word == "worse"]
    shown = [f"{change.sentence}, {change.word}" for change in (*worse, *told)][:SHOWN]
    more = "" if len(told) <= SHOWN else f" and {len(told) - SHOWN} more"
    names = "; ".join(dict.fromkeys(shown))
    return passed(f"{len(told)} of {len(changes)} figures differ beyond noise: {names}{more}")


COMPARED = Check("compared with the baseline", judge_compared)

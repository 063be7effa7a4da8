"""What a run or a suite of runs came to: all that its pages and summaries are made of."""

from dataclasses import dataclass
from urllib.parse import quote

from chaos.checks.finding import Finding, Result
from chaos.figures import Figures, read_figures
from chaos.history import History
from chaos.outcome import Outcome, worst
from chaos.textlanes import draw_text_lanes
from chaos.verdict import Verdict

AS_DEMANDED = "as demanded"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a suite demanded of a run: PASS if it was met, and what came of it in a sentence."""

    outcome: Outcome
    sentence: str

    @property
    def met(self) -> bool:
        return self.outcome is Outcome.PASS


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One run. `folder` is where its files are, seen from the page that names it; "" for its own.

    `demand` None: the run's own outcome is what counts.
    """

    verdict: Verdict
    figures: Figures
    lanes: str
    folder: str = ""
    demand: Demand | None = None

    @property
    def name(self) -> str:
        run = self.verdict.run
        return f"{run.drill} ({run.variant})" if run.variant else run.drill

    @property
    def counted(self) -> Outcome:
        """The outcome that counts for the suite."""
        return self.verdict.outcome if self.demand is None else self.demand.outcome

    @property
    def demanded_failure(self) -> bool:
        """It failed, and it was to fail."""
        return self.verdict.outcome is Outcome.FAIL and self.counted is Outcome.PASS

    @property
    def said(self) -> str:
        """What came of it: the demand that was not met, else the verdict's reason."""
        unmet = self.demand is not None and not self.demand.met
        return self.demand.sentence if self.demand and unmet else self.verdict.reason

    @property
    def report(self) -> str:
        """The address of its page, relative."""
        return f"{quote(self.folder)}/report.html" if self.folder else "report.html"

    @property
    def advice(self) -> tuple[str, ...]:
        """What to change, each advice once, the most frequent cause first."""
        found = (d.advice for f in self.verdict.findings for d in f.diagnoses if d.advice)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """Several runs in the order they were made; `not_run` names those that are missing."""

    results: tuple[RunResult, ...]
    not_run: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst that counts; a suite that did not come to all its runs proves nothing."""
        missing = [Outcome.INVALID] if self.not_run else []
        return worst([*(result.counted for result in self.results), *missing])

    @property
    def headline(self) -> str:
        """`4 runs: 1 FAIL, 3 PASS`; where it was demanded `4 runs: 1 FAIL, 3 as demanded`.

        A single run's name.
        """
        if len(self.results) == 1 and not self.not_run:
            return self.results[0].name
        counts = dict.fromkeys([*reversed(Outcome), AS_DEMANDED], 0)
        for result in self.results:
            met = result.demand is not None and result.demand.met
            counts[AS_DEMANDED if met else result.counted] += 1
        parts = [f"{number} {words}" for words, number in counts.items() if number]
        if self.not_run:
            parts.append(f"{len(self.not_run)} not run")
        return f"{len(self.results) + len(self.not_run)} runs: {', '.join(parts)}"


def summarise(history: History, verdict: Verdict) -> RunResult:
    """A judged run as a result."""
    return RunResult(verdict=verdict, figures=read_figures(history), lanes=draw_text_lanes(history))


def failures_first(findings: tuple[Finding, ...]) -> list[Finding]:
    """What did not pass before what did, otherwise in the drill's order."""
    return sorted(findings, key=lambda finding: finding.result is Result.PASS)

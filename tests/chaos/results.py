"""Judged results of hand-written runs: what pages and summaries are made of."""

from dataclasses import replace
from pathlib import Path

from chaos.checks.finding import Finding, Result
from chaos.entries import EventSeen, Note, Step, TaskSeen
from chaos.outcome import Outcome
from chaos.result import Demand, RunResult, SuiteResult, summarise
from chaos.suite import judge_folder
from tests.chaos.builder import (
    T0,
    Cast,
    RunBuilder,
    cast_of,
    deployment,
    make_run,
    offer_load,
    perform,
)

NASTY = '<script>alert(1)</script> | `x` *b* _i_ [l](u) @someone #1 & "q" \x00\x1b[31m\n# h ${1}'


def play(folder: Path, builder: RunBuilder, demand: Demand | None = None) -> RunResult:
    """Write the run, judge it, and return what came of it, seen from the folder above."""
    history, verdict = judge_folder(builder.write(folder))
    return replace(summarise(history, verdict), folder=folder.name, demand=demand)


def without_rows() -> RunBuilder:
    """What a run has that only watched: lanes, and no request."""
    builder = deployment()
    builder.requests, builder.writes, builder.meta = [], [], {}
    return builder


def without_lanes() -> RunBuilder:
    """What a load on a URL has: requests, and no task."""
    builder = deployment()
    builder.entries = [entry for entry in builder.entries if isinstance(entry, Step)]
    return builder


def large(seconds: float = 60.0, tasks: int = 6) -> RunBuilder:
    """A minute at 200/s: two services, each with so many old and so many new tasks."""
    builder = deployment(5.0)
    builder.requests.clear()
    cast = [_moved(one, number) for number in range(tasks // 2) for one in cast_of(500.0)]
    for member in cast:
        perform(builder, member)
    offer_load(builder, cast, seconds)
    builder.run = replace(builder.run, ended_ms=builder.run.started_ms + seconds * 1000 + 4000)
    return builder


def _moved(one: Cast, number: int) -> Cast:
    """The same story, later and elsewhere."""

    def later(at: float | None) -> float | None:
        return None if at is None else at + 4000.0 * number

    first, second, third, fourth = one.address.split(".")
    return replace(
        one,
        task=f"c{number}{one.task[:30]}",
        address=f"{first}.{second}.{int(third) + 10 * (number + 1)}.{fourth}",
        started=later(one.started),
        healthy=later(one.healthy),
        stop=later(one.stop),
        draining=later(one.draining),
        left=later(one.left),
        sigterm=later(one.sigterm),
        stopped=later(one.stopped),
    )


def nasty() -> RunBuilder:
    """A run in which every text that others write is out to break a page."""
    builder = deployment()
    builder.run = replace(
        builder.run, cluster=NASTY, url=NASTY, command=NASTY, versions=(NASTY,), question=NASTY
    )
    builder.run = replace(builder.run, ending="ABORTED", why=NASTY)
    seen = next(entry for entry in builder.entries if isinstance(entry, TaskSeen))
    builder.add(
        replace(seen, task="e" * 32, service=NASTY, status=NASTY, address=None, reason=NASTY),
        EventSeen(at_ms=T0 + 10, service="order-api", message=NASTY),
        Note(at_ms=T0 + 11, text=NASTY),
        Step(at_ms=T0 + 12, name=NASTY, text=NASTY),
    )
    return builder


def with_finding(result: RunResult, sentence: str) -> RunResult:
    """The result with one more failed check that says this."""
    finding = Finding(Result.FAIL, sentence, check="one more check")
    verdict = replace(result.verdict, findings=(*result.verdict.findings, finding))
    return replace(result, verdict=verdict)


def both(folder: Path) -> SuiteResult:
    """Broken fails as it must, fixed does not pass, and one run is missing."""
    met = Demand(Outcome.PASS, "failed as it must: cut")
    broken = play(folder / "1-broken", deployment(5.0), met)
    aborted = replace(deployment(), run=make_run(ending="ABORTED", why="guard: 60 %"))
    unmet = Demand(Outcome.ABORTED, "guard: 60 %")
    return SuiteResult(
        results=(broken, play(folder / "2-fixed", aborted, unmet)),
        not_run=("stop-task (fixed)",),
    )

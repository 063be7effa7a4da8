"""A run's page: verdict, picture, findings, and the data behind them."""

from collections.abc import Iterator
from pathlib import Path

from chaos.axis import Axis, make_axis
from chaos.checks.finding import Finding, Result
from chaos.clock import to_text
from chaos.entries import Entry, EventSeen, Note, Step, TaskSeen
from chaos.history import History
from chaos.loads.tables import render_figures
from chaos.narration import narrate
from chaos.numbers import make_table
from chaos.page import advice, badge, figures, folded, make_page, sentence
from chaos.plots import SAMPLES, make_buckets
from chaos.result import RunResult, failures_first
from chaos.svg import element, escaped
from chaos.timeline import draw_timeline

EVIDENCE_SHOWN = 6
EVENTS_SHOWN = 60
ROWS_SHOWN = 40
SIGNS = {Result.PASS: "✓ pass", Result.FAIL: "✗ FAIL", Result.UNKNOWN: "? unknown"}


def write_report(path: Path, history: History, result: RunResult) -> None:
    """Write one page; it needs nothing but itself."""
    path.write_text(render_report(history, result), encoding="utf-8")


def render_report(history: History, result: RunResult) -> str:
    verdict = result.verdict
    axis = make_axis(history)
    return make_page(
        f"{result.name}: {verdict.outcome}",
        *_head(result),
        *_picture(history),
        element("h2", "Checks"),
        element(
            "ul",
            *(_finding(finding, history) for finding in failures_first(verdict.findings)),
            cls="findings",
        ),
        *_load(history),
        element("h2", "Details"),
        _steps(history, axis),
        *_numbers(history, axis),
        _fine_print(result),
    )


def _load(history: History) -> Iterator[str]:
    """A load's figures, endpoint by endpoint."""
    if history.run.load is not None:
        yield element("h2", "Figures")
        yield element("pre", escaped(render_figures(history)))


def _head(result: RunResult) -> Iterator[str]:
    verdict, run = result.verdict, result.verdict.run
    variant = element("small", escaped(run.variant)) if run.variant else ""
    yield element("h1", badge(verdict.outcome), escaped(run.drill), variant)
    yield element("p", escaped(run.question), cls="dim")
    yield element("p", sentence(verdict.reason), cls="reason")
    yield advice(result.advice)
    yield element("dl", *figures(result), cls="figures wide")
    facts = (
        to_text(run.started_ms),
        ", ".join(filter(None, (f"target {run.target}", f"cluster {run.cluster}", run.url))),
        f"time scale {run.time_scale:g}",
        f"{run.rate:g} requests/s asked" if run.rate else "no requests sent",
    )
    yield element("p", escaped(" · ".join(facts)), cls="dim")


def _picture(history: History) -> Iterator[str]:
    drawn = draw_timeline(history)
    if drawn:
        tasks = OF_TASKS if history.of(TaskSeen) else ""
        requests = OF_REQUESTS if history.records.requests else ""
        yield element("div", tasks, requests, cls="legend")
        yield element("div", drawn, cls="plot")
    else:
        yield element("p", "Nothing that could be drawn was recorded.", cls="dim")


def _finding(finding: Finding, history: History) -> str:
    cells = (
        element("span", SIGNS[finding.result], cls=finding.result.value),
        element("b", escaped(finding.check)),
        element("span", escaped(finding.sentence), cls="say"),
    )
    inside = [element("p", escaped(diagnosis.sentence)) for diagnosis in finding.diagnoses]
    if finding.evidence:
        inside.append(_evidence(finding, history))
    if not inside:
        return element("li", element("div", *cells, cls="row"))
    opened = "<details open>" if finding.diagnoses else "<details>"
    return element("li", opened, element("summary", *cells), *inside, "</details>")


def _evidence(finding: Finding, history: History) -> str:
    wanted = set(finding.evidence[:EVIDENCE_SHOWN])
    axis = make_axis(history)
    found = [entry for entry in history.entries if entry.line in wanted]
    lines = [f"line {e.line:>5} {axis.seconds(e.at_ms):>8.1f} s  {narrate(e)}" for e in found]
    more = len(finding.evidence) - len(wanted)
    if more > 0:
        lines.append(f"{'':>22}and {more} more lines of journal.jsonl")
    return element("pre", escaped("\n".join(lines)))


def _steps(history: History, axis: Axis) -> str:
    shown: list[Entry] = [*history.of(Step), *history.of(EventSeen), *history.of(Note)]
    shown.sort(key=lambda entry: entry.at_ms)
    lines = [f"{axis.seconds(e.at_ms):>9.1f} s  {narrate(e)}" for e in shown[:EVENTS_SHOWN]]
    if len(shown) > EVENTS_SHOWN:
        lines.append(f"{'':>11}  and {len(shown) - EVENTS_SHOWN} more in journal.jsonl")
    return folded("Steps and ECS events", element("pre", escaped("\n".join(lines))))


def _numbers(history: History, axis: Axis) -> Iterator[str]:
    """The picture's data as a table, for those who do not see it."""
    if not history.records.requests:
        return
    table = make_table(history, make_buckets(history, axis, SAMPLES), ROWS_SHOWN)
    yield folded("The same in numbers", element("div", table, cls="numbers"))


def _fine_print(result: RunResult) -> str:
    verdict, run = result.verdict, result.verdict.run
    letters = [f"not observable here: {text}" for text in verdict.not_observable]
    letters += [f"not emulated here: {text}" for text in run.not_emulated]
    letters += [f"missing: {text}" for text in verdict.missing]
    if verdict.worst_error_ms is not None:
        letters.append(
            f"observed by polling every {run.interval_ms:g} ms; longest blind gap"
            f" {verdict.worst_error_ms:.0f} ms"
        )
    letters += [f"seed {run.seed}", *run.versions]
    if run.command:
        letters.append(f"to repeat: {run.command}")
    items = "".join(element("li", escaped(text)) for text in letters)
    return folded("What this rests on", element("ul", items, cls="dim"))


def _swatch(cls: str, words: str, shape: str = "") -> str:
    box = shape or f'<rect width="26" height="12" rx="2" class="{cls}"/>'
    return f'<span><svg viewBox="0 0 26 12" aria-hidden="true">{box}</svg>{words}</span>'


def _group(name: str, *swatches: str) -> str:
    return element("div", element("b", name), *swatches)


OF_TASKS = _group(
    "task",
    _swatch("st pending", "starting"),
    _swatch("st running", "RUNNING"),
    _swatch("st stopping", "STOPPING"),
    _swatch("", "SIGTERM", '<path d="M9 2h8l-4 8z" class="mark"/>'),
    _swatch("", "requests failed here", '<path d="M9 2l8 8m0-8l-8 8" class="cross"/>'),
) + _group(
    "target",
    _swatch("he", "initial"),
    _swatch("he healthy", "healthy"),
    _swatch("he draining", "draining"),
    _swatch("he unhealthy", "unhealthy"),
)
OF_REQUESTS = _group("requests", _swatch("failed", "failed")) + _group(
    "latency",
    _swatch("", "p50", '<path d="M0 6h26" class="line p50"/>'),
    _swatch("", "p99", '<path d="M0 6h26" class="line p99"/>'),
    _swatch("", "max", '<path d="M0 6h26" class="line max"/>'),
)

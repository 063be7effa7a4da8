"""One self-contained HTML page: verdict, findings, picture, and the data behind it."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from chaos.axis import Axis, make_axis
from chaos.checks.finding import Finding, Result
from chaos.clock import to_text
from chaos.entries import Entry, EventSeen, Note, Step
from chaos.history import History
from chaos.narration import narrate
from chaos.plots import SAMPLES, done, make_buckets, scheduled
from chaos.series import percentile
from chaos.svg import element
from chaos.timeline import PATTERNS, draw_timeline
from chaos.verdict import Verdict

STYLE = Path(__file__).with_name("report.css")
EVIDENCE_SHOWN = 6
EVENTS_SHOWN = 60
ROWS_SHOWN = 40
SIGNS = {Result.PASS: "✓ pass", Result.FAIL: "✗ FAIL", Result.UNKNOWN: "? unknown"}


def write_report(path: Path, runs: Sequence[tuple[History, Verdict]]) -> None:
    """Write one page for any number of runs; it needs nothing but itself."""
    names = ", ".join(f"{v.run.drill} ({v.run.variant}): {v.outcome}" for _, v in runs)
    sections = "".join(_section(history, verdict) for history, verdict in runs)
    path.write_text(
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(names)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>"
        f"<body>{DEFINITIONS}<main>{sections}</main></body></html>\n",
        encoding="utf-8",
    )


def _section(history: History, verdict: Verdict) -> str:
    axis = make_axis(history)
    return element(
        "section",
        *_head(verdict),
        *_advice(verdict),
        element("ul", *(_finding(f, history) for f in verdict.findings), cls="findings"),
        LEGEND,
        element("div", draw_timeline(history), cls="plot"),
        _steps(history, axis),
        _numbers(history, axis),
        _fine_print(verdict),
    )


def _head(verdict: Verdict) -> Iterator[str]:
    run = verdict.run
    badge = element("span", verdict.outcome.value, cls=f"badge {verdict.outcome}")
    yield element("h1", badge, escape(run.drill), element("small", escape(run.variant)))
    seconds = ((run.ended_ms or run.started_ms) - run.started_ms) / 1000
    yield element("p", escape(run.question), cls="dim")
    yield element("p", escape(_sentence(verdict.reason)), cls="reason")
    facts = (
        f"{to_text(run.started_ms)}, {seconds:.0f} s real",
        f"target {run.target}, cluster {run.cluster}, {run.url}",
        f"time scale {run.time_scale:g}",
        f"{run.rate:g} requests/s asked",
    )
    yield element("p", escape(" · ".join(facts)), cls="dim")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _advice(verdict: Verdict) -> Iterator[str]:
    for finding in verdict.findings:
        for diagnosis in finding.diagnoses:
            words = element("b", escape(f"{diagnosis.count}x {diagnosis.cause}: "))
            yield element("p", words, escape(diagnosis.advice), cls="advice")


def _finding(finding: Finding, history: History) -> str:
    cells = (
        element("span", SIGNS[finding.result], cls=finding.result.value),
        element("b", escape(finding.check)),
        element("span", escape(finding.sentence), cls="say"),
    )
    inside = [element("p", escape(diagnosis.sentence)) for diagnosis in finding.diagnoses]
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
    return element("pre", escape("\n".join(lines)))


def _steps(history: History, axis: Axis) -> str:
    shown: list[Entry] = [*history.of(Step), *history.of(EventSeen), *history.of(Note)]
    shown.sort(key=lambda entry: entry.at_ms)
    lines = [f"{axis.seconds(e.at_ms):>9.1f} s  {narrate(e)}" for e in shown[:EVENTS_SHOWN]]
    if len(shown) > EVENTS_SHOWN:
        lines.append(f"{'':>11}  and {len(shown) - EVENTS_SHOWN} more in journal.jsonl")
    return _folded("Steps and ECS events", element("pre", escape("\n".join(lines))))


def _folded(title: str, content: str) -> str:
    summary = element("summary", element("b", escape(title)))
    return element("details", summary, content, cls="lines")


def _numbers(history: History, axis: Axis) -> str:
    """The picture's data as a table, for those who do not see it."""
    buckets = make_buckets(history, axis, SAMPLES)
    rows = history.records.requests
    arrivals = buckets.group(rows, scheduled)
    failed = buckets.group((row for row in rows if row.error is not None), done)
    step = max(1, -(-buckets.count // ROWS_SHOWN))
    names = ("from (s)", "requests/s", "failed/s", "p50 ms", "p99 ms", "max ms")
    head = element("tr", *(element("th", escape(name), scope="col") for name in names))
    body = []
    for start in range(0, buckets.count, step):
        span = range(start, min(start + step, buckets.count))
        real = len(span) * buckets.seconds
        here = [row for index in span for row in arrivals[index]]
        good = [r.latency_ms for r in here if r.error is None and r.length_ms is None]
        times = [f"{percentile(good, p):.1f}" if good else "-" for p in (50, 99, 100)]
        at = start * buckets.seconds * axis.time_scale
        bad = sum(len(failed[index]) for index in span)
        cells = (f"{at:.1f}", f"{len(here) / real:.0f}", f"{bad / real:.1f}", *times)
        body.append(element("tr", *(element("td", cell) for cell in cells)))
    return _folded("The same in numbers", element("table", head, *body))


def _fine_print(verdict: Verdict) -> str:
    run = verdict.run
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
    items = "".join(element("li", escape(text)) for text in letters)
    return _folded("What this rests on", element("ul", items, cls="dim"))


def _swatch(cls: str, words: str, shape: str = "") -> str:
    box = shape or f'<rect width="26" height="12" rx="2" class="{cls}"/>'
    return f'<span><svg viewBox="0 0 26 12" aria-hidden="true">{box}</svg>{words}</span>'


# Patterns are defined once and used by every picture of the page.
DEFINITIONS = element(
    "svg", element("defs", PATTERNS), width=0, height=0, aria_hidden="true", cls="definitions"
)
LEGEND = element(
    "div",
    "<b>task</b>",
    _swatch("st pending", "starting"),
    _swatch("st running", "RUNNING"),
    _swatch("st stopping", "STOPPING"),
    _swatch("", "SIGTERM", '<path d="M9 2h8l-4 8z" class="mark"/>'),
    "<b>target</b>",
    _swatch("he", "initial"),
    _swatch("he healthy", "healthy"),
    _swatch("he draining", "draining"),
    _swatch("he unhealthy", "unhealthy"),
    "<b>requests</b>",
    _swatch("failed", "failed"),
    _swatch("", "failed here", '<path d="M9 2l8 8m0-8l-8 8" class="cross"/>'),
    "<b>latency</b>",
    _swatch("", "p50", '<path d="M0 6h26" class="line p50"/>'),
    _swatch("", "p99", '<path d="M0 6h26" class="line p99"/>'),
    _swatch("", "max", '<path d="M0 6h26" class="line max"/>'),
    cls="legend",
)

"""summary.md: verdicts for a pull request or a pipeline's step summary."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from chaos.figures import Figures
from chaos.outcome import Outcome
from chaos.result import RunResult, SuiteResult, failures_first
from chaos.svg import clean
from chaos.svg import escaped as markup

BYTES_MAX = 60_000  # a comment on GitHub may have 65,536 characters
SENTENCE_MAX = 600  # characters of one value
SIGNS = {Outcome.PASS: "✅", Outcome.INVALID: "⚠️"}
WORDS = {"pass": "pass", "fail": "**FAIL**", "unknown": "**unknown**"}
SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
LINKING = re.compile(r"@|#(?=\d)")  # GitHub makes mentions and references of these


def write_summary(path: Path, suite: SuiteResult) -> None:
    """Write the whole summary; it stays below what a comment on GitHub may hold."""
    path.write_text(render_markdown(suite), encoding="utf-8")


def render_markdown(suite: SuiteResult) -> str:
    """A table of all runs, then details, what did not pass first, for as long as there is room."""
    ordered = sorted(suite.results, key=_urgency)
    text = "\n".join(_overview(suite, ordered)) + "\n"
    left_out = 0
    for result in ordered:
        section = "\n".join(_section(result)) + "\n"
        if len((text + section).encode()) > BYTES_MAX:
            left_out += 1
            continue
        text += section
    if left_out:
        text += f"\nDetails of {left_out} more are in the report: there is no room for them here.\n"
    return text


def _urgency(result: RunResult) -> tuple[int, int]:
    """What counts as bad first, the worst of it at the top; of the rest, failures first."""
    order = list(Outcome)
    return -order.index(result.counted), -order.index(result.verdict.outcome)


def _overview(suite: SuiteResult, ordered: Sequence[RunResult]) -> Iterator[str]:
    names = [name for name, _ in Figures(requests=0, failed=0, p99_ms=0, seconds=0).named()]
    yield f"## {_word(suite.outcome)}: {suite.headline}"
    yield ""
    yield f"| verdict | run | what happened | {' | '.join(names)} |"
    yield f"| --- | --- | --- |{' ---: |' * len(names)}"
    rows = [_row(result) for result in ordered]
    rows += [
        f"| not run | {escaped(name)} | the suite ended before |{' - |' * len(names)}"
        for name in suite.not_run
    ]
    size = 0
    for index, row in enumerate(rows):
        size += len(row.encode())
        if size > BYTES_MAX // 2:
            yield f"| | and {len(rows) - index} more | |{' |' * len(names)}"
            return
        yield row


def _row(result: RunResult) -> str:
    figures = " | ".join(value for _, value in result.figures.named())
    note = " (as demanded)" if result.demanded_failure else ""
    word = f"{_word(result.counted, result.verdict.outcome)}{note}"
    return f"| {word} | {escaped(result.name)} | {escaped(result.said, 240)} | {figures} |"


def _word(counted: Outcome, shown: Outcome | None = None) -> str:
    return f"{SIGNS.get(counted, '❌')} {(shown or counted).value}"


def _section(result: RunResult) -> Iterator[str]:
    """What a reader needs who will not open the report."""
    verdict = result.verdict
    yield ""
    if result.counted is not Outcome.PASS:
        yield f"### {_word(result.counted, verdict.outcome)}: {escaped(result.name)}"
        yield ""
        yield f"**Why:** {escaped(result.said)}"
        for advice in result.advice:
            yield ""
            yield f"> **What to do:** {escaped(advice)}"
        yield ""
    yield f"<details><summary>{markup(result.name)}: checks and tasks over time</summary>"
    yield ""
    yield "| check | result | what was seen |"
    yield "| --- | --- | --- |"
    for finding in failures_first(verdict.findings):
        seen = escaped(finding.sentence, 300)
        yield f"| {escaped(finding.check)} | {WORDS[finding.result]} | {seen} |"
    yield from _lanes(result)
    yield ""
    yield f"Report: {_code(result.report)}"
    if verdict.run.command:
        yield f"<br>To repeat: {_code(verdict.run.command)}"
    yield ""
    yield "</details>"


def _lanes(result: RunResult) -> Iterator[str]:
    if result.lanes:
        fence = "`" * max(3, _longest_ticks(result.lanes) + 1)
        yield ""
        yield f"{fence}text"
        yield clean(result.lanes)
        yield fence


def _code(text: str) -> str:
    """One line of code, whatever is in it."""
    ticks = "`" * (_longest_ticks(text) + 1)
    return f"{ticks} {_line(text)} {ticks}" if "`" in text else f"`{_line(text)}`"


def _longest_ticks(text: str) -> int:
    return max((len(found) for found in re.findall("`+", text)), default=0)


def _line(text: str, limit: int = SENTENCE_MAX) -> str:
    words = " ".join(clean(text).split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def escaped(text: str, limit: int = SENTENCE_MAX) -> str:
    """Text that Markdown, a table's cell and HTML leave alone, and that mentions nobody."""
    plain = _line(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return LINKING.sub(r"\g<0><!-- -->", SPECIAL.sub(r"\\\1", plain))

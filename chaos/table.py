"""A verdict for the terminal: words carry it, colour only helps."""

import textwrap
from collections.abc import Iterator

from chaos.checks.finding import Finding, Result
from chaos.result import SuiteResult
from chaos.verdict import Verdict

WORDS = {Result.PASS: "pass", Result.FAIL: "FAIL", Result.UNKNOWN: "unknown"}
COLOURS = {"pass": "32", "PASS": "32", "FAIL": "31", "unknown": "33", "INVALID": "33"}
INDENT = " " * 10


def render_table(verdict: Verdict, *, colour: bool = False, width: int = 100) -> str:
    """Lines of text without a last newline."""
    return "\n".join(_lines(verdict, colour, max(width, 60)))


def _lines(verdict: Verdict, colour: bool, width: int) -> Iterator[str]:
    run = verdict.run
    name = f"{run.drill} ({run.variant})" if run.variant else run.drill
    yield f"{_paint(verdict.outcome.value, colour)}  {name}"
    yield from _wrapped(verdict.reason, width, "  ")
    yield ""
    longest = max((len(finding.check) for finding in verdict.findings), default=0)
    for finding in verdict.findings:
        yield from _finding(finding, longest, colour, width)
    for text in verdict.not_observable:
        yield from _wrapped(f"not observable here: {text}", width, "  ")
    for text in run.undo_failures:
        yield from _wrapped(text, width, "  ")


def _finding(finding: Finding, longest: int, colour: bool, width: int) -> Iterator[str]:
    word = WORDS[finding.result]
    start = f"  {_paint(word, colour)}{' ' * (8 - len(word))}{finding.check:<{longest}}  "
    indent = " " * (12 + longest)
    text = textwrap.wrap(finding.sentence, max(width - len(indent), 30)) or [""]
    yield f"{start}{text[0]}"
    yield from (f"{indent}{line}" for line in text[1:])
    for diagnosis in finding.diagnoses:
        yield from _wrapped(f"- {diagnosis.sentence}", width, INDENT)
        yield from _wrapped(f"  -> {diagnosis.advice}", width, INDENT)


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=f"{indent}  ")


def _paint(word: str, colour: bool) -> str:
    code = COLOURS.get(word, "31")
    return f"\033[1;{code}m{word}\033[0m" if colour else word


def render_suite(suite: SuiteResult, *, colour: bool = False, width: int = 100) -> str:
    """A line for each run, the outcome of all first."""
    return "\n".join(_suite_lines(suite, colour, max(width, 60)))


def _suite_lines(suite: SuiteResult, colour: bool, width: int) -> Iterator[str]:
    yield f"{_paint(suite.outcome.value, colour)}  {suite.headline}"
    longest = max((len(result.name) for result in suite.results), default=0)
    for result in suite.results:
        word = result.verdict.outcome.value
        start = f"  {_paint(word, colour)}{' ' * (12 - len(word))}{result.name:<{longest}}  "
        met = result.demand is not None and result.demand.met
        said = "as demanded" if met else result.said
        yield start + textwrap.shorten(said, max(width - 16 - longest, 30), placeholder="...")
    for name in suite.not_run:
        yield f"  {'not run':<12}{name}"

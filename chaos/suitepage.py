"""The suite's page: a row for each run, and what was demanded of both variants."""

from collections.abc import Iterator
from pathlib import Path

from chaos.clock import to_text
from chaos.outcome import Outcome
from chaos.page import advice, badge, figures, folded, make_page, sentence
from chaos.result import RunResult, SuiteResult
from chaos.svg import element, escaped


def write_suite_page(path: Path, suite: SuiteResult) -> None:
    """Write the page; its links lead to the runs' own pages, relative to its folder."""
    path.write_text(render_suite_page(suite), encoding="utf-8")


def render_suite_page(suite: SuiteResult) -> str:
    return make_page(
        f"{suite.outcome}: {suite.headline}",
        element("h1", badge(suite.outcome), escaped(suite.headline)),
        *_origin(suite),
        *_matrix(suite),
        element("h2", "Runs"),
        _runs(suite),
    )


def _origin(suite: SuiteResult) -> Iterator[str]:
    if suite.results:
        run = suite.results[0].verdict.run
        facts = (
            to_text(run.started_ms),
            f"target {run.target}, cluster {run.cluster}",
            f"time scale {run.time_scale:g}",
        )
        yield element("p", escaped(" · ".join(facts)), cls="dim")


def _matrix(suite: SuiteResult) -> Iterator[str]:
    """With both variants: did broken fail for its cause, and did fixed pass?"""
    demanded = [result for result in suite.results if result.demand is not None]
    if not demanded:
        return
    variants = list(dict.fromkeys(result.verdict.run.variant for result in demanded))
    drills = dict.fromkeys(result.verdict.run.drill for result in demanded)
    head = element("tr", *(_heading(words) for words in ("drill", *variants)))
    rows = []
    for drill in drills:
        cells = [
            next((_met(r) for r in demanded if _key(r) == (drill, variant)), "<td>not run</td>")
            for variant in variants
        ]
        rows.append(element("tr", element("th", escaped(drill), scope="row"), *cells))
    yield element("h2", "Broken must fail for its cause, fixed must pass")
    yield element("table", element("thead", head), element("tbody", *rows), cls="matrix")


def _key(result: RunResult) -> tuple[str, str]:
    return result.verdict.run.drill, result.verdict.run.variant


def _heading(words: str) -> str:
    return element("th", escaped(words), scope="col")


def _met(result: RunResult) -> str:
    met = result.counted is Outcome.PASS
    word = "✓ as demanded" if met else "✗ not as demanded"
    said = element("span", word, cls="pass" if met else "fail")
    link = element("a", result.verdict.outcome.value, href=result.report)
    return element("td", said, " ", element("small", link))


def _runs(suite: SuiteResult) -> str:
    rows = [_run(result) for result in suite.results]
    rows += [_absent(name) for name in suite.not_run]
    return element("ol", *rows, cls="runs")


def _run(result: RunResult) -> str:
    """A row. A failure that was demanded is marked as such."""
    verdict = result.verdict
    mark = element("p", "as demanded", cls="pass") if result.demanded_failure else ""
    link = element("a", escaped(result.name), href=result.report)
    told = [element("h3", link), element("p", sentence(verdict.reason))]
    if result.said != verdict.reason:
        told.append(element("p", sentence(result.said), cls="fail"))
    return element(
        "li",
        element("div", badge(verdict.outcome), mark, cls="verdict"),
        element("div", *told, *_advice(result), cls="told"),
        element("dl", *figures(result), cls="figures"),
    )


def _advice(result: RunResult) -> Iterator[str]:
    """What to do; folded where the failure was wanted, for nothing has to be done."""
    if result.demanded_failure and result.advice:
        texts = "".join(element("p", sentence(text)) for text in result.advice)
        yield folded("What it advises", texts)
    else:
        yield advice(result.advice)


def _absent(name: str) -> str:
    words = element("div", element("span", "- not run", cls="badge none"), cls="verdict")
    told = element("h3", escaped(name)) + element("p", "The suite ended before.")
    return element("li", words, element("div", told, cls="told"))

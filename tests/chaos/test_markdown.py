"""summary.md, read by a Markdown parser as GitHub would."""

import re
from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt

from chaos.markdown import BYTES_MAX, escaped, render_markdown
from chaos.outcome import Outcome
from chaos.result import Demand, SuiteResult
from tests.chaos.builder import deployment
from tests.chaos.results import NASTY, both, nasty, play, with_finding, without_lanes, without_rows

PARSER = MarkdownIt("commonmark").enable("table")
COLUMNS = 7
TAGS = {
    *("h2", "h3", "p", "br", "strong", "blockquote", "details", "summary", "pre", "code"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


def cells(text: str) -> list[list[str]]:
    """The plain text of the first table's rows."""
    html = PARSER.render(text)
    table = html.partition("<table>")[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]


def test_a_failure_comes_first_with_why_and_what_to_do(tmp_path: Path) -> None:
    results = (play(tmp_path / "1", deployment()), play(tmp_path / "2", deployment(5.0)))
    text = render_markdown(SuiteResult(results=results))
    assert text.startswith("## ❌ FAIL: 2 runs: 1 FAIL, 1 PASS\n")
    head, *rows = cells(text)
    assert head == ["verdict", "run", "what happened", "requests", "failed", "p99", "duration"]
    assert [row[:2] for row in rows] == [
        ["❌ FAIL", "rolling-deploy (broken)"],
        ["✅ PASS", "rolling-deploy (fixed)"],
    ]
    assert "**Why:** cut at the end of the deregistration delay" in text
    assert "> **What to do:** deregistration\\_delay.timeout\\_seconds of target group" in text
    assert text.index("Report: `2/report.html`") < text.index("Report: `1/report.html`")
    assert "(broken)</summary>" not in text


def test_the_lanes_are_there_as_text(tmp_path: Path) -> None:
    text = render_markdown(SuiteResult(results=(play(tmp_path / "1", deployment(5.0)),)))
    lanes = text.partition("```text\n")[2].partition("```")[0].splitlines()
    old = next(line for line in lanes if line.startswith("order-api 100a11ce old"))
    assert re.search(r"=+~+x?T", old)
    assert sum("x" in line for line in lanes if line.startswith("order-api")) >= 1
    assert max(map(len, lanes)) < 120


def test_what_was_demanded_is_no_failure(tmp_path: Path) -> None:
    text = render_markdown(both(tmp_path))
    assert text.startswith("## ❌ ABORTED: 3 runs: 1 ABORTED, 1 as demanded, 1 not run\n")
    _, first, second, third = cells(text)
    assert first[:3] == ["❌ ABORTED", "rolling-deploy (fixed)", "guard: 60 %"]
    assert second[0] == "✅ FAIL (as demanded)"
    assert third[:2] == ["not run", "stop-task (fixed)"]


def test_a_broken_variant_that_passes_is_told_as_a_failure(tmp_path: Path) -> None:
    unmet = Demand(Outcome.FAIL, "passed: the drill did not find what it must find")
    text = render_markdown(SuiteResult(results=(play(tmp_path / "1", deployment(), unmet),)))
    assert cells(text)[1][0] == "❌ PASS"
    assert "**Why:** passed: the drill did not find what it must find" in text


def test_values_cannot_break_out(tmp_path: Path) -> None:
    result = with_finding(play(tmp_path / "run", nasty()), NASTY)
    text = render_markdown(SuiteResult(results=(result,)))
    html = PARSER.render(text)
    tags = set(re.findall(r"</?([a-z0-9]+)", html))
    assert tags <= TAGS
    assert all(len(row) == COLUMNS for row in cells(text))
    assert "\x1b" not in text
    assert html.count("<h2>") == 1


def test_an_escaped_value_reads_as_it_was() -> None:
    html = PARSER.render(f"x {escaped('a_b_c *d* `e` <f> g|h [i](j) ~~k~~ $l$')}")
    assert html == "<p>x a_b_c *d* `e` &lt;f&gt; g|h [i](j) ~~k~~ $l$</p>\n"


def test_nobody_is_mentioned_and_no_issue_either() -> None:
    assert escaped("repo@sha256:1 fixes #12") == "repo@<!-- -->sha256:1 fixes #<!-- -->12"


def test_a_hundred_runs_fit_into_a_comment(tmp_path: Path) -> None:
    result = with_finding(play(tmp_path / "run", deployment(5.0)), "é" * 5000)
    text = render_markdown(SuiteResult(results=(result,) * 100))
    assert len(text.encode()) < BYTES_MAX + 200
    assert len(cells(text)) == 101
    assert re.search(r"Details of \d+ more are in the report", text)
    assert text.count("<details>") == text.count("</details>")


def test_a_thousand_runs_fit_into_a_comment(tmp_path: Path) -> None:
    result = play(tmp_path / "run", deployment(5.0))
    text = render_markdown(SuiteResult(results=(result,) * 500, not_run=("x",) * 500))
    assert len(text.encode()) < BYTES_MAX + 200
    assert re.search(r"\| and \d{3} more \|", text)
    assert all(len(row) == COLUMNS for row in cells(text))


def test_missing_parts_leave_no_hole(tmp_path: Path) -> None:
    watched = play(tmp_path / "1", without_rows())
    loaded = play(tmp_path / "2", without_lanes())
    assert watched.figures.requests is None
    assert "```text" in render_markdown(SuiteResult(results=(watched,)))
    text = render_markdown(SuiteResult(results=(loaded,)))
    assert "```text" not in text
    assert "| 2,800 | 0 |" in text


def test_a_fence_is_longer_than_what_is_in_it(tmp_path: Path) -> None:
    result = replace(play(tmp_path / "1", deployment()), lanes="a ``` b\n````\nc")
    text = render_markdown(SuiteResult(results=(result,)))
    assert "`````text\na ``` b\n````\nc\n`````\n" in text

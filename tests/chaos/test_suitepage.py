"""The suite's page and table: links, the matrix of both variants, sizes."""

import re
from pathlib import Path

from chaos.files import write_suite_files
from chaos.result import SuiteResult
from chaos.suitepage import render_suite_page
from chaos.table import render_suite
from tests.chaos.builder import deployment
from tests.chaos.results import NASTY, both, play, with_finding


def test_each_run_is_linked_to_its_own_page(tmp_path: Path) -> None:
    write_suite_files(tmp_path, both(tmp_path))
    page = (tmp_path / "report.html").read_text()
    links = re.findall(r'href="([^"]*)"', page)
    assert links == ["1-broken/report.html", "2-fixed/report.html"] * 2  # matrix and rows
    assert all((tmp_path / link).is_file() for link in links)
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        "junit.xml",
        "report.html",
        "summary.md",
    }


def test_the_matrix_says_what_was_demanded(tmp_path: Path) -> None:
    page = render_suite_page(both(tmp_path))
    matrix = page.partition('class="matrix">')[2].partition("</table>")[0]
    row = matrix.partition("rolling-deploy")[2]
    assert re.findall(r'class="(pass|fail)">(.)', row) == [("pass", "✓"), ("fail", "✗")]
    assert "<h3>stop-task (fixed)</h3>" in page
    assert "<h1><span" in page
    assert "ABORTED" in page.partition("</h1>")[0]


def test_one_variant_has_no_matrix(tmp_path: Path) -> None:
    page = render_suite_page(SuiteResult(results=(play(tmp_path / "1", deployment(5.0)),)))
    assert 'class="matrix"' not in page
    assert "cut at the end of the deregistration delay" in page.lower()
    assert "set it to at least" in page
    assert re.search(r"<dd>\d+ \(0\.\d+ %\)</dd>", page)


def test_a_suite_of_forty_runs_stays_small(tmp_path: Path) -> None:
    result = play(tmp_path / "20261128-110159-rolling-deploy-broken", deployment(5.0))
    page = render_suite_page(SuiteResult(results=(result,) * 40))
    assert len(page.encode()) < 100_000
    assert not re.search(r'(?:src|href)="(?:https?:)?//|@import|url\(\s*http', page)


def test_values_are_escaped(tmp_path: Path) -> None:
    result = with_finding(play(tmp_path / "<i> & '", deployment(5.0)), NASTY)
    page = render_suite_page(SuiteResult(results=(result,), not_run=(NASTY,)))
    assert "<script" not in page
    assert 'href="%3Ci%3E%20%26%20%27/report.html"' in page
    assert not set(page) & set(map(chr, [*range(9), *range(11, 32)]))


def test_the_table_for_the_terminal_reads_without_colour(tmp_path: Path) -> None:
    suite = both(tmp_path)
    table = render_suite(suite, width=70)
    words = [line.split()[0] for line in table.splitlines()]
    assert words == ["ABORTED", "FAIL", "ABORTED", "not"]
    assert table.splitlines()[1].endswith("as demanded")
    assert table.splitlines()[2].endswith("guard: 60 %")
    assert max(map(len, table.splitlines())) <= 70
    coloured = render_suite(suite, colour=True, width=70)
    assert re.sub(r"\033\[[\d;]*m", "", coloured) == table

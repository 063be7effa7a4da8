"""A run's page: what it shows of runs of every kind, and how large it is."""

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.entries import EventSeen
from chaos.history import read_history
from chaos.report import render_report
from chaos.timeline import draw_timeline
from tests.chaos.builder import T0, RunBuilder, deployment, make_run
from tests.chaos.results import large, nasty, play, without_lanes, without_rows

NAMES = ("max", "p99", "p50")  # from the top down


def page_of(folder: Path, builder: RunBuilder) -> str:
    play(folder, builder)
    return (folder / "report.html").read_text()


def test_a_minute_with_many_tasks_stays_under_100_kb(tmp_path: Path) -> None:
    page = page_of(tmp_path, large())
    lanes = page.count('class="lane"')
    print(f"{lanes} lanes, {len(page.encode()) / 1000:.0f} KB")
    assert lanes == 32
    assert len(page.encode()) < 100_000


@pytest.mark.parametrize(
    ("make", "panels", "lanes"),
    [
        pytest.param(without_rows, False, True, id="no request was recorded"),
        pytest.param(without_lanes, True, False, id="no task was seen"),
        pytest.param(RunBuilder, False, False, id="nothing at all"),
        pytest.param(lambda: RunBuilder(make_run(variant="")), False, False, id="no variant"),
    ],
)
def test_what_was_not_recorded_leaves_no_hole(
    make: Callable[[], RunBuilder], panels: bool, lanes: bool, tmp_path: Path
) -> None:
    page = page_of(tmp_path, make())
    assert (">requests/s<" in page, 'class="lane"' in page) == (panels, lanes)
    assert ("Nothing that could be drawn" in page) == (not panels and not lanes)
    assert ("The same in numbers" in page) == panels
    assert ("since the load was started" in page) == panels
    assert not re.findall(r'[ "M](?:nan|inf)\b', draw_timeline(read_history(tmp_path)))


def test_the_verdict_comes_first_then_what_to_do_then_the_picture(tmp_path: Path) -> None:
    page = page_of(tmp_path, deployment(5.0))
    places = [
        page.index(words)
        for words in (
            "✗ FAIL</span>",
            "What to do",
            "<dt>failed</dt>",
            'role="group"',
            "Checks</h2>",
        )
    ]
    assert places == sorted(places)
    checks = page.partition("Checks</h2>")[2]
    assert checks.index("no request failed") < checks.index("load was offered")


def test_a_deployment_that_turns_is_marked(tmp_path: Path) -> None:
    builder = deployment()
    for at, words in (
        (5000, "(deployment ecs-svc/2) deployment failed: tasks failed to start."),
        (5001, "rolling back to deployment ecs-svc/1."),
        (6000, "has reached a steady state."),
    ):
        message = f"(service order-api) {words}"
        builder.add(EventSeen(at_ms=T0 + at, service="order-api", message=message))
    picture = draw_timeline(builder.history(tmp_path))
    assert [">deployment failed<" in picture, ">rollback<" in picture] == [True, True]
    assert "reached" not in picture


def test_the_lines_of_the_latency_are_named_without_colour(tmp_path: Path) -> None:
    picture = draw_timeline(deployment().history(tmp_path))
    heights = [float(re.findall(rf'y="([\d.]+)"[^>]*>{name}<', picture)[0]) for name in NAMES]
    assert heights == sorted(heights)
    assert all(low - high >= 11 for high, low in itertools.pairwise(heights))


def test_without_lanes_the_answers_say_who_served(tmp_path: Path) -> None:
    builder = without_lanes()
    tasks = {row.task for row in builder.requests if row.task}
    picture = draw_timeline(builder.history(tmp_path))
    named = [task[:8] for task in tasks if f">{task[:8]}<" in picture]
    assert len(named) >= 4
    builder.requests = [replace(row, task=None) for row in builder.requests]
    assert ">unknown task<" in draw_timeline(builder.history(tmp_path / "2"))


def test_plots_tell_their_values(tmp_path: Path) -> None:
    picture = draw_timeline(deployment(5.0).history(tmp_path))
    columns = picture.partition('class="columns"')[2].partition("</g>")[0]
    told = re.findall(r"<title>([^<]*)</title>", columns)
    assert len(told) == 16
    assert told[3].startswith("from 30.0 s: 200 requests/s, none failed, p50 ")
    failed = [float(found) for words in told for found in re.findall(r"([\d.]+) failed/s", words)]
    assert sum(failed) == 2  # in slices of one real second


def test_texts_of_others_are_escaped(tmp_path: Path) -> None:
    page = page_of(tmp_path, nasty())
    assert "<script" not in page
    assert "<b>_i_" not in page
    assert not set(page) & set(map(chr, [*range(9), *range(11, 32)]))


def test_drawing_again_gives_the_same_page(tmp_path: Path) -> None:
    result = play(tmp_path, deployment(5.0))
    first = (tmp_path / "report.html").read_text()
    assert render_report(read_history(tmp_path), replace(result, folder="")) == first

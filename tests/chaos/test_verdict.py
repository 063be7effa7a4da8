"""Verdict, its files, and the picture."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from chaos.causes import Cause
from chaos.history import History
from chaos.options import SuiteOptions
from chaos.outcome import EXIT_CODES, Outcome, worst
from chaos.suite import judge, judge_folder, report
from chaos.table import render_table
from chaos.timeline import draw_timeline
from chaos.verdict import SCHEMA, Verdict, to_document
from tests.chaos.builder import RunBuilder, deployment, make_run

Judged = tuple[History, Verdict, Path]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Judged]:
    """Judged runs by name, each made once."""
    builders = {
        "fixed": deployment(),
        "broken": deployment(delay_seconds=5.0),
        "empty": RunBuilder(),
        "aborted": replace(deployment(), run=make_run(ending="ABORTED", why="guard: 60 %")),
        "undo failed": replace(
            deployment(),
            run=make_run(ending="ERROR", why="undo failed: x", undo_failures=("undo failed: x",)),
        ),
    }
    made: dict[str, Judged] = {}

    def make(name: str) -> Judged:
        if name not in made:
            folder = builders[name].write(tmp_path_factory.mktemp("run"))
            made[name] = (*judge_folder(folder), folder)
        return made[name]

    return make


OUTCOMES = [
    ("fixed", Outcome.PASS, "all 8 checks passed"),
    ("broken", Outcome.FAIL, "cut at the end of the deregistration delay: 1 request in flight"),
    ("empty", Outcome.INVALID, "not true: load was offered"),
    ("aborted", Outcome.ABORTED, "guard: 60 %"),
    ("undo failed", Outcome.ERROR, "undo failed: x"),
]
NAMES = [name for name, _, _ in OUTCOMES]


@pytest.mark.parametrize(("name", "outcome", "reason"), OUTCOMES, ids=NAMES)
def test_the_outcome_and_its_reason(
    name: str, outcome: Outcome, reason: str, judged: Callable[[str], Judged]
) -> None:
    _, verdict, _ = judged(name)
    assert verdict.outcome is outcome
    assert verdict.reason.startswith(reason)


@pytest.mark.parametrize("name", NAMES)
def test_verdict_json_keeps_its_schema(name: str, judged: Callable[[str], Judged]) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads((judged(name)[2] / "verdict.json").read_text())
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    assert document["exit_code"] == EXIT_CODES[Outcome(document["outcome"])]


def test_the_schema_knows_every_cause_and_outcome() -> None:
    schema = json.loads(SCHEMA.read_text())
    assert schema["$defs"]["cause"]["enum"] == [cause.value for cause in Cause]
    assert schema["properties"]["outcome"]["enum"] == [outcome.value for outcome in Outcome]
    assert sorted(schema["properties"]["exit_code"]["enum"]) == sorted(EXIT_CODES.values())


@pytest.mark.parametrize(
    ("name", "failures", "errors"),
    [("fixed", 0, 0), ("broken", 1, 0), ("empty", 0, 9), ("aborted", 0, 1)],
)
def test_junit_has_a_case_per_check(
    name: str, failures: int, errors: int, judged: Callable[[str], Judged]
) -> None:
    (suite,) = ET.parse(judged(name)[2] / "junit.xml").getroot()
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.get("tests", "0")) == 9
    assert len(suite.findall("testcase/failure")) == int(suite.get("failures", "-1")) == failures
    assert len(suite.findall("testcase/error")) == int(suite.get("errors", "-1")) == errors


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_well_formed_svg(name: str, judged: Callable[[str], Judged]) -> None:
    history = judged(name)[0]
    if name == "empty":
        assert draw_timeline(history) == ""
        return
    root = ET.fromstring(draw_timeline(history))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "requests/s" in texts
    for value in re.findall(r'[ "M]([-\d.]+|nan|inf)', draw_timeline(history)):
        assert value not in ("nan", "inf")


def test_the_picture_tells_the_story(judged: Callable[[str], Judged]) -> None:
    picture = draw_timeline(judged("broken")[0])
    assert picture.count('class="lane"') == 8
    assert picture.count(">1 failed<") == 2
    assert picture.count("<title>SIGTERM</title>") == 4
    assert "settled" in picture
    assert "(time scale 10)" in picture


@pytest.mark.parametrize("name", NAMES)
def test_the_page_needs_nothing_but_itself(name: str, judged: Callable[[str], Judged]) -> None:
    page = (judged(name)[2] / "report.html").read_text()
    assert len(page.encode()) < 100_000
    links = re.findall(r'(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import', page)
    assert {second for _, second in links} <= {"#p-fail", "#p-drain", "#p-stop"}
    assert "<script" not in page
    assert page.count("<details") == page.count("</details>")


def test_what_others_wrote_is_escaped(tmp_path: Path) -> None:
    builder = deployment()
    builder.run = replace(builder.run, cluster="<script>alert(1)</script>", why="<b>")
    judge_folder(builder.write(tmp_path))
    assert "<script>" not in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_table_reads_without_colour(name: str, judged: Callable[[str], Judged]) -> None:
    verdict = judged(name)[1]
    table = render_table(verdict, width=90)
    assert "\033" not in table
    assert table.startswith(f"{verdict.outcome}  rolling-deploy (")
    assert max(map(len, table.splitlines())) <= 90
    assert all(finding.check in table for finding in verdict.findings)
    coloured = render_table(verdict, colour=True, width=90)
    assert re.sub(r"\033\[[\d;]*m", "", coloured) == table


def test_judging_again_gives_the_same(judged: Callable[[str], Judged]) -> None:
    _, verdict, folder = judged("broken")
    shown: list[str] = []
    assert judge(folder, SuiteOptions(show=shown.append)) == 1
    assert json.loads((folder / "verdict.json").read_text()) == json.loads(
        json.dumps(to_document(verdict))
    )
    assert report(folder, SuiteOptions(show=shown.append)) == 0
    assert shown[-1] == str(folder / "report.html")


def test_judging_nothing_is_wrong_usage(tmp_path: Path) -> None:
    said: list[str] = []
    assert judge(tmp_path, SuiteOptions(say=said.append)) == 64
    assert "is no run folder" in said[0]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], Outcome.PASS),
        ([Outcome.PASS, Outcome.INVALID], Outcome.INVALID),
        ([Outcome.FAIL, Outcome.INVALID], Outcome.FAIL),
        ([Outcome.FAIL, Outcome.ABORTED], Outcome.ABORTED),
        ([Outcome.INTERRUPTED, Outcome.ABORTED], Outcome.INTERRUPTED),
        ([Outcome.ERROR, Outcome.INTERRUPTED], Outcome.ERROR),
    ],
)
def test_the_worst_of_several(outcomes: list[Outcome], expected: Outcome) -> None:
    assert worst(outcomes) is expected

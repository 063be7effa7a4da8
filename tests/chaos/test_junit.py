"""junit.xml against the schema that its readers have in common."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from chaos.junit import write_junit
from tests.chaos.builder import RunBuilder, deployment, make_run
from tests.chaos.results import both, nasty, play, with_finding, without_lanes, without_rows

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
RUNS: dict[str, Callable[[], RunBuilder]] = {
    "passed": deployment,
    "failed": lambda: deployment(5.0),
    "empty": RunBuilder,
    "without rows": without_rows,
    "without lanes": without_lanes,
    "nasty": nasty,
    "killed": lambda: RunBuilder(make_run(ending="UNFINISHED", ended_ms=None)),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_runs_file_keeps_the_schema(name: str, tmp_path: Path) -> None:
    play(tmp_path / "run", RUNS[name]())
    path = tmp_path / "run" / "junit.xml"
    SCHEMA.validate(path)
    (suite,) = ET.parse(path).getroot()
    assert len(suite.findall("testcase")) == int(suite.get("tests", "0")) == 9


def test_a_suites_file_keeps_the_schema(tmp_path: Path) -> None:
    suite = both(tmp_path)
    write_junit(tmp_path / "junit.xml", suite.results, suite.not_run)
    SCHEMA.validate(tmp_path / "junit.xml")
    root = ET.parse(tmp_path / "junit.xml").getroot()
    reports = [e.get("value") for e in root.iter("property") if e.get("name") == "report"]
    assert all((tmp_path / str(report)).is_file() for report in reports)
    for key in ("tests", "failures", "errors"):
        assert root.get(key) == str(sum(int(child.get(key, "-1")) for child in root))


def test_what_the_suite_demanded_decides(tmp_path: Path) -> None:
    suite = both(tmp_path)
    write_junit(tmp_path / "junit.xml", suite.results, suite.not_run)
    broken, fixed, absent = ET.parse(tmp_path / "junit.xml").getroot()
    assert (broken.get("failures"), broken.get("errors"), broken.get("skipped")) == ("0", "0", "1")
    skipped = broken.find("testcase/skipped")
    assert skipped is not None
    assert str(skipped.get("message")).startswith("failed as it must: ")
    assert (fixed.get("failures"), fixed.get("errors")) == ("1", "1")
    assert (absent.get("name"), absent.get("errors")) == ("stop-task (fixed)", "1")


def test_a_failure_says_its_cause_and_advice(tmp_path: Path) -> None:
    play(tmp_path / "run", deployment(5.0))
    failure = ET.parse(tmp_path / "run" / "junit.xml").getroot().find(".//failure")
    assert failure is not None
    assert failure.get("type") == "cut at the end of the deregistration delay"
    assert "advice: deregistration_delay.timeout_seconds" in str(failure.text)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: text.replace('tests="9"', 'tests="-1"'), id="a negative count"),
        pytest.param(lambda text: text.replace("testcase", "testCase"), id="another element"),
        pytest.param(lambda text: text.replace(' name="no request failed"', ""), id="no name"),
        pytest.param(lambda text: text.replace('time="18.000"', 'time="1.8e1"'), id="an exponent"),
    ],
)
def test_the_schema_refuses_what_is_wrong(spoil: Callable[[str], str], tmp_path: Path) -> None:
    play(tmp_path / "run", deployment())
    path = tmp_path / "run" / "junit.xml"
    path.write_text(spoil(path.read_text()))
    assert not SCHEMA.is_valid(path)


def test_control_characters_are_replaced(tmp_path: Path) -> None:
    result = with_finding(play(tmp_path / "run", deployment()), "exit \x1b[31m\x00 nul")
    write_junit(tmp_path / "junit.xml", [replace(result, folder="a b")])
    SCHEMA.validate(tmp_path / "junit.xml")
    failure = ET.parse(tmp_path / "junit.xml").getroot().find(".//failure")
    assert failure is not None
    assert failure.get("message") == "exit \ufffd[31m\ufffd nul"

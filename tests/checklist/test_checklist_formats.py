"""The four formats, against their schemas; exit codes; waivers; the fleet."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from click.testing import CliRunner, Result

import infra.checklist
from infra.checklist.rules import RULES
from rehearse.cli import cli
from tests.checklist.stored import STATES

SCHEMA = json.loads((Path(infra.checklist.__file__).parent / "findings.schema.json").read_text())
JUNIT = xmlschema.XMLSchema(Path(__file__).parent.parent / "chaos" / "junit.xsd")
NAMES = sorted(path.stem for path in STATES.glob("*.json"))
WAIVER = """
[[waiver]]
rule = "DEP001"
resource = "aws_ecs_service.*"
reason = "the new release tool comes in January"
expires = 2099-01-31
"""


def run(name: str, *words: str) -> Result:
    return CliRunner().invoke(cli, ["check", "--state", str(STATES / f"{name}.json"), *words])


@pytest.mark.parametrize("name", NAMES)
def test_json_keeps_its_schema(name: str) -> None:
    done = run(name, "--format", "json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert {one["id"] for one in document["rules"]} == {one.id for one in RULES}
    failed = [f for f in document["findings"] if f["verdict"] == "fail" and not f["waived"]]
    assert document["errors"] == sum(one["severity"] == "error" for one in failed)
    assert done.exit_code == (1 if document["errors"] else 0)


@pytest.mark.parametrize("name", NAMES)
def test_junit_keeps_the_schema(name: str, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_bytes(run(name, "--format", "junit").stdout_bytes)
    JUNIT.validate(path)
    root = ET.parse(path).getroot()
    document = json.loads(run(name, "--format", "json").stdout)
    assert int(root.get("failures", "")) == document["errors"]
    assert int(root.get("tests", "")) == len(document["findings"])


@pytest.mark.parametrize("name", NAMES)
def test_sarif_has_what_code_scanning_needs(name: str) -> None:
    document = json.loads(run(name, "--format", "sarif").stdout)
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    rules = only["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == [one.id for one in RULES]
    for one in rules:
        assert one["shortDescription"]["text"]
        assert one["helpUri"].startswith("https://")
        assert one["defaultConfiguration"]["level"] in ("error", "warning")
    for one in only["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["kind"] in ("pass", "fail", "open", "notApplicable")
        assert one["level"] in (("error", "warning") if one["kind"] == "fail" else ("none",))
        assert one["message"]["text"]
        (location,) = one["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
        assert location["logicalLocations"][0]["fullyQualifiedName"]
    errors = [one for one in only["results"] if one["level"] == "error"]
    assert len(errors) == json.loads(run(name, "--format", "json").stdout)["errors"]


def test_the_table_says_what_where_and_how_to_mend_it() -> None:
    done = run("tasks")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("ERROR DEP001"))
    assert "cuts requests: at a deployment" in lines[start]
    assert "aws_ecs_service.order: no circuit breaker" in lines[start + 1]
    assert lines[start + 2].strip().startswith("mend: deployment_circuit_breaker")
    assert lines[start + 3].strip() == "see it: rehearse drill never-healthy --variant both"


def test_a_warning_does_not_say_that_it_cuts_requests() -> None:
    """It is no error because it does not, or not by itself."""
    (line,) = [one for one in run("isolated").stdout.splitlines() if one.startswith("WARN  SC003")]
    assert line == "WARN  SC003 published ports have a name and a protocol"


def test_nothing_to_say_is_exit_0() -> None:
    done = run("good", "--strict")
    assert done.exit_code == 0, done.output
    assert (
        done.stdout.splitlines()[-1].endswith(", 0 unknown, 106 passed")
        or "0 errors" in done.stdout
    )


def test_unknown_counts_only_when_it_is_asked_for(tmp_path: Path) -> None:
    waivers = tmp_path / "waivers.toml"
    rules = ("ALB006", "SG006", "SC005", "SC006", "DEP001")
    waivers.write_text("".join(WAIVER.replace("DEP001", rule) for rule in rules).replace(
        "aws_ecs_service.*", "*"))  # fmt: skip
    words = ("--waivers", str(waivers))
    assert run("article", *words).exit_code == 0
    assert run("article", *words, "--strict").exit_code == 2
    assert run("article", "--strict").exit_code == 1


def test_the_service_that_loses_most_comes_first() -> None:
    document = json.loads(run("tasks", "--format", "json").stdout)
    first, second = document["services"]
    assert (first["service"], second["service"]) == ("order-api", "inventory-api")
    assert first["cuts"]["at a deployment"] > second["cuts"]["at a deployment"]
    assert first["cuts"]["when a task or a zone is lost"] == 1
    ranking = run("tasks").stdout.splitlines()
    names = [
        line.split()[0]
        for line in ranking
        if line.split()[:1] in (["order-api"], ["inventory-api"])
    ]
    assert names == ["order-api", "inventory-api"]


def test_warnings_cut_no_requests() -> None:
    """All subnets in one zone is an error; that nothing is spread again is a warning."""
    document = json.loads(run("edge", "--format", "json").stdout)
    for one in document["services"]:
        rules = {
            (f["rule"], f["severity"])
            for f in document["findings"]
            if f["verdict"] == "fail" and one["service"] in f["services"]
        }
        lost = {("NET003", "error"), ("DEP004", "warn")}
        assert one["cuts"]["when a task or a zone is lost"] == len(
            {rule for rule, severity in rules & lost if severity == "error"}
        )
    assert any(one["rule"] == "DEP004" for one in document["findings"] if one["verdict"] == "fail")


def test_a_waiver_lets_be_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(WAIVER.replace("aws_ecs_service.*", "*inventory_api"))
    found = json.loads(run("article", "--waivers", str(path), "--format", "json").stdout)
    waived = [(f["rule"], f["resource"]) for f in found["findings"] if f["waived"]]
    assert waived == [("DEP001", "aws_ecs_service.inventory_api")]
    text = run("article", "--waivers", str(path)).stdout
    assert "WAIVED DEP001 aws_ecs_service.inventory_api: the new release tool" in text
    assert "aws_ecs_service.inventory_api: no circuit breaker" not in text
    sarif = json.loads(run("article", "--waivers", str(path), "--format", "sarif").stdout)
    (one,) = [x for x in sarif["runs"][0]["results"] if "suppressions" in x]
    assert "January" in one["suppressions"][0]["justification"]


def test_a_waiver_that_is_past_or_of_no_use_is_told(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(WAIVER.replace("2099-01-31", "2026-11-27") + WAIVER.replace("DEP001", "NET001"))
    done = run("article", "--waivers", str(path))
    assert done.exit_code == 1
    assert "NOTE  the waiver of DEP001 at aws_ecs_service.* expired on 2026-11-27" in done.stdout
    assert "NOTE  the waiver of NET001 at aws_ecs_service.* is of no use any more" in done.stdout
    assert "note: the waiver of DEP001" in run(
        "article", "--waivers", str(path), "--format", "json").stderr  # fmt: skip


def test_a_waiver_is_for_what_fails_and_each_is_of_use_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(WAIVER.replace("aws_ecs_service.*", "*") + WAIVER.replace("DEP001", "NET001"))
    found = json.loads(run("article", "--waivers", str(path), "--format", "json").stdout)
    assert {one["verdict"] for one in found["findings"] if one["waived"]} == {"fail"}
    (note,) = found["notes"]
    assert note.startswith("the waiver of NET001 at aws_ecs_service.* is of no use any more")


def test_what_to_expect_is_read(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(
        "[expect]\nno_egress = true\n[expect.services.order-api]\nstart_seconds = 200\n"
        'longest_request_seconds = 60\ncalls = ["inventory-api"]\n'
    )
    text = run("good", "--waivers", str(path)).stdout
    assert "it is killed 90 s after its start, which takes 200 s" in text
    assert "30 s cut requests that may take 60 s" in text


BAD = {
    "no TOML": ("[[waiver", "no TOML"),
    "no reason": (WAIVER.replace('reason = "the', 'because = "the'), "waiver 1 has 'because'"),
    "an empty reason": (
        WAIVER.replace("the new release tool comes in January", ""), "waiver 1 needs reason"),
    "no date": (WAIVER.replace("2099-01-31", '"next year"'), "waiver 1 needs expires, a date"),
    "a date and a time": (WAIVER.replace("2099-01-31", "2099-01-31T00:00:00"), "needs expires"),
    "no such rule": (WAIVER.replace("DEP001", "DEP999"), "there is no rule DEP999"),
    "another key": ("[expected]\n", "the file has 'expected'"),
    "a table for a list": ("[waiver]\n", "must be written [[waiver]]"),
    "an expectation of another kind": (
        '[expect.services.a]\nstart_seconds = "9"\n', "start_seconds takes another value"),
    "a service that is no table": ("[expect]\nservices = 3\n", "[expect] takes no_egress"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", BAD)
def test_a_wrong_waiver_is_refused(sentence: str, tmp_path: Path) -> None:
    text, said = BAD[sentence]
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    done = run("article", "--waivers", str(path))
    assert done.exit_code == 64, done.output
    first, hint = done.stderr.splitlines()
    assert said in first
    assert hint == "hint: docs/guides/check.md has an example"

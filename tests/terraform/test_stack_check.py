"""`rehearse check` on our own stack: no rule is broken behind any edge, but for what is waived."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from infra.checklist.check import check, read_files
from infra.checklist.documents import Kind
from infra.checklist.expected import Expected
from infra.checklist.findings import Finding, Verdict
from infra.checklist.report import Report
from infra.checklist.rule import Severity
from infra.checklist.rules import RULES
from infra.checklist.waivers import WaiverFile, read_waivers
from tests.terraform.conftest import Runs
from tests.terraform.workspace import ROOT, documents

pytestmark = pytest.mark.terraform

EDGES = ("public", "nlb", "direct")
WAIVERS = ROOT / "infra/terraform/envs/staging/waivers.toml"


@pytest.fixture(scope="module")
def files(runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The state of each run of staging, in a file."""
    return written(runs.staging(), tmp_path_factory.mktemp("states"))


def written(output: str, folder: Path) -> dict[str, Path]:
    found = {}
    for name, state in documents(output).items():
        state.pop("provider_schemas", None)  # 13 MB of what the provider can
        found[name] = folder / f"{name}.json"
        found[name].write_text(json.dumps({"type": "test_state", "test_state": state}))
    return found


def judged(file: Path, expected: Expected | None = None) -> Report:
    """As on the last day on which all waivers hold, so that this fails by no calendar."""
    waivers = read_waivers(WAIVERS, [one.id for one in RULES])
    said = replace(waivers, expected=expected) if expected else waivers
    return check(read_files((file,), Kind.STATE), said, last_day(waivers))


def last_day(waivers: WaiverFile) -> date:
    return min(waiver.expires for waiver in waivers.waivers)


def broken(report: Report) -> list[Finding]:
    return [one for one in report.findings if one.verdict is Verdict.FAIL]


@pytest.mark.parametrize("edge", EDGES)
def test_behind_every_edge_nothing_is_broken_or_unknown(files: dict[str, Path], edge: str) -> None:
    report = judged(files[edge])
    assert [f"{f.rule.id} {f.at}: {f.text}" for f in broken(report) if not f.waived] == []
    assert report.unknown == 0, report.of(Verdict.UNKNOWN)
    assert report.notes == []  # no waiver is left at which nothing fails


def test_the_guides_commands_say_so_too(runs: Runs) -> None:
    done = runs.guide.result()
    assert done.returncode == 0, done.stderr
    assert "nlb.json: 0 errors, 0 warnings, " in done.stdout


def test_the_guide_names_what_the_roots_have() -> None:
    page = (ROOT / "docs/guides/terraform.md").read_text()
    roots = [ROOT / "infra/terraform/envs" / name for name in ("staging", "local")]
    text = "".join(path.read_text() for root in roots for path in root.glob("*.tf"))
    outputs = set(re.findall(r"terraform output ([a-z_]+)", page))
    modules = set(re.findall(r"-target=module\.([a-z_]+)", page))
    assert {"repositories", "load_balancer_dns_name", "api_url"} <= outputs
    assert modules
    assert [name for name in outputs if f'output "{name}"' not in text] == []
    assert [name for name in modules if f'module "{name}"' not in text] == []
    table = page.partition("## Choices of staging")[2].partition("\n## ")[0]
    choices = re.findall(r"`([a-z_0-9]+)[`.]", " ".join(re.findall(r"^\| (.*?) \|", table, re.M)))
    variables = set(re.findall(r'variable "(\w+)"', text))
    assert len(choices) > 10
    assert set(choices) <= variables


def test_with_faults_inside_tasks_only_their_agent_is_warned_of(files: dict[str, Path]) -> None:
    found = [one for one in broken(judged(files["options"])) if not one.waived]
    assert {one.rule.id for one in found} == {"SEC001", "SEC002"}
    assert all("amazon-ssm-agent" in one.text for one in found)
    assert {one.severity for one in found} == {Severity.WARN}


def test_without_a_way_out_the_endpoints_are_enough(files: dict[str, Path]) -> None:
    """The six of the settings: nothing that a task needs at its start is missing."""
    report = judged(files["isolated"], Expected(no_egress=True))
    assert [f"{f.rule.id} {f.at}: {f.text}" for f in broken(report)] == []
    assert report.unknown == 0
    assert {f"VPCE00{n}" for n in range(1, 8)} <= {one.rule.id for one in report.of(Verdict.PASS)}
    undeclared = {one.rule.id for one in broken(judged(files["isolated"]))}
    assert undeclared == {"NET005"}


def test_only_load_generators_are_let_be(files: dict[str, Path]) -> None:
    waived = {one.at.partition(".aws_")[0] for one in broken(judged(files["public"])) if one.waived}
    assert waived == {"module.loadgen[0]"}


def test_planted_bugs_are_found(runs: Runs, tmp_path: Path) -> None:
    file = written(runs.broken_staging.result().stdout, tmp_path)["public"]
    found = {one.rule.id for one in broken(judged(file))}
    wanted = {"ALB006", "DEP001", "LC004", "NET004", "SEC004", "SG002", "SG005", "VPCE006"}
    assert wanted <= found, found

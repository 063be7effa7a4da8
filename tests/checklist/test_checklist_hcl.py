"""The rules on HCL as it stands: mocked applies and a plan, by terraform itself (under a minute).

What the stored states say must be what a mocked apply says now.
"""

import json
from pathlib import Path

import pytest

from infra.checklist.documents import Kind, load
from infra.checklist.findings import Verdict
from infra.checklist.terraform import facts_of
from tests.checklist.mocked import (
    HCL,
    AbsentError,
    Document,
    article_state,
    cases,
    initialise,
    stack_states,
    terraform,
)
from tests.checklist.stored import findings, resources
from tests.checklist.test_checklist_rules import CASES, SAID

PROVIDER = """
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """Every stack and the article, applied by a mocked provider."""
    try:
        article = article_state(tmp_path_factory.mktemp("article"))
        return {"article": article, **stack_states(tmp_path_factory.mktemp("stacks"))}
    except AbsentError as error:
        pytest.skip(str(error))


def failures(document: Document, folder: Path) -> set[tuple[str, str]]:
    path = folder / "state.json"
    path.write_text(json.dumps(document))
    found = findings(load(path, Kind.STATE))
    return {(one.rule.id, one.at) for one in found if one.verdict is Verdict.FAIL}


@pytest.mark.parametrize("name", [*cases(), "good", "article"])
def test_a_mocked_apply_says_what_the_stored_state_says(
    name: str, states: dict[str, Document], tmp_path: Path
) -> None:
    stored = findings(resources(name))
    wanted = {(one.rule.id, one.at) for one in stored if one.verdict is Verdict.FAIL}
    assert failures(states[name], tmp_path) == wanted, "python -m tests.checklist.extract"


@pytest.mark.parametrize(("rule", "group"), CASES, ids=[rule for rule, _ in CASES])
def test_a_rule_fails_on_the_hcl_of_its_case(
    rule: str, group: str, states: dict[str, Document], tmp_path: Path
) -> None:
    at, _ = SAID[rule]
    found = failures(states[group], tmp_path)
    assert [where for failed, where in found if failed == rule and at in where], found


def test_the_hcl_is_formatted() -> None:
    try:
        done = terraform(HCL, "fmt", "-check", "-recursive")
    except FileNotFoundError:
        pytest.skip("terraform is not installed")
    assert done.returncode == 0, done.stdout


def test_a_first_plan_knows_little_and_says_so(tmp_path: Path) -> None:
    """Ids and container definitions are known only after apply; numbers are known before."""
    for path in (HCL / "article").glob("*.tf"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "provider.tf").write_text(PROVIDER)
    try:
        initialise(tmp_path)
    except AbsentError as error:
        pytest.skip(str(error))
    planned = terraform(tmp_path, "plan", "-out=plan.bin", "-input=false")
    assert planned.returncode == 0, planned.stderr
    (tmp_path / "plan.json").write_text(terraform(tmp_path, "show", "-json", "plan.bin").stdout)
    facts = facts_of(load(tmp_path / "plan.json", Kind.PLAN), "plan.json")
    assert len(facts.services) == 3
    found = findings(load(tmp_path / "plan.json", Kind.PLAN))
    told = {one.rule.id: one.verdict for one in found}
    assert told["DEP001"] is Verdict.FAIL
    assert told["DEP003"] is Verdict.PASS
    assert told["SG004"] is Verdict.UNKNOWN
    assert any("known only after apply" in one.text for one in found)

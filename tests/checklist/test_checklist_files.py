"""What the command reads: states in three spellings, and files that are none."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.checklist.documents import Kind, load
from rehearse.cli import cli
from tests.checklist.stored import STATES, findings

GOOD = STATES / "good.json"


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["check", *words])


def shown() -> list[dict[str, Any]]:
    document = json.loads(GOOD.read_text())
    found: list[dict[str, Any]] = document["values"]["root_module"]["resources"]
    return found


def raw_file() -> dict[str, Any]:
    """The same as Terraform keeps it on disk: instances below their resource, with the module."""
    listed = []
    for one in shown():
        module, _, rest = one["address"].rpartition("].")
        name, _, key = rest.partition("[")
        kind, name = name.split(".")
        instance = {"attributes": one["values"], "dependencies": one["depends_on"]}
        if key:
            instance["index_key"] = json.loads(f"[{key}")[0]
        provider = 'provider["registry.terraform.io/hashicorp/aws"]'
        common = {"mode": "managed", "module": f"{module}]", "type": kind, "name": name}
        listed.append({**common, "provider": provider, "instances": [instance]})
    return {"version": 4, "terraform_version": "1.11.4", "resources": listed}


def test_the_raw_state_file_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "terraform.tfstate"
    path.write_text(json.dumps(raw_file()))
    want = load(GOOD, Kind.STATE)
    found = load(path, Kind.STATE)
    assert [one.at for one in found] == [one.at for one in want]
    told = [(f.rule.id, f.verdict, f.at, f.text) for f in findings(found)]
    assert told == [(f.rule.id, f.verdict, f.at, f.text) for f in findings(want)]


def test_a_tests_state_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "line.json"
    module = {"child_modules": [{"resources": shown()}]}
    path.write_text(json.dumps({"type": "test_state", "test_state": {"root_module": module}}))
    assert load(path, Kind.STATE) == load(GOOD, Kind.STATE)


def test_states_are_read_together(tmp_path: Path) -> None:
    """A network with a state of its own."""
    network = {"aws_vpc", "aws_subnet", "aws_route", "aws_route_table", "aws_nat_gateway"}
    network |= {"aws_route_table_association", "aws_vpc_endpoint"}
    for name, own in (("network", True), ("services", False)):
        kept = [one for one in shown() if (one["type"] in network) is own]
        document = {"format_version": "1.0", "values": {"root_module": {"resources": kept}}}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    services, both = str(tmp_path / "services.json"), str(tmp_path / "network.json")
    alone = run("--state", services, "--strict")
    assert alone.exit_code == 2, alone.output
    assert "UNKNOWN" in alone.output
    together = run("--state", services, "--state", both, "--strict")
    assert together.exit_code == 0, together.output


def test_a_plan_with_everything_known_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(lambda values: {})))
    done = run("--plan", str(path), "--format", "json")
    assert done.exit_code == 0, done.stderr
    wanted = {"pass", "not applicable"}  # what depends on what is in no plan
    assert {one["verdict"] for one in json.loads(done.stdout)["findings"]} == wanted


def test_what_a_plan_does_not_know_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(lambda values: {"id": True, "arn": True})))
    done = run("--plan", str(path), "--format", "json")
    told = [one for one in json.loads(done.stdout)["findings"] if one["verdict"] == "unknown"]
    assert any("known only after apply" in one["text"] for one in told)
    assert run("--plan", str(path), "--strict").exit_code == 2


def plan(later: Callable[[dict[str, Any]], dict[str, bool]]) -> dict[str, Any]:
    """A plan that makes all of it."""
    changes = []
    for one in shown():
        unknown = later(one["values"])
        after = {name: value for name, value in one["values"].items() if name not in unknown}
        change = {"actions": ["create"], "after": after, "after_unknown": unknown}
        changes.append({**one, "change": change})
    return {"format_version": "1.2", "planned_values": {}, "resource_changes": changes}


OTHER = {"mode": "managed", "type": "azurerm_vm", "address": "a.b", "values": {},
         "provider_name": "registry.terraform.io/hashicorp/azurerm"}  # fmt: skip
AWSCC = {**OTHER, "provider_name": "registry.terraform.io/hashicorp/awscc"}
NO_SERVICE = {"mode": "managed", "type": "aws_vpc", "address": "aws_vpc.a", "values": {}}


def state(*listed: object) -> str:
    return json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": listed}}})


BAD: dict[str, tuple[str, str, str]] = {
    "no JSON": ("--state", "terraform {", "is not JSON"),
    "not even text": ("--state", "\udcff\udcfe", "is not JSON"),
    "a list": ("--state", "[]", "no Terraform state"),
    "another program's": ("--state", '{"name": "package"}', "no Terraform state"),
    "a state of another provider": ("--state", state(OTHER), "no resources of the provider"),
    "a state of AWS's other provider": ("--state", state(AWSCC), "no resources of the provider"),
    "an empty state": ("--state", '{"format_version": "1.0"}', "no resources of the provider"),
    "a state without services": ("--state", state(NO_SERVICE), "has no aws_ecs_service"),
    "an empty plan": (
        "--plan", '{"format_version": "1.2", "resource_changes": []}', "no resources of"),
    "a plan given as a state": ("--state", '{"resource_changes": []}', "is a plan, not a state"),
    "a state given as a plan": ("--plan", state(NO_SERVICE), "no Terraform plan"),
    "a number": ("--plan", "3", "no Terraform plan"),
    "JSON without end": ("--state", "[" * 100_000, "is not JSON"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", BAD)
def test_a_bad_file_is_refused_with_one_sentence(sentence: str, tmp_path: Path) -> None:
    option, text, said = BAD[sentence]
    path = tmp_path / "file.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    refused(run(option, str(path)), said)


def test_a_file_of_50_mb_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    refused(run("--state", str(path)), "has 50 MB; at most 32 are read")


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """`--state <(terraform show -json)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(GOOD.read_bytes(),), daemon=True)
    writer.start()
    assert run("--state", str(pipe)).exit_code == 0
    writer.join(10)
    assert not writer.is_alive()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused(run("--state", str(tmp_path / "no.json")), "cannot be read: No such file")
    refused(run("--state", str(tmp_path)), "cannot be read: Is a directory")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--state", str(GOOD), "--plan", str(GOOD)),
        ("--live", "--endpoint-url", "http://127.0.0.1:1"),
    ],
)
def test_wrong_usage(words: tuple[str, ...]) -> None:
    refused(run(*words), "give ")


def refused(done: Result, said: str) -> None:
    assert done.exit_code == 64, done.output
    assert done.stdout == ""
    first, hint = done.stderr.splitlines()
    assert first.startswith("rehearse: ")
    assert said in first
    assert hint.startswith("hint: ")

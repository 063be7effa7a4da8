"""Imports of Terraform's states: stored ones, drawn ones, and files that are none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings

from infra.checklist.documents import DocumentError
from infra.imports.notes import Kind
from infra.imports.source import read_files
from infra.imports.stack import Imported, convert
from infra.imports.written import IMAGES, SETTINGS, files
from infra.local import settings as settings_file
from infra.local.runtime import images
from tests.checklist.stored import STATES
from tests.imports.conftest import Command
from tests.imports.drawn import resource, states

GOOD = STATES / "good.json"


def imported(path: Path, *services: str) -> Imported:
    return convert(read_files([path], services))


def what(found: Imported, kind: Kind) -> set[str]:
    return {f"{one.service}: {one.what}" for one in found.notes if one.kind is kind}


def test_a_state_of_two_services_that_call_each_other() -> None:
    found = imported(GOOD)
    services = found.settings["services"]
    assert list(services) == ["inventory-api", "order-api"]
    assert services["inventory-api"]["calls"] == ["order-api"]
    assert services["order-api"]["service_connect"]["dns_name"] == "order-api"
    assert services["order-api"]["container"]["command"] == ["python", "-m", "app"]
    assert found.settings["load_balancer"]["http"] == "redirect"
    assert "order-api: secret DATABASE_PASSWORD" in what(found, Kind.FILL)
    assert {"order-api: autoscaling", "order-api: enable_execute_command"} <= what(found, Kind.LEFT)


def test_the_same_state_gives_the_same_files() -> None:
    once, again = (files(imported(GOOD), "t", "s", "o") for _ in range(2))
    assert once == again


def test_a_password_in_the_environment_is_not_written() -> None:
    found = imported(STATES / "tasks.json")
    assert "hunter2" in (STATES / "tasks.json").read_text()
    assert "hunter2" not in "".join(files(found, "t", "s", "o").values())
    assert "order-api: environment DATABASE_PASSWORD" in what(found, Kind.FILL)


def test_a_state_without_the_task_definition_is_refused() -> None:
    with pytest.raises(DocumentError, match="task-definition/inventory-api:1 is not among"):
        imported(STATES / "article.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "is not JSON"),
        ("[]", "is JSON, but no Terraform state"),
        ('{"format_version": "1.0"}', "has no resources of the provider"),
        (
            json.dumps({"values": {"root_module": {"resources": [resource("aws_lb", 0, {})]}}}),
            "has no aws_ecs_service",
        ),
    ],
)
def test_what_is_no_state_of_a_service_is_one_sentence(
    text: str, said: str, tmp_path: Path, rehearse: Command
) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    done = rehearse("import", "--state", str(path), "--out", str(tmp_path / "out"))
    assert done.returncode == 64
    first, hint = done.stderr.splitlines()
    assert said in first
    assert hint.startswith("hint: ")


def test_a_service_that_is_not_in_the_state(tmp_path: Path, rehearse: Command) -> None:
    done = rehearse("import", "--state", str(GOOD), "--service", "nobody")
    assert done.returncode == 64
    assert "has no service nobody" in done.stderr
    assert "hint: it has: inventory-api, order-api" in done.stderr


@pytest.mark.parametrize(
    "words",
    [(), ("--state", "a", "--cluster", "b"), ("--state", "a", "--endpoint-url", "http://x")],
)
def test_wrong_usage_is_64(words: tuple[str, ...], rehearse: Command) -> None:
    assert rehearse("import", *words).returncode == 64


def assert_sentences(found: tuple[str, ...]) -> None:
    assert all(found)
    assert not any("\n" in one for one in found)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(state=states())
def test_whatever_a_state_says_the_files_are_valid_or_it_is_refused(
    state: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "state.json").write_text(json.dumps(state))
    try:
        found = imported(folder / "state.json")
    except DocumentError as error:
        sentences = (str(error), error.hint)
        assert_sentences(sentences)
        event(f"refused: {error.hint}")
        return
    event("imported")
    for name, text in files(found, "Drawn", "here", "out").items():
        (folder / name).write_text(text, encoding="utf-8")
    settings_file.load(folder / SETTINGS)
    catalogue = images.load(folder / IMAGES)
    for service in found.settings["services"].values():
        catalogue.resolve(service["image"])

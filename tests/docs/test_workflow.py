"""The example workflow: what it runs exists, and it gates."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest
import yaml

from chaos.drills import all_drills
from chaos.files import JUNIT, SUMMARY
from rehearse.cli import all_commands
from tests.docs.pages import ROOT

PATH = ROOT / "docs/examples/release.yml"
JOBS: dict[str, Any] = yaml.safe_load(PATH.read_text())["jobs"]
TARGETS = set(re.findall(r"^([^\s:#=]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SEPARATORS = {"||", "&&", "|", ">>", ";", "\n"}
OURS = (".venv/bin/rehearse", "rehearse")


def steps() -> Iterator[dict[str, Any]]:
    for job in JOBS.values():
        yield from job["steps"]


def commands() -> Iterator[list[str]]:
    """Every command of the workflow as words."""
    for step in steps():
        lines = step.get("run", "").replace("\\\n", " ")
        for line in re.sub(r"(\|\||&&)\n", r"\1 ", lines).splitlines():
            words: list[str] = []
            for word in shlex.split(line):
                if word in SEPARATORS:
                    yield words
                    words = []
                else:
                    words.append(word)
            yield words


def check(words: list[str]) -> None:
    """Raises click.UsageError if one of our commands would refuse these words."""
    name, *arguments = words[1:]
    command = all_commands().get(name)
    if command is None:
        raise click.UsageError(f"no command {name}")
    command.make_context(name, list(arguments), resilient_parsing=False)


def test_our_commands_take_these_options() -> None:
    ours = [words for words in commands() if words and words[0] in OURS]
    assert len(ours) >= 2
    for words in ours:
        check(words)


@pytest.mark.parametrize(
    "words",
    ["rehearse dril", "rehearse drill --no-such-option", "rehearse drill --rate fast"],
)
def test_a_wrong_command_would_be_found(words: str) -> None:
    with pytest.raises(click.UsageError):
        check(words.split())


def test_its_drills_exist() -> None:
    known = {drill.name for drill in all_drills()}
    named = {
        word
        for words in commands()
        if words[:2] == [".venv/bin/rehearse", "drill"]
        for word in words[2:3]
    }
    assert named <= known
    assert named


def test_make_knows_its_targets() -> None:
    made = [words[1] for words in commands() if words and words[0] == "make"]
    assert "drill" in made
    assert set(made) <= TARGETS


def test_a_failed_drill_stops_the_release_and_explains_itself() -> None:
    assert JOBS["release"]["needs"] == "staging"
    assert JOBS["staging"]["needs"] == "rehearsal"
    for name in ("rehearsal", "staging"):
        drilling = [step for step in JOBS[name]["steps"] if step.get("name") == "Drill"]
        assert len(drilling) == 1
        assert "||" not in drilling[0]["run"]
        assert not drilling[0].get("continue-on-error")
        after = JOBS[name]["steps"][JOBS[name]["steps"].index(drilling[0]) + 1 :]
        assert all(str(step["if"]).startswith("always()") for step in after)
        text = yaml.safe_dump(after)
        assert "GITHUB_STEP_SUMMARY" in text
        assert "actions/upload-artifact" in text


def test_the_files_it_reads_are_those_that_a_suite_writes() -> None:
    text = PATH.read_text()
    assert set(re.findall(r"runs/([\w.]+)", text)) == {JUNIT, SUMMARY}


def test_every_action_has_a_version() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", name) for name in used)


def test_the_guide_leads_to_it() -> None:
    assert "](../examples/release.yml)" in (ROOT / "docs/guides/ci.md").read_text()

"""The pages against the code: nothing stale, nothing left out, no link into the void."""

import argparse
import re
from pathlib import Path

import click
import pytest

from chaos.drill import Drill
from chaos.drills import all_drills
from docs import build
from docs.proof import INVARIANTS
from loadtest.settings import add_options
from rehearse.cli import all_commands
from tests.docs.pages import ROOT, anchors, links, name_of, pages

RULE = re.compile(r"\bR\d+\.\d+\b")
SOURCES = ("infra", "services", "loadtest", "chaos", "rehearse", "tests")


def test_generated_parts_say_what_the_code_says() -> None:
    stale = [str(path.relative_to(ROOT)) for path in build.stale()]
    assert not stale, f"stale: {stale}; run `make docs`"


def test_a_changed_page_is_found_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    part = "before\n<!-- generated: drills -->\nold\n<!-- end -->\nafter\n"
    (tmp_path / "README.md").write_text(part)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "PAGES", {})
    ((path, text),) = build.contents()
    assert build.stale() == [path]
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "rolling-deploy" in text
    path.write_text(text)
    assert build.stale() == []


def test_an_unknown_part_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("<!-- generated: nothing -->\n<!-- end -->\n")
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "PAGES", {})
    with pytest.raises(ValueError, match="no generated part is called 'nothing'"):
        list(build.contents())


@pytest.mark.parametrize("name", sorted(all_commands()))
def test_a_command_and_its_options_are_in_the_reference(name: str) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text()
    _, found, section = page.partition(f"\n## {name}\n")
    assert found, f"no section for {name}"
    section = section.partition("\n## ")[0]
    for parameter in all_commands()[name].params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            for option in parameter.opts:
                assert f"`{option}`" in section, f"{name} {option}"


def test_every_option_of_the_load_is_in_its_readme() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    add_options(parser)
    page = (ROOT / "loadtest/README.md").read_text()
    for option in parser._option_string_actions:
        assert f"`{option}`" in page, option


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{target}: no such file"
        assert not anchor or anchor in anchors(path), f"{target}: no such heading"


def test_every_page_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        near = {(page.parent / target.partition("#")[0]).resolve() for target in links(page)}
        waiting += [path for path in near if path.suffix == ".md" and path not in seen]
    assert not [name_of(page) for page in pages() if page not in seen]


def test_the_readme_is_short_and_begins_with_what_was_never_verified() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) < 150
    screen = "\n".join(lines[:25])
    assert "](docs/rolling-deploy.svg)" in screen
    assert "Never verified on AWS" in screen


def test_every_variable_of_the_plane_is_documented() -> None:
    text = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    code = "".join(
        path.read_text() for f in ("infra", "rehearse") for path in (ROOT / f).rglob("*.py")
    )
    names = set(re.findall(r"REHEARSE_[A-Z_]+", code))
    assert "REHEARSE_ENVOY" in names
    assert not sorted(name for name in names if f"`{name}`" not in text)


def test_every_rule_that_the_code_names_is_listed_with_its_source() -> None:
    listed = (ROOT / "docs/reference/aws-rules.md").read_text()
    named = {
        rule
        for folder in SOURCES
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".toml", ".json", ".md")
        for rule in RULE.findall(path.read_text())
    }
    assert not sorted(rule for rule in named if f"**{rule}** " not in listed)


def test_every_invariant_names_tests_that_are_there() -> None:
    assert [name for name, *_ in INVARIANTS] == [f"I{n}" for n in range(1, 17)]
    for name, _, _, files in INVARIANTS:
        assert files, name
        assert all((ROOT / "tests" / file).exists() for file in files), name


@pytest.mark.parametrize("drill", all_drills(), ids=lambda drill: drill.name)
def test_a_drill_has_a_guide_that_shows_how_it_fails(drill: Drill) -> None:
    page = (ROOT / f"docs/guides/drills/{drill.name}.md").read_text()
    assert page.startswith(f"# {drill.name}\n\n{drill.question}\n")
    assert f"FAIL  {drill.name} (broken)\n  {drill.expected}" in page
    assert "## What to change" in page

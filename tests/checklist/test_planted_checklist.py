"""Each planted bug of the checklist is seen by a test that needs neither terraform nor a plane."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import signature
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from infra.checklist import check
from infra.checklist.rule import Rule
from infra.checklist.rules import RULES as ALL
from tests.checklist import (
    test_checklist_boundaries,
    test_checklist_corners,
    test_checklist_files,
    test_checklist_formats,
    test_checklist_replay,
    test_checklist_rules,
)
from tests.checklist.boundaries import BOUNDARIES
from tests.checklist.corners import CORNERS
from tests.checklist.planted_reading import READING
from tests.checklist.planted_rules import RULES
from tests.checklist.planted_telling import FILES, FORMATS
from tests.checklist.transplant import PlantedBug, planted, real

BUGS = (*RULES, *READING)
TOLD = {test_checklist_files: FILES, test_checklist_formats: FORMATS}
MODULES = (
    test_checklist_replay,
    test_checklist_rules,
    test_checklist_boundaries,
    test_checklist_corners,
)

TABLES = {**CORNERS, **BOUNDARIES}


@dataclass(frozen=True, slots=True)
class Case:
    """A call of a test. `rule` is the id of the one that it is about, if it is about one."""

    name: str
    rule: str
    call: Callable[[], object]


def cases(module: ModuleType) -> Iterator[Case]:
    """The tests of a module, called with what they are parametrized with."""
    for name, test in vars(module).items():
        if name.startswith("test_"):
            for given in parameters(test):
                sentence = given.get("sentence", "")
                rule = given.get("rule") or TABLES.get(sentence, ("",))[0]
                yield Case(f"{name} {given or ''}", rule, partial(in_a_folder, test, given))


def in_a_folder(test: Callable[..., object], given: dict[str, Any]) -> None:
    """Call it, with a directory of its own if it takes one."""
    if "tmp_path" not in signature(test).parameters:
        test(**given)
        return
    with TemporaryDirectory() as folder:
        test(**given, tmp_path=Path(folder))


def parameters(test: Callable[..., object]) -> Iterator[dict[str, Any]]:
    """The arguments of every call that pytest makes of it."""
    axes = []
    for mark in getattr(test, "pytestmark", ()):
        names = mark.args[0].split(",") if isinstance(mark.args[0], str) else mark.args[0]
        rows = [row if len(names) > 1 else (row,) for row in mark.args[1]]
        axes.append([dict(zip(names, row, strict=True)) for row in rows])
    for chosen in product(*axes):
        yield {name: value for one in chosen for name, value in one.items()}


CASES: list[Case] = [case for module in MODULES for case in cases(module)]


def seen_by(rules: Sequence[Rule] = ()) -> str | None:
    """The first test that fails. Those about these rules are asked first, of these rules alone."""
    return first_failing(about(rules), rules) or first_failing(CASES, ALL)


def about(rules: Sequence[Rule]) -> list[Case]:
    ids = {one.id for one in rules}
    return [one for one in CASES if one.rule in ids]


def first_failing(cases: Sequence[Case], rules: Sequence[Rule]) -> str | None:
    test_checklist_rules.judged.cache_clear()
    with patch.object(check, "RULES", rules):
        for case in cases:
            try:
                case.call()
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - it may fail in any way
                return case.name
    return None


def rules_of(module: ModuleType) -> list[Rule]:
    return [one for one in vars(module).values() if isinstance(one, Rule)]


@pytest.fixture(scope="module", autouse=True)
def _as_it_is() -> Iterator[None]:
    yield
    test_checklist_rules.judged.cache_clear()


def test_without_a_bug_nothing_fails() -> None:
    assert seen_by() is None
    for bug in {bug.module: bug for bug in RULES}.values():
        rules = rules_of(real(bug))
        assert first_failing(about(rules), rules) is None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_planted_bug_is_caught(bug: PlantedBug) -> None:
    with planted(bug):
        seen = seen_by(rules_of(real(bug)))
    print(f"{bug.name}: {seen}")
    assert seen is not None


@pytest.mark.parametrize("module", TOLD, ids=lambda module: module.__name__.rpartition(".")[2])
def test_without_a_bug_all_is_told(module: ModuleType) -> None:
    assert first_failing(list(cases(module)), ALL) is None


@pytest.mark.parametrize(
    ("module", "bug"),
    [(module, bug) for module, bugs in TOLD.items() for bug in bugs],
    ids=lambda one: getattr(one, "name", ""),
)
def test_planted_bug_in_what_is_told_is_caught(module: ModuleType, bug: PlantedBug) -> None:
    with planted(bug):
        assert first_failing(list(cases(module)), ALL) is not None


def test_bugs_have_names_of_their_own() -> None:
    bugs = (*BUGS, *FILES, *FORMATS)
    assert len({bug.name for bug in bugs}) == len(bugs) >= 230
    assert len({bug.module for bug in bugs}) >= 25

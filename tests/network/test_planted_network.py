"""Each planted bug of `infra.network` is seen by the layers that should see it, all fast."""

from functools import cache
from random import Random

import pytest

from tests.network.cases import CASES
from tests.network.planted_bugs import BUGS, PlantedBug, alias, plant
from tests.network.properties import judge
from tests.network.rules import REAL, Rules, unload
from tests.network.worlds import Question, question

SEEDS = 3000


def case_that_fails(rules: Rules) -> str | None:
    """The sentence of the first case that the rules fail."""
    for case in CASES:
        try:
            fault = case.fault(rules)
        except Exception as error:  # noqa: BLE001 - a mutant may fail in any way
            fault = repr(error)
        if fault:
            return case.sentence
    return None


def world_that_fails(rules: Rules) -> int | None:
    for seed, asked in enumerate(worlds()):
        try:
            judge(rules, asked)
        except Exception:  # noqa: BLE001 - a mutant may fail in any way
            return seed
    return None


@cache
def worlds() -> tuple[Question, ...]:
    return tuple(question(Random(seed)) for seed in range(SEEDS))


def test_without_a_bug_nothing_fails() -> None:
    assert case_that_fails(REAL) is None
    assert world_that_fails(REAL) is None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_planted_bug_is_caught(bug: PlantedBug) -> None:
    rules = plant(bug)
    try:
        case = case_that_fails(rules)
        world = world_that_fails(rules) if bug.worlds else None
    finally:
        unload(alias(bug))
    print(f"{bug.name}: case {case!r}, world {world!r}")
    assert (case is not None) == bug.cases, f"the cases: {case}"
    assert (world is not None) == bug.worlds, "no world sees it"


def test_bugs_have_names_of_their_own() -> None:
    assert len({alias(bug) for bug in BUGS}) == len(BUGS) >= 12

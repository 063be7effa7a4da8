"""Each planted bug of the load balancer is seen by the layers that should see it, all fast."""

from collections.abc import Awaitable, Callable

import pytest

from tests.balancing.keeper_cases import SITUATIONS
from tests.balancing.planted_bugs import BUGS, PlantedBug, alias, plant
from tests.balancing.rule_cases import CASES
from tests.balancing.rules import REAL, Rules, unload
from tests.balancing.stories import tell

pytestmark = pytest.mark.anyio

SEEDS = 80


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


def story_that_fails(rules: Rules) -> int | None:
    for seed in range(SEEDS):
        try:
            tell(seed, rules)
        except Exception:  # noqa: BLE001 - a mutant may fail in any way
            return seed
    return None


async def situation_that_fails(rules: Rules) -> str | None:
    for situation in SITUATIONS:
        if not await _survives(situation, rules):
            return situation.__name__
    return None


async def _survives(situation: Callable[[Rules], Awaitable[None]], rules: Rules) -> bool:
    try:
        await situation(rules)
    except Exception:  # noqa: BLE001 - a mutant may fail in any way
        return False
    return True


async def test_without_a_bug_nothing_fails() -> None:
    assert case_that_fails(REAL) is None
    assert story_that_fails(REAL) is None
    assert await situation_that_fails(REAL) is None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
async def test_planted_bug_is_caught(bug: PlantedBug) -> None:
    rules = plant(bug)
    try:
        case, story = case_that_fails(rules), story_that_fails(rules)
        kept = await situation_that_fails(rules) if bug.keeper else None
    finally:
        unload(alias(bug))
    print(f"{bug.name}: case {case!r}, story {story}, keeper {kept!r}")
    assert (case is not None) == bug.cases, f"the cases: {case}"
    assert (story is not None) == bug.stories, f"the stories: {story}"
    assert (kept is not None) == bug.keeper, "no situation sees it"


def test_bugs_have_names_of_their_own() -> None:
    assert len({alias(bug) for bug in BUGS}) == len(BUGS) >= 12

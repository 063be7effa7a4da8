"""Each planted bug is seen by the layers that should see it; the summary says which did."""

import pytest

from tests.scheduler import breaker_cases, ending_cases, health_cases, rollout_cases
from tests.sim.core import REAL, Core, unload
from tests.sim.planted_bugs import BUGS, PlantedBug, alias, plant
from tests.sim.scenario import tell

CASES = (
    *rollout_cases.CASES,
    *health_cases.CASES,
    *ending_cases.CASES,
    *breaker_cases.CASES,
)
SEEDS = 60


def case_that_fails(core: Core) -> str | None:
    """The sentence of the first case that the core fails."""
    for case in CASES:
        try:
            fault = case.fault(core.reconcile)
        except Exception as error:  # noqa: BLE001 - a mutant may fail in any way
            fault = repr(error)
        if fault:
            return case.sentence
    return None


def seed_that_fails(core: Core) -> int | None:
    """The first seed whose story the core does not survive."""
    for seed in range(SEEDS):
        try:
            tell(seed, core)
        except Exception:  # noqa: BLE001 - a mutant may fail in any way
            return seed
    return None


def test_without_a_bug_no_case_fails() -> None:
    assert case_that_fails(REAL) is None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_planted_bug_is_caught(bug: PlantedBug) -> None:
    core = plant(bug)
    try:
        case = case_that_fails(core)
        seed = seed_that_fails(core) if bug.seeds else None
    finally:
        unload(alias(bug))
    print(f"{bug.name}: case {case!r}, seed {seed}")
    assert (case is not None) == bug.cases, "the cases do not see it as the list says"
    assert (seed is not None) == bug.seeds, f"none of {SEEDS} seeds sees it"


def test_bugs_have_names_of_their_own() -> None:
    assert len({alias(bug) for bug in BUGS}) == len(BUGS) >= 20

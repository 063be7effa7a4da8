"""The real rules in the stories and situations that the planted bugs must not survive."""

from collections.abc import Awaitable, Callable

import pytest

from tests.balancing.keeper_cases import SITUATIONS
from tests.balancing.rules import REAL, Rules
from tests.balancing.stories import tell


@pytest.mark.parametrize("seed", range(150))
def test_a_story_of_a_target_group(seed: int) -> None:
    tell(seed, REAL)


@pytest.mark.anyio
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.__name__.replace("_", " "))
async def test_situation(situation: Callable[[Rules], Awaitable[None]]) -> None:
    await situation(REAL)

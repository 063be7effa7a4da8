"""Layer 2: hundreds of stories drawn from seeds, safety with faults, then liveness without."""

from collections import Counter

import pytest

from tests.sim.core import REAL
from tests.sim.scenario import tell

SEEDS = 300
BATCH = 50


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_every_story_is_safe_and_comes_to_rest(first: int) -> None:
    endings: Counter[str] = Counter()
    for seed in range(first, first + BATCH):
        world = tell(seed, REAL)
        endings["deleted" if world.inactive else "stuck" if world.stuck else "steady"] += 1
        for group in world.groups.values():
            times = [until_ms - from_ms for _, from_ms, until_ms in group.drained]
            assert set(times) <= {group.settings.delay_ms}, f"I2, seed {seed}: {times}"
    print(f"seeds {first} to {first + BATCH - 1}: {dict(endings)}")
    assert endings["steady"] > BATCH // 2, f"too few stories end well to prove much: {endings}"


def test_a_seed_tells_the_same_story_twice() -> None:
    once, again = tell(7, REAL), tell(7, REAL)
    assert once.steps_taken == again.steps_taken
    assert len(once.steps_taken) > 10

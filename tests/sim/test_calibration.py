"""The simulated deployment of one task against real ones: same order, gaps within the ranges.

Two traces of a whole deployment are few. Where the profile's knobs reach further than they did,
`traces.json` says so beside the measured range; the test names the range that it holds to.
"""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.local.scheduler.model import Container, ServiceSpec
from infra.local.scheduler.steps import (
    CompleteDeployment,
    DeregisterTargets,
    MarkSteady,
    RegisterTargets,
    StartTask,
    StopTask,
    Terminate,
)
from infra.local.tempo import load_profile
from tests.sim.balancer import Group, GroupSettings
from tests.sim.core import REAL
from tests.sim.nature import Nature
from tests.sim.world import World

# Any: a JSON document, read once
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "traces.json").read_text())
AWS = load_profile("aws")
EXIT_MS = 100  # SIGTERM to exit in both traces
DELAY_MS = 30_000
SEEDS = 60
SLACK_S = 0.1  # the logs have their times to a tenth of a second
STEPS = {
    StartTask: "started",
    RegisterTargets: "registered",
    StopTask: "stopped",
    DeregisterTargets: "deregistered",
    Terminate: "sigterm",
    CompleteDeployment: "completed",
    MarkSteady: "steady",
}


def deployment(seed: int) -> list[tuple[str, int]]:
    """What happens, and when, in the second deployment of a service of one task."""
    checks_ms = random.Random(seed).randint(1_600, 3_400)  # registered -> healthy
    provision_ms, pull_ms = (AWS.draw(k, str(seed), 1) for k in ("provisioning", "pull"))
    nature = Nature(
        provision_ms=(provision_ms, provision_ms),
        pull_ms=(pull_ms, pull_ms),
        start_ms=(0, 0),
        exit_ms=(EXIT_MS, EXIT_MS),
        release_ms=(0, 0),
    )
    tempo = AWS.tempo(str(seed), 1)
    world = World(
        spec=ServiceSpec("shop", 1, 100, 200, 0, ("web",), ("a",), tempo),
        groups={"web": Group("web", GroupSettings(checks_ms, 2, 2, DELAY_MS, keeps_unused=True))},
        containers=(Container("app"),),
        essential=frozenset({"app"}),
        checked=False,
        rng=random.Random(seed),
        core=REAL,
    )
    for _ in range(2):
        world.steps_taken.clear()
        world.deploy(nature)
        world.settle()
        end_ms = world.now_ms + 600_000
        for _ in range(200):
            if world.now_ms < end_ms:
                world.jump(end_ms)
    return _events(world)


def _events(world: World) -> list[tuple[str, int]]:
    told = [
        (at_ms, STEPS[type(step)])
        for at_ms, step in world.steps_taken
        if type(step) in STEPS and not (isinstance(step, MarkSteady) and not step.steady)
    ]
    new = next(t for t in world.tasks.values() if t.deployment == world.primary.id)
    assert new.started_ms is not None
    told.append((new.started_ms, "up"))
    told += [(at_ms + EXIT_MS, "exited") for at_ms, name in told if name == "sigterm"]
    order = GOLDEN["order"]
    return [(name, at_ms) for at_ms, name in sorted(told, key=lambda x: (x[0], order.index(x[1])))]


STORIES = [deployment(seed) for seed in range(SEEDS)]


def gaps(story: list[tuple[str, int]]) -> dict[str, float]:
    """Seconds from each event to the next, by the later one's name."""
    return {name: (at_ms - before_ms) / 1000 for (_, before_ms), (name, at_ms) in pairwise(story)}


def test_order_of_events_is_that_of_the_traces() -> None:
    for story in STORIES:
        assert [name for name, _ in story] == GOLDEN["order"]


@pytest.mark.parametrize("event", GOLDEN["order"][1:])
def test_gap_before_event_is_within_what_was_seen_or_the_profile_says(event: str) -> None:
    low, high = GOLDEN["gaps_of_the_profile"].get(event, GOLDEN["gaps_seen"][event])
    simulated = [gaps(story)[event] for story in STORIES]
    assert low - SLACK_S <= min(simulated)
    assert max(simulated) <= high + SLACK_S


@pytest.mark.parametrize("event", GOLDEN["gaps_of_the_profile"])
def test_profile_reaches_no_less_far_than_the_traces(event: str) -> None:
    (low, high), (lowest, highest) = (
        GOLDEN["gaps_seen"][event],
        GOLDEN["gaps_of_the_profile"][event],
    )
    assert lowest <= low <= high <= highest


@pytest.mark.parametrize("trace", GOLDEN["traces"])
@pytest.mark.parametrize("event", GOLDEN["order"][1:])
def test_trace_could_have_been_simulated(trace: str, event: str) -> None:
    """Sixty seeds do not reach the ends of the ranges: a tenth of the spread is allowed."""
    times = dict(zip(GOLDEN["order"], GOLDEN["traces"][trace], strict=True))
    before = GOLDEN["order"][GOLDEN["order"].index(event) - 1]
    measured = times[event] - times[before]
    simulated = [gaps(story)[event] for story in STORIES]
    slack = SLACK_S + (max(simulated) - min(simulated)) / 10
    assert min(simulated) - slack <= measured <= max(simulated) + slack


def test_scheduler_tick_covers_all_twelve_measured() -> None:
    low, high = AWS.stop_tick
    for measured in GOLDEN["stopped_to_deregistered"]:
        assert low - 0.05 <= measured <= high + 0.05

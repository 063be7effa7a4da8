"""Stories of one target group, drawn from a seed, with an oracle that does its own reckoning.

The oracle keeps no counters as the code does: it reads a target's state off the whole string of
its check results.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from infra.local.scheduler.model import TargetState
from infra.local.store import Target, TargetGroup
from tests.balancing.records import group, store
from tests.balancing.rule_cases import MINIMUM
from tests.balancing.rules import Rules

ACTS = 60
PLACES = 4  # targets of a group
REGISTERED = (TargetState.INITIAL, TargetState.HEALTHY, TargetState.UNHEALTHY)


@dataclass(slots=True)
class Life:
    """What the oracle knows of a target: when it was registered, how its checks ended, and when
    it began to drain."""

    registered_ms: int
    results: str = ""
    times: list[int] = field(default_factory=list)
    draining_ms: int | None = None

    def state(self, up: int, down: int) -> tuple[TargetState, int]:
        """The state, and since when."""
        if self.draining_ms is not None:
            return TargetState.DRAINING, self.draining_ms
        turns = _turns(self.results, up, down)
        if not turns:
            return TargetState.INITIAL, self.registered_ms
        state, place = turns[-1]
        return state, self.times[place - 1]


def _turns(results: str, up: int, down: int) -> list[tuple[TargetState, int]]:
    """Each change of health with the number of results that it took, by search alone."""
    first_pass, first_fail = results.find("+"), results.find("-" * down)
    if first_pass == first_fail == -1:
        return []
    if first_fail == -1 or -1 < first_pass < first_fail:
        turns, place = [(TargetState.HEALTHY, first_pass + 1)], first_pass + 1
    else:
        turns, place = [(TargetState.UNHEALTHY, first_fail + down)], first_fail + down
    while True:
        well = turns[-1][0] is TargetState.HEALTHY
        needle = "-" * down if well else "+" * up
        found = results.find(needle, place)
        if found == -1:
            return turns
        place = found + len(needle)
        turns.append((TargetState.UNHEALTHY if well else TargetState.HEALTHY, place))


@dataclass(slots=True)
class World:
    rules: Rules
    rng: random.Random
    one: TargetGroup
    up: int
    down: int
    lag_ms: int
    lives: dict[int, Life] = field(default_factory=dict)
    now_ms: int = 0


def tell(seed: int, rules: Rules) -> None:
    """Live through the seed's story; AssertionError where code and oracle disagree."""
    rng = random.Random(seed)
    minimum = {f"{MINIMUM}.count": str(rng.choice((1, 1, 2, 3)))}
    if rng.random() < 0.5:
        minimum[f"{MINIMUM}.percentage"] = str(rng.choice((1, 33, 34, 50, 75, 100)))
    one = group(store(), attributes=minimum)
    world = World(rules, rng, one, rng.randint(2, 4), rng.randint(2, 4), rng.choice((0, 40)))
    for _ in range(ACTS):
        world.now_ms += rng.randint(1, 30)
        act(world, rng.randrange(PLACES))
        judge(world)


def act(world: World, place: int) -> None:
    """Do one thing to one target, in the code and in the oracle."""
    key, life = ("127.0.0.1", place), world.lives.get(place)
    match world.rng.choices(("register", "deregister", "check", "leave"), (3, 2, 24, 1))[0]:
        case "register":
            world.rules.targets.register(world.one, *key, "a", world.now_ms)
            if life is None or life.draining_ms is not None:
                world.lives[place] = Life(world.now_ms)
        case "deregister":
            began = world.rules.targets.deregister(world.one, *key, world.now_ms)
            assert began == (life is not None and life.draining_ms is None), "what it said"
            if began and life is not None:
                life.draining_ms = world.now_ms
        case "check" if life is not None:
            check(world, world.one.targets[key], life)
        case "leave" if life is not None and life.draining_ms is not None:
            del world.one.targets[key], world.lives[place]


def check(world: World, target: Target, life: Life) -> None:
    passed = world.rng.random() < 0.55
    probe = world.rules.checker.PASSED if passed else world.rules.checker.FAILED
    verdict = world.rules.health.judge(target, probe, world.up, world.down)
    world.rules.health.settle(target, verdict, world.now_ms)
    if life.draining_ms is None:
        life.results += "+" if passed else "-"
        life.times.append(world.now_ms)


def judge(world: World) -> None:
    """Every target is in the state its history gives, and those get requests that should."""
    for place, life in world.lives.items():
        target = world.one.targets["127.0.0.1", place]
        expected = life.state(world.up, world.down)
        assert (target.state, target.since_ms) == expected, f"target {place} after {life.results}"
        assert (target.reason is None) == (target.state is TargetState.HEALTHY), "its reason"
    chosen = world.rules.routing.routable(
        world.one.targets.values(), world.one.attributes, world.now_ms, world.lag_ms
    )
    assert sorted(t.port for t in chosen) == routed(world), "who gets requests"


def routed(world: World) -> list[int]:
    states = {place: life.state(world.up, world.down) for place, life in world.lives.items()}
    registered = [p for p, (state, _) in states.items() if state in REGISTERED]
    healthy = [p for p in registered if states[p][0] is TargetState.HEALTHY]
    deaf = [
        p
        for p, (state, since_ms) in states.items()
        if state is TargetState.DRAINING and world.now_ms - since_ms < world.lag_ms
        if _was_well(world.lives[p], world.up, world.down)
    ]
    return sorted(deaf + (registered if _is_open(world.one, registered, healthy) else healthy))


def _was_well(life: Life, up: int, down: int) -> bool:
    """Whether it was healthy when it began to drain: no result counts after that."""
    turns = _turns(life.results, up, down)
    return bool(turns) and turns[-1][0] is TargetState.HEALTHY


def _is_open(one: TargetGroup, registered: Sequence[int], healthy: Sequence[int]) -> bool:
    share = one.attributes.get(f"{MINIMUM}.percentage", "0")
    needed = max(
        int(one.attributes[f"{MINIMUM}.count"]), ceil(Fraction(share) * len(registered) / 100)
    )
    return len(healthy) < needed

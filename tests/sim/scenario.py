"""One seed, one story: a world is drawn, goes through faults, then must come to rest.

Safety is judged all the time (`tests.sim.invariants`). Liveness is judged at the end, without
faults: the newest revision must be COMPLETED and steady, unless the percentages leave no legal
step, which is computed here from the numbers alone.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from infra.local.scheduler.model import (
    Breaker,
    Container,
    RolloutState,
    ServiceSpec,
    StopOrder,
    TaskStatus,
    Tempo,
    ThresholdType,
)
from tests.sim.balancer import Group, GroupSettings
from tests.sim.core import Core
from tests.sim.count import Count, least, most
from tests.sim.nature import Nature
from tests.sim.stage import ViolationError
from tests.sim.world import World

FAULTS = 12  # at most, in the first phase
JUMPS = 3_000  # of the second phase; a story that needs more never comes to rest
LIVENESS_MS = 6 * 3_600_000
FOREVER_MS = 2_147_483_647_000  # the longest grace period that ECS takes, in milliseconds

APP = Container("app", depends_on=("proxy",))
PROXY = Container("proxy")
LOGS = Container("logs")
SHAPES = ((APP, PROXY), (Container("app"),), (APP, PROXY, LOGS))


def tell(seed: int, core: Core) -> World:
    """Live through the story of one seed. Raises ViolationError, which names the seed."""
    try:
        rng = random.Random(seed)
        world = draw_world(rng, core)
        suffer(world, rng)
        recover(world, rng)
    except ViolationError as error:
        raise ViolationError(f"seed {seed}: {error}") from None
    return world


# ---- drawing


def draw_spec(rng: random.Random) -> ServiceSpec:
    minimum, maximum = draw_percents(rng)
    return ServiceSpec(
        name="shop",
        desired_count=rng.choice((0, 1, 1, 2, 2, 3, 4, 5, 7)),
        minimum_healthy_percent=minimum,
        maximum_percent=maximum,
        grace_ms=rng.choice((0, 0, 5_000, 60_000, 600_000, FOREVER_MS)),
        groups=rng.choice(((), ("web",), ("web",), ("api", "web"))),
        zones=rng.choice((("a",), ("a", "b"), ("a", "b", "c"))),
        tempo=draw_tempo(rng),
        stop_order=rng.choice(tuple(StopOrder)),
        breaker=draw_breaker(rng),
    )


def draw_breaker(rng: random.Random) -> Breaker:
    kind = rng.choice(tuple(ThresholdType))
    return Breaker(
        enabled=rng.random() < 0.7,
        rollback=rng.random() < 0.7,
        kind=kind,
        value=rng.randint(1, 5) if kind is ThresholdType.COUNT else rng.choice((10, 50, 100)),
        reset_on_healthy=rng.random() < 0.6,
        count_exits=rng.random() < 0.7,
    )


def draw_percents(rng: random.Random) -> tuple[int, int]:
    minimum = rng.choice((0, 25, 33, 50, 66, 75, 90, 100, 100, 100))
    return minimum, rng.choice((100, 110, 125, 133, 150, 175, 200, 200, 300))


def draw_tempo(rng: random.Random) -> Tempo:
    if rng.random() < 0.4:
        return Tempo(replace_ms=1_000)
    return Tempo(
        stop_tick_ms=rng.randint(0, 10_300),
        register_ms=rng.randint(0, 13_000),
        stop_old_ms=rng.randint(0, 48_000),
        replace_ms=rng.randint(0, 21_000),
        terminate_ms=rng.randint(0, 10_000),
        complete_ms=rng.randint(0, 12_700),
        unchecked_ms=rng.choice((4_000, 40_000)),
    )


def draw_group(rng: random.Random, name: str) -> Group:
    settings = GroupSettings(
        interval_ms=rng.choice((500, 5_000, 10_000)),
        healthy_threshold=rng.randint(2, 5),
        unhealthy_threshold=rng.randint(2, 3),
        delay_ms=rng.choice((0, 5_000, 30_000, 300_000)),
        keeps_unused=rng.random() < 0.5,
    )
    return Group(name, settings)


def draw_containers(rng: random.Random) -> tuple[Container, ...]:
    shape = rng.choice(SHAPES)
    return tuple(replace(c, stop_timeout_ms=rng.randint(2, 30) * 1_000) for c in shape)


def draw_nature(rng: random.Random) -> Nature:
    """Mostly a good revision; sometimes one that starts, serves, lasts or stops badly."""
    slow = rng.choice((1, 1, 10))
    return Nature(
        provision_ms=(0, 2_000 * slow),
        pull_ms=(0, 5_000 * slow),
        start_ms=(0, 2_000 * slow),
        fails_to_start=rng.choice((0, 0, 0, 20, 100)),
        sick=rng.choice((0, 0, 0, 30, 100)),
        deaf=rng.choice((0, 0, 50)),
        crashes=rng.choice((0, 0, 0, 30, 100)),
    )


def draw_world(rng: random.Random, core: Core) -> World:
    spec = draw_spec(rng)
    containers = draw_containers(rng)
    world = World(
        spec=spec,
        groups={name: draw_group(rng, name) for name in spec.groups},
        containers=containers,
        essential=frozenset(c.name for c in containers if c.name != "logs"),
        checked=rng.random() < 0.4,
        rng=rng,
        core=core,
    )
    world.deploy(Nature(deaf=20) if rng.random() < 0.7 else draw_nature(rng))
    world.settle()
    return world


# ---- safety, with faults


def suffer(world: World, rng: random.Random) -> None:
    """A number of faults and changes, some close together, some far apart."""
    if rng.random() < 0.7:
        run(world, world.now_ms + 300_000, JUMPS)
    for _ in range(rng.randint(1, FAULTS)):
        rng.choice(FATES)(world, rng)
        world.settle()
        run(world, world.now_ms + rng.choice((0, 1, 3_000, 20_000, 60_000, 400_000)), JUMPS)


def run(world: World, until_ms: int, jumps: int) -> None:
    """Let time pass until then. More jumps than that are a world that never rests."""
    for _ in range(jumps):
        if world.now_ms >= until_ms:
            return
        world.jump(until_ms)
    raise ViolationError(f"more than {jumps} things happened before {until_ms}")


def _deploy(world: World, rng: random.Random) -> None:
    world.deploy(draw_nature(rng))


def _roll_back(world: World, _: random.Random) -> None:
    if world.primary.rollout is RolloutState.IN_PROGRESS:
        world.roll_back()


def _scale(world: World, rng: random.Random) -> None:
    world.change(replace(world.spec, desired_count=rng.randint(0, 7)))


def _configure(world: World, rng: random.Random) -> None:
    minimum, maximum = draw_percents(rng)
    world.change(replace(world.spec, minimum_healthy_percent=minimum, maximum_percent=maximum))


def _victims(world: World, rng: random.Random) -> list[str]:
    alive = [t.id for t in world.tasks.values() if t.status is not TaskStatus.STOPPED]
    return rng.sample(alive, rng.randint(1, len(alive))) if alive else []


def _crash(world: World, rng: random.Random) -> None:
    for task in _victims(world, rng):
        left = [c.name for c in world.tasks[task].containers if c.alive]
        if left:
            world.end(task, rng.choice(left))


def _sicken(world: World, rng: random.Random) -> None:
    sick = rng.random() < 0.7
    for task in _victims(world, rng):
        world.sicken(task, sick)


def _stop(world: World, rng: random.Random) -> None:
    for task in _victims(world, rng)[:2]:
        world.stop(task)


Fate = Callable[[World, random.Random], None]
FATES: tuple[Fate, ...] = (
    *(_deploy, _deploy, _roll_back, _scale, _configure),
    *(_crash, _crash, _sicken, _sicken, _stop),
)


# ---- liveness, without


def recover(world: World, rng: random.Random) -> None:
    """Faults end; a good revision is deployed (mostly) or the service deleted; then peace."""
    if rng.random() < 0.1:
        world.delete()
    elif rng.random() < 0.7 or world.primary.rollout is RolloutState.FAILED:
        world.deploy(Nature())
    demand_peace(world)
    if world.primary.rollout is RolloutState.FAILED:  # it failed of what was sick before
        world.deploy(Nature())
        demand_peace(world)


def demand_peace(world: World) -> None:
    """From now on nothing new goes wrong: the service must come to rest as it should be.

    Old revisions keep their sick tasks, but new launches succeed everywhere. Within an endless
    grace period nobody would ever replace a sick task of the newest revision, so those recover.
    """
    world.natures = dict.fromkeys(world.natures, Nature())
    for task in list(world.tasks.values()):
        world.bodies[task.id].nature = Nature()
        if task.deployment == world.primary.id and world.spec.grace_ms == FOREVER_MS:
            world.sicken(task.id, sick=False)
    world.settle()
    end_ms = world.now_ms + LIVENESS_MS
    for _ in range(JUMPS):
        if not world.jump(end_ms) or world.now_ms >= end_ms:
            break
    fault = unrest(world)
    if fault:
        past = "\n".join(world.trail)
        raise ViolationError(f"no rest: {fault}\nat {world.now_ms}, {world.spec}; before:\n{past}")


def unrest(world: World) -> str | None:
    """Why the service is not as it should be at the end, or None."""
    left = [t for t in world.tasks.values() if t.status is not TaskStatus.STOPPED]
    if world.spec.draining:
        return None if world.inactive and not left else f"deleted, and {left} are left"
    good = [t for t in left if t.deployment == world.primary.id]
    done = world.primary.rollout is RolloutState.COMPLETED and world.steady
    if done and len(good) == len(left) == world.spec.desired_count and len(world.deployments) == 1:
        return None
    if world.primary.rollout is RolloutState.FAILED:
        return None  # nobody starts more of it, until the next deployment
    no_legal_step = least(world) >= most(world) > 0
    waits = any(t.deployment != world.primary.id for t in left) and Count(world).old_hopeful > 0
    if no_legal_step and (world.stuck or waits) and not done:
        return None
    return f"{world.primary}, steady: {world.steady}, stuck: {world.stuck}, {len(left)} tasks"

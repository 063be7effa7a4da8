"""A Hypothesis state machine over the same world: it looks for the shortest story that goes wrong.

Users and fate act in any order; safety is judged at every step, liveness when a story ends.
"""

import random
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from infra.local.scheduler.model import (
    Breaker,
    Container,
    RolloutState,
    ServiceSpec,
    Tempo,
    ThresholdType,
)
from tests.sim.balancer import Group, GroupSettings
from tests.sim.core import REAL
from tests.sim.nature import Nature
from tests.sim.scenario import FOREVER_MS, demand_peace
from tests.sim.world import World

GOOD = Nature()
NATURES = st.sampled_from(
    [
        GOOD,
        Nature(sick=100),
        Nature(fails_to_start=100),
        Nature(crashes=100, crash_ms=(0, 10_000)),
        Nature(deaf=100),
    ]
)
BREAKERS = st.builds(
    Breaker,
    enabled=st.booleans(),
    rollback=st.booleans(),
    kind=st.just(ThresholdType.COUNT),
    value=st.integers(1, 3),
    reset_on_healthy=st.booleans(),
)
SETTINGS = GroupSettings(1_000, 2, 2, 5_000, keeps_unused=False)
CONTAINERS = (Container("app", depends_on=("proxy",)), Container("proxy"))


class ServiceMachine(RuleBasedStateMachine):
    """One service; tasks are named by their place in the list of those that are there."""

    world: World

    @initialize(
        desired=st.integers(0, 4),
        minimum=st.sampled_from([0, 50, 75, 100]),
        maximum=st.sampled_from([100, 125, 150, 200]),
        grace_ms=st.sampled_from([0, 10_000, FOREVER_MS]),
        groups=st.sampled_from([(), ("web",)]),
        slow=st.booleans(),
        checked=st.booleans(),
        breaker=BREAKERS,
    )
    def create(
        self,
        desired: int,
        minimum: int,
        maximum: int,
        grace_ms: int,
        groups: tuple[str, ...],
        slow: bool,
        checked: bool,
        breaker: Breaker,
    ) -> None:
        tempo = Tempo(10_000, 5_000, 40_000, 15_000, 5_000, 12_000) if slow else Tempo()
        self.world = World(
            spec=ServiceSpec(
                "s",
                desired,
                minimum,
                maximum,
                grace_ms,
                groups,
                ("a", "b"),
                tempo,
                breaker=breaker,
            ),
            groups={name: Group(name, SETTINGS) for name in groups},
            containers=CONTAINERS,
            essential=frozenset({"app", "proxy"}),
            checked=checked,
            rng=random.Random(0),
            core=REAL,
        )
        self.world.deploy(GOOD)
        self.world.settle()

    @rule(ms=st.sampled_from([1, 1_000, 10_000, 60_000, 120_000]))
    def wait(self, ms: int) -> None:
        end_ms = self.world.now_ms + ms
        for _ in range(2_000):
            if self.world.now_ms >= end_ms:
                return
            self.world.jump(end_ms)
        raise AssertionError("more than 2000 things happened in one wait")

    @rule(nature=NATURES)
    def deploy(self, nature: Nature) -> None:
        self.world.deploy(nature)
        self.world.settle()

    @precondition(lambda self: self.world.primary.rollout is RolloutState.IN_PROGRESS)
    @rule()
    def roll_back(self) -> None:
        self.world.roll_back()
        self.world.settle()

    @rule(desired=st.integers(0, 4))
    def scale(self, desired: int) -> None:
        self.world.change(replace(self.world.spec, desired_count=desired))
        self.world.settle()

    @precondition(lambda self: self.world.tasks)
    @rule(place=st.integers(0, 7), sick=st.booleans())
    def sicken(self, place: int, sick: bool) -> None:
        self.world.sicken(self._task(place), sick)
        self.world.settle()

    @precondition(lambda self: self.world.tasks)
    @rule(place=st.integers(0, 7))
    def crash(self, place: int) -> None:
        self.world.end(self._task(place), "app")
        self.world.settle()

    @precondition(lambda self: self.world.tasks)
    @rule(place=st.integers(0, 7))
    def stop(self, place: int) -> None:
        self.world.stop(self._task(place))
        self.world.settle()

    def _task(self, place: int) -> str:
        names = list(self.world.tasks)
        return names[place % len(names)]

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.deploy(GOOD)
        demand_peace(self.world)


ServiceMachine.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestService = ServiceMachine.TestCase

"""A load balancer with a real Envoy, and targets that no security group rule lets it reach."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from infra.local.runtime.blackhole import Blackhole
from infra.local.scheduler.model import TargetState
from infra.local.store import LoadBalancer
from infra.local.ways import OpenWays, Place
from tests.balancing import records
from tests.balancing.server import Server, serving
from tests.balancing.stage import Stage, staged, until

pytestmark = [pytest.mark.anyio, pytest.mark.runtime]

SCALE = 50.0  # Envoy gives up to connect after 200 ms


class Guard(OpenWays):
    """Refuses the ports in `refused`."""

    def __init__(self) -> None:
        self.refused: set[int] = set()
        self.hole = Blackhole()

    def reachable(self, balancer: LoadBalancer, place: Place) -> bool:
        return place[1] not in self.refused

    def from_balancer(self, balancer: LoadBalancer, place: Place) -> Place:
        return place if self.reachable(balancer, place) else (place[0], self.hole.port(place[0]))


@pytest.fixture
def guard() -> Iterator[Guard]:
    made = Guard()
    yield made
    made.hole.close()


async def heard(stage: Stage, answer: tuple[int, str]) -> None:
    """Wait until Envoy has taken the news: then every request is answered so."""
    with anyio.fail_after(10):
        while await answers(stage, 1) != [answer]:
            await anyio.sleep(0.01)


async def answers(stage: Stage, count: int) -> list[tuple[int, str]]:
    found = [await stage.client.get(stage.url()) for _ in range(count)]
    return [(answer.status_code, answer.headers.get("x-task-id", "")) for answer in found]


async def test_a_target_behind_a_missing_rule_gets_nothing(tmp_path: Path, guard: Guard) -> None:
    """Not a check and not a request, not even when its group fails open; with the rule, both."""
    store = records.store()
    group, balancer = records.group(store), records.balancer(store)
    records.listener(store, balancer, records.forward(group))
    one, two = Server("one"), Server("two")
    async with (
        serving(one),
        serving(two),
        staged(store, tmp_path, SCALE, ways=guard) as stage,
    ):
        guard.refused = {two.port}
        targets = [stage.register(group, server) for server in (one, two)]
        await stage.ready(balancer)
        await until(lambda: targets[1].state is TargetState.UNHEALTHY)
        assert targets[1].reason == "Target.Timeout"
        assert targets[0].state is TargetState.HEALTHY
        await heard(stage, (200, "one"))
        assert await answers(stage, 6) == [(200, "one")] * 6

        guard.refused |= {one.port}
        stage.balancers.security_changed()
        await until(lambda: targets[0].state is TargetState.UNHEALTHY)
        await heard(stage, (504, ""))
        assert await answers(stage, 2) == [(504, "")] * 2
        assert not two.heads

        guard.refused = {one.port}
        stage.balancers.security_changed()
        await until(lambda: targets[1].state is TargetState.HEALTHY)
        await heard(stage, (200, "two"))
        assert await answers(stage, 6) == [(200, "two")] * 6

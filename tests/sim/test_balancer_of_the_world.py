"""The world's own load balancer: if it is wrong, what it proves about the core is worth nothing."""

import pytest

from infra.local.scheduler.model import TargetState
from tests.sim.balancer import Group, GroupSettings

S = TargetState


def group(*, keeps_unused: bool = True) -> Group:
    return Group("web", GroupSettings(10_000, 3, 2, 30_000, keeps_unused))


def state_at(web: Group, at_ms: int) -> TargetState | None:
    web.run(at_ms)
    target = web.target("t")
    return None if target is None else target.state


def test_one_pass_makes_an_initial_target_healthy() -> None:
    web = group()
    web.register("t", 0, passing=True)
    assert state_at(web, 9_999) is S.INITIAL
    assert state_at(web, 10_000) is S.HEALTHY


def test_a_healthy_target_needs_as_many_failures_as_the_threshold() -> None:
    web = group()
    web.register("t", 0, passing=True)
    web.run(10_000)
    web.condition("t", 10_000, passing=False)
    assert state_at(web, 29_999) is S.HEALTHY
    assert state_at(web, 30_000) is S.UNHEALTHY


def test_a_recovery_needs_as_many_passes_as_the_threshold() -> None:
    web = group()
    web.register("t", 0, passing=False)
    web.run(20_000)
    web.condition("t", 20_000, passing=True)
    assert state_at(web, 49_999) is S.UNHEALTHY
    assert state_at(web, 50_000) is S.HEALTHY


@pytest.mark.parametrize("passing", [True, False])
def test_a_target_drains_for_exactly_the_delay_whatever_its_health(passing: bool) -> None:
    web = group()
    web.register("t", 0, passing)
    web.run(60_000)
    web.deregister("t", 60_000)
    web.condition("t", 61_000, passing=not passing)
    assert state_at(web, 89_999) is S.DRAINING
    assert state_at(web, 90_000) is S.UNUSED
    assert web.drained == [("t", 60_000, 90_000)]


def test_a_drained_target_may_be_gone_altogether() -> None:
    web = group(keeps_unused=False)
    web.register("t", 0, passing=True)
    web.deregister("t", 0)
    assert state_at(web, 30_000) is None

"""Situations of a target group's keeper and of single checks, on small servers in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio

from infra.local.clock import SteadyClock
from infra.local.scheduler.model import TargetState
from infra.local.store import Target, TargetGroup
from tests.balancing.records import free_port, group, store
from tests.balancing.rules import Rules
from tests.balancing.server import Server, serving

SCALE = 50.0  # an interval of 5 s is 100 ms
INTERVAL_MS, DELAY_MS = 100, 200
LIMIT_S = 2.0


@dataclass
class Room:
    """A group with one target, kept; what the keeper said and asked for."""

    one: TargetGroup
    target: Target
    keeper: Any
    journal: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    changes: list[TargetState] = field(default_factory=list)
    released: list[TargetState] = field(default_factory=list)
    open: bool = True  # whether packets arrive
    clock: SteadyClock = field(default_factory=SteadyClock)

    def said(self, kind: str) -> list[Mapping[str, object]]:
        return [facts for what, facts in self.journal if what == kind]


@asynccontextmanager
async def kept(
    rules: Rules, server: Server, propagation_ms: int = 0, *, opened: bool = True, **settings: Any
) -> AsyncIterator[Room]:
    one = group(store(), attributes={"deregistration_delay.timeout_seconds": "10"}, **settings)
    clock = SteadyClock()
    rules.targets.register(one, "127.0.0.1", server.port, "a", clock.now_ms())
    target = one.targets["127.0.0.1", server.port]
    room = Room(one, target, None, open=opened)

    async def release(_: TargetGroup, leaving: Target) -> int:
        room.released.append(leaving.state)
        return 0

    room.keeper = rules.keeper.Keeper(
        one,
        clock,
        SCALE,
        unused=lambda _group, _target: None,
        changed=lambda _: room.changes.append(target.state),
        release=release,
        journal=lambda kind, facts: room.journal.append((kind, facts)),
        propagation_ms=propagation_ms,
        reachable=lambda _group, _address, port: room.open or port != server.port,
    )
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room.keeper.run)
        await until(lambda: room.said("target-health"))
        yield room
        tasks.cancel_scope.cancel()


async def until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(LIMIT_S):
        while not condition():
            await anyio.sleep(0.002)


async def first_check_comes_at_once(rules: Rules) -> None:
    """The interval is 1 s here."""
    async with serving(Server()) as server, kept(rules, server, interval=50) as room:
        with anyio.fail_after(0.8):
            while room.target.state is not TargetState.HEALTHY:
                await anyio.sleep(0.002)


async def checks_come_every_interval_however_slow_the_answers(rules: Rules) -> None:
    slow: dict[str, Any] = {"health_check_path": "/slow?90", "timeout": 5}
    async with serving(Server()) as server, kept(rules, server, **slow):
        await until(lambda: server.seen("/slow") == 1)
        begun_ms = SteadyClock().now_ms()
        await until(lambda: server.seen("/slow") == 5)
        took_ms = SteadyClock().now_ms() - begun_ms
        assert 3 * INTERVAL_MS < took_ms < 4 * INTERVAL_MS + 200, took_ms


async def drains_for_exactly_the_delay_and_is_checked_no_more(rules: Rules) -> None:
    async with serving(Server()) as server, kept(rules, server) as room:
        await until(lambda: room.target.state is TargetState.HEALTHY)
        rules.targets.deregister(room.one, "127.0.0.1", server.port, room.clock.now_ms())
        begun_ms, seen = room.clock.now_ms(), server.seen("/healthz")
        room.keeper.wake()
        await until(lambda: not room.one.targets)
        took_ms = room.clock.now_ms() - begun_ms
        assert DELAY_MS <= took_ms < DELAY_MS + 1000, took_ms
        assert server.seen("/healthz") <= seen + 1, "one check may have been under way"
        assert (room.target.state, room.target.reason) == (
            TargetState.UNUSED,
            "Target.NotRegistered",
        )


async def takes_the_last_requests_away_before_the_target_is_unused(rules: Rules) -> None:
    async with serving(Server()) as server, kept(rules, server) as room:
        rules.targets.deregister(room.one, "127.0.0.1", server.port, room.clock.now_ms())
        room.keeper.wake()
        await until(lambda: not room.one.targets)
        assert room.released == [TargetState.DRAINING]
        assert room.changes[-1] is TargetState.UNUSED, "the scheduler hears of it"
        assert [facts["cut"] for facts in room.said("drain-ended")] == [0]


async def the_delay_is_exact_though_nodes_hear_later(rules: Rules) -> None:
    late_ms = 10 * DELAY_MS
    async with serving(Server()) as server, kept(rules, server, late_ms) as room:
        rules.targets.deregister(room.one, "127.0.0.1", server.port, room.clock.now_ms())
        begun_ms = room.clock.now_ms()
        room.keeper.wake()
        await until(lambda: room.said("drain-ended"))
        assert DELAY_MS <= room.clock.now_ms() - begun_ms < late_ms
        assert room.released == [TargetState.UNUSED], "cut after it was unused"
        assert not room.one.departed


async def a_target_registered_again_while_it_drains_stays(rules: Rules) -> None:
    async with serving(Server()) as server, kept(rules, server) as room:
        key = ("127.0.0.1", server.port)
        rules.targets.deregister(room.one, *key, room.clock.now_ms())
        room.keeper.wake()
        await until(lambda: room.said("target-health")[-1]["state"] is TargetState.DRAINING)
        rules.targets.register(room.one, *key, "a", room.clock.now_ms())
        room.keeper.wake()
        await until(lambda: room.one.targets[key].state is TargetState.HEALTHY)
        assert not room.said("drain-ended")


async def an_answer_of_another_status_fails_and_is_named(rules: Rules) -> None:
    server = Server()
    server.status = 302
    async with serving(server):
        found = await _probe(rules, server.port, "200-299")
    assert not found.passed
    assert found.description == "Health checks failed with these codes: [302]"


async def every_status_of_the_matcher_passes(rules: Rules) -> None:
    server = Server()
    async with serving(server):
        for server.status in (200, 204, 299):
            assert (await _probe(rules, server.port, "200-204,299")).passed, server.status


async def silence_is_a_timeout_and_refusal_is_not(rules: Rules) -> None:
    server = Server()
    server.silent = True
    async with serving(server):
        assert (await _probe(rules, server.port)).reason == "Target.Timeout"
    assert (await _probe(rules, free_port())).reason == "Target.FailedHealthChecks"


async def _probe(rules: Rules, port: int, matcher: str = "200") -> Any:
    codes = rules.checker.parse_matcher(matcher)
    return await rules.checker.probe(rules.checker.Check("127.0.0.1", port, "/healthz", codes, 60))


async def what_no_rule_lets_through_times_out_and_is_never_asked(rules: Rules) -> None:
    """As soon as a rule is there, the next check arrives."""
    server = Server()
    async with serving(server), kept(rules, server, opened=False) as room:
        await until(lambda: room.target.state is TargetState.UNHEALTHY)
        assert room.target.reason == "Target.Timeout"
        assert not server.heads
        room.open = True
        await until(lambda: room.target.state is TargetState.HEALTHY)


SITUATIONS: tuple[Callable[[Rules], Awaitable[None]], ...] = (
    first_check_comes_at_once,
    checks_come_every_interval_however_slow_the_answers,
    drains_for_exactly_the_delay_and_is_checked_no_more,
    takes_the_last_requests_away_before_the_target_is_unused,
    the_delay_is_exact_though_nodes_hear_later,
    a_target_registered_again_while_it_drains_stays,
    an_answer_of_another_status_fails_and_is_named,
    every_status_of_the_matcher_passes,
    silence_is_a_timeout_and_refusal_is_not,
    what_no_rule_lets_through_times_out_and_is_never_asked,
)

"""The ELB controller with a real Envoy: health, draining, recovery."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import anyio
import httpx
import pytest

from infra.local.balancing.targets import deregister
from infra.local.scheduler.model import TargetState
from infra.local.store import Target
from tests.balancing import records
from tests.balancing.server import Server, serving
from tests.balancing.stage import Stage, staged, until

pytestmark = [pytest.mark.anyio, pytest.mark.runtime]

SCALE = 20.0


class Web:
    """A load balancer that forwards everything to one group."""

    def __init__(self, directory: Path, **group: Any) -> None:
        self.store = records.store()
        self.group = records.group(self.store, **group)
        self.balancer = records.balancer(self.store)
        records.listener(self.store, self.balancer, records.forward(self.group))
        self.directory = directory

    @asynccontextmanager
    async def running(self, *servers: Server, propagation_ms: int = 0) -> AsyncIterator[Stage]:
        """With all servers registered and in Envoy's endpoints."""
        async with staged(self.store, self.directory, SCALE, propagation_ms) as stage:
            targets = [stage.register(self.group, server) for server in servers]
            await stage.ready(self.balancer)
            await until(lambda: all(t.state is not TargetState.INITIAL for t in targets))
            await until(lambda: all(self.pushed(stage, s) for s in servers))
            yield stage

    def pushed(self, stage: Stage, server: Server) -> bool:
        last = stage.said("envoy-push")[-1]["endpoints"]
        assert isinstance(last, dict)
        return f"127.0.0.1:{server.port}" in last[self.group.name]

    def drain(self, stage: Stage, server: Server) -> Target:
        target = self.group.targets["127.0.0.1", server.port]
        assert deregister(self.group, "127.0.0.1", server.port, stage.clock.now_ms())
        stage.balancers.group_changed(self.group.arn)
        return target


async def load(stage: Stage, count: int, workers: int = 8) -> list[str]:
    """A closed loop of requests; what failed, if anything."""
    failures: list[str] = []

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.ports[80])
        for _ in range(count // workers):
            writer.write(b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length
            await reader.readexactly(int(length[1]))
            if not head.startswith(b"HTTP/1.1 200"):
                failures.append(head.decode())
        writer.close()

    async with anyio.create_task_group() as tasks:
        for _ in range(workers):
            tasks.start_soon(work)
    return failures


async def test_removal_and_return_under_load_fail_no_request(tmp_path: Path) -> None:
    web = Web(tmp_path, attributes={"deregistration_delay.timeout_seconds": "2"})
    async with (
        serving(Server("one")) as one,
        serving(Server("two")) as two,
        web.running(one, two) as stage,
    ):
        failures: list[str] = []
        returned = False

        async def request() -> None:
            while not returned:
                failures.extend(await load(stage, 400))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(request)
            await until(lambda: one.seen("/fast") > 50)
            web.drain(stage, one)
            await until(lambda: stage.said("drain-ended"))
            at_end = one.seen("/fast")
            stage.register(web.group, one)
            await until(lambda: one.seen("/fast") > at_end)
            returned = True
        assert failures == []
        assert stage.said("drain-ended")[0]["cut"] == 0


async def test_draining_target_stays_for_the_whole_delay_and_gets_nothing(tmp_path: Path) -> None:
    web = Web(tmp_path, attributes={"deregistration_delay.timeout_seconds": "10"})
    async with (
        serving(Server("one")) as one,
        serving(Server("two")) as two,
        web.running(one, two) as stage,
    ):
        target = web.drain(stage, one)
        await until(lambda: not web.pushed(stage, one))
        begun_ms, before = target.since_ms, one.seen("/fast")
        assert await load(stage, 40) == []
        assert (target.state, one.seen("/fast")) == (TargetState.DRAINING, before)
        await until(lambda: not any(t is target for t in web.group.targets.values()))
        took_ms = stage.clock.now_ms() - begun_ms
        assert 500 <= took_ms < 900
        assert (target.state, target.reason) == (TargetState.UNUSED, "Target.NotRegistered")
        assert stage.changes[-1] == web.group.arn


async def test_requests_in_flight_at_the_end_of_the_delay_are_cut(tmp_path: Path) -> None:
    web = Web(tmp_path, attributes={"deregistration_delay.timeout_seconds": "4"})
    outcomes: dict[str, str] = {}
    async with serving(Server("one")) as one, web.running(one) as stage:

        async def ask(path: str) -> None:
            try:
                answer = await stage.client.get(stage.url(path))
                outcomes[path] = f"{answer.status_code} {answer.headers.get('server')}"
            except httpx.RemoteProtocolError:
                outcomes[path] = "truncated"

        async with anyio.create_task_group() as tasks:
            for path in ("/slow?3000", "/stream?3000", "/slow?50"):
                tasks.start_soon(ask, path)
            await until(lambda: one.seen("/s") == 3)
            web.drain(stage, one)
            await until(lambda: stage.said("drain-ended"))
            await until(lambda: len(outcomes) == 3, limit_s=1)
        assert outcomes == {
            "/slow?50": "200 None",
            "/slow?3000": "502 awselb/2.0",
            "/stream?3000": "truncated",
        }
        assert stage.said("drain-ended")[0]["cut"] == 2
        await until(lambda: len(list(stage.balancers.access_log("web", 0))) == 3)
        lines = {x["path"]: x for x in stage.balancers.access_log("web", 0)}
        cut = lines["/slow?3000"]
        assert (cut["status"], cut["flags"]) == (502, "UC")
        assert cut["upstream"] == f"127.0.0.1:{one.port}"
        assert "connection_termination" in cut["details"]


async def test_nodes_that_have_not_heard_go_on_sending(tmp_path: Path) -> None:
    web = Web(tmp_path)
    async with (
        serving(Server("one")) as one,
        serving(Server("two")) as two,
        web.running(one, two, propagation_ms=300) as stage,
    ):
        target = web.drain(stage, one)
        before = one.seen("/fast")
        assert await load(stage, 40) == []
        assert one.seen("/fast") > before
        await until(lambda: not web.pushed(stage, one))
        assert stage.clock.now_ms() - target.since_ms >= 300


async def test_targets_that_drain_one_right_after_the_other_all_leave(tmp_path: Path) -> None:
    """The second one's time comes while the push without the first is under way."""
    web = Web(tmp_path)
    async with (
        serving(Server("one")) as one,
        serving(Server("two")) as two,
        serving(Server("three")) as three,
        web.running(one, two, three, propagation_ms=40) as stage,
    ):
        for gap_ms in range(8):
            web.drain(stage, one)
            await anyio.sleep(gap_ms / 1000)
            web.drain(stage, two)
            await until(
                lambda: not web.pushed(stage, one) and not web.pushed(stage, two), limit_s=1
            )
            for server in (one, two):
                stage.register(web.group, server)
            await until(lambda: web.pushed(stage, one) and web.pushed(stage, two))


async def test_nodes_that_have_not_heard_go_on_even_when_the_delay_is_over(tmp_path: Path) -> None:
    web = Web(tmp_path, attributes={"deregistration_delay.timeout_seconds": "0"})
    async with (
        serving(Server("one")) as one,
        serving(Server("two")) as two,
        web.running(one, two, propagation_ms=400) as stage,
    ):
        target = web.drain(stage, one)
        await until(lambda: target.state is TargetState.UNUSED)
        assert ("127.0.0.1", one.port) not in web.group.targets
        before = one.seen("/fast")
        assert await load(stage, 40) == []
        assert one.seen("/fast") > before
        await until(lambda: not web.pushed(stage, one))
        before = one.seen("/fast")
        assert await load(stage, 40) == []
        assert one.seen("/fast") == before


async def test_unhealthy_target_gets_nothing_until_all_are_unhealthy(tmp_path: Path) -> None:
    web = Web(tmp_path)
    async with (
        serving(Server("one")) as one,
        serving(Server("two")) as two,
        web.running(one, two) as stage,
    ):
        one.status = 503
        target = web.group.targets["127.0.0.1", one.port]
        await until(lambda: target.state is TargetState.UNHEALTHY)
        await until(lambda: not web.pushed(stage, one))
        assert target.reason == "Target.ResponseCodeMismatch"
        two.status = 500
        await until(lambda: web.pushed(stage, one))
        assert (await stage.client.get(stage.url())).status_code == 200, "fail open"
        one.status = 200
        await until(lambda: target.state is TargetState.HEALTHY)
        await until(lambda: not web.pushed(stage, two))


async def test_killed_envoy_is_back_within_a_second(tmp_path: Path) -> None:
    web = Web(tmp_path)
    async with serving(Server("one")) as one, web.running(one) as stage:
        await stage.client.get(stage.url())
        (child,) = stage.launcher.children
        killed_ms = stage.clock.now_ms()
        os.kill(child.pid, SIGKILL)
        await child.wait()
        await until(lambda: len(stage.said("envoy-started")) == 2)
        async with httpx.AsyncClient() as client:
            assert (await client.get(stage.url())).status_code == 200
        assert stage.clock.now_ms() - killed_ms < 1000
        assert stage.said("envoy-ended") == [{"name": "web", "code": 137}]
        web.drain(stage, one)
        await until(lambda: not web.pushed(stage, one))


async def test_envoy_that_dies_again_and_again_is_given_up_loudly(tmp_path: Path) -> None:
    web = Web(tmp_path)
    async with web.running() as stage:
        for started in range(1, 7):
            await stage.until_said("envoy-started", started)
            os.kill(stage.launcher.children[-1].pid, SIGKILL)
            await stage.launcher.children[-1].wait()
        await until(lambda: stage.said("load-balancer-failed"))
        assert "died 6 times in a minute" in str(stage.said("load-balancer-failed")[0]["why"])
        assert web.balancer.state == "failed"


async def test_deleting_the_load_balancer_ends_its_envoy_and_frees_the_name(
    tmp_path: Path,
) -> None:
    web = Web(tmp_path)
    async with serving(Server("one")) as one, web.running(one) as stage:
        (child,) = stage.launcher.children
        del web.store.balancers[web.balancer.arn]
        stage.balancers.balancer_changed(web.balancer.arn)
        with anyio.fail_after(5):
            assert await child.wait() == 0
        target = web.group.targets["127.0.0.1", one.port]
        await until(lambda: target.reason == "Target.NotInUse")
        pushes = len(stage.said("envoy-push"))
        again = records.balancer(web.store)
        stage.balancers.balancer_changed(again.arn)
        await until(lambda: target.state is TargetState.HEALTHY)
        await until(lambda: len(stage.said("envoy-push")) > pushes and web.pushed(stage, one))
        assert (await stage.client.get(stage.url())).status_code == 200


async def test_group_that_no_rule_names_is_unused(tmp_path: Path) -> None:
    web = Web(tmp_path)
    lonely = records.group(web.store, "lonely")
    async with serving(Server("one")) as one, web.running() as stage:
        target = stage.register(lonely, one)
        await until(lambda: target.state is TargetState.UNUSED)
        assert (target.reason, one.heads) == ("Target.NotInUse", [])
        listener = next(iter(web.store.listeners.values()))
        listener.rules[0].actions = records.forward(lonely)
        stage.balancers.balancer_changed(web.balancer.arn)
        await until(lambda: target.state is TargetState.HEALTHY)


async def test_target_in_a_zone_that_is_not_enabled_is_unused(tmp_path: Path) -> None:
    web = Web(tmp_path)
    async with serving(Server("one")) as one, web.running() as stage:
        target = stage.register(web.group, one, zone="c")
        await until(lambda: target.state is TargetState.UNUSED)
        assert "Availability Zone" in str(target.description)


async def test_taken_port_fails_the_load_balancer_until_it_is_free(tmp_path: Path) -> None:
    web = Web(tmp_path)
    async with staged(web.store, tmp_path) as stage:
        async with serving(Server("stranger"), port=stage.ports[80]):
            await stage.ready(web.balancer)
            await until(lambda: web.balancer.state == "failed")
            why = str(stage.said("load-balancer-failed")[0]["why"])
            assert f"127.0.0.1:{stage.ports[80]} is already in use" in why
        stage.balancers.balancer_changed(web.balancer.arn)
        await until(lambda: stage.said("load-balancer-recovered"))
        assert (await stage.client.get(stage.url())).status_code == 503


async def test_slow_answers_do_not_shift_the_checks(tmp_path: Path) -> None:
    web = Web(tmp_path, interval=5, health_check_path="/slow?60")
    async with serving(Server("one")) as one, web.running(one) as stage:
        begun_ms, before = stage.clock.now_ms(), one.seen("/slow")
        await until(lambda: one.seen("/slow") == before + 4)
        assert stage.clock.now_ms() - begun_ms < 4 * 250 + 150

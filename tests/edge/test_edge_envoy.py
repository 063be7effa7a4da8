"""Envoys at the edge: a plane is killed, the next one takes them over. With real Envoys."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import pytest
from anyio.abc import TaskGroup

from infra.local.balancing.accesslog import read
from infra.local.balancing.targets import deregister
from infra.local.clock import SteadyClock
from infra.local.edge.remote import RemoteEdge
from infra.local.store import Store, Target
from tests.balancing.records import fixed, free_port
from tests.balancing.server import Server, serving
from tests.balancing.stage import until
from tests.edge.planelet import balancers, stored
from tests.edge.process import EdgeProcess, edge_process, runs

pytestmark = [pytest.mark.anyio, pytest.mark.runtime]

LIMIT_S = 20


@dataclass
class Stage:
    """An edge whose Envoy serves `port` from `target`, told so by a plane that was then killed."""

    edge: EdgeProcess
    folder: Path
    port: int
    target: Server
    pid: int
    statuses: list[int] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)

    def url(self, where: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{where}"

    def said(self, prefix: str) -> list[str]:
        return [kind for kind in self.journal if kind.startswith(prefix)]

    async def ask_on(self) -> None:
        """Ask without pause, on a connection and anew."""
        async with httpx.AsyncClient(timeout=10) as kept:
            while True:
                self.statuses.append((await kept.get(self.url())).status_code)
                async with httpx.AsyncClient(timeout=10) as fresh:
                    self.statuses.append((await fresh.get(self.url())).status_code)

    async def more(self, count: int = 30) -> None:
        goal = len(self.statuses) + count
        await until(lambda: len(self.statuses) >= goal)

    async def next_plane(self, tasks: TaskGroup, store: Store, edge: RemoteEdge) -> None:
        await tasks.start(balancers(store, edge, self.folder, self.port, self.journal).run)
        await until(lambda: "envoy-push" in self.journal)


@asynccontextmanager
async def bereft(folder: Path) -> AsyncIterator[Stage]:
    """A stage, right after the kill -9 of the plane that made it."""
    port = free_port()
    async with serving(Server()) as target, edge_process(folder) as edge:
        words = [str(edge.socket), str(folder), str(port), str(target.port)]
        command = [sys.executable, "-m", "tests.edge.planelet", *words]
        plane = await anyio.open_process(command, stdin=None, stderr=None)
        try:
            assert plane.stdout is not None
            with anyio.fail_after(LIMIT_S):
                assert (await plane.stdout.receive()).startswith(b"ready")
        finally:
            plane.kill()
            await plane.wait()
            await plane.aclose()
        found = await edge.edge.find("web")
        assert found is not None
        yield Stage(edge, folder, port, target, found.process.pid)


def known(store: Store, target: Server) -> Target:
    (group,) = store.groups.values()
    return group.targets["127.0.0.1", target.port]


async def test_the_next_plane_takes_the_envoy_over_and_no_request_fails(tmp_path: Path) -> None:
    async with bereft(tmp_path) as stage, anyio.create_task_group() as tasks:
        tasks.start_soon(stage.ask_on)
        await stage.more()  # while no plane runs
        store = stored(stage.target.port)
        healthy = known(store, stage.target)
        healthy.state, healthy.reason, healthy.description = healthy.state.HEALTHY, None, None
        await stage.next_plane(tasks, store, stage.edge.edge)
        assert stage.said("envoy") == ["envoy-adopted", "envoy-push"]
        await stage.more()
        log = stage.folder / "alb/web/access.jsonl"
        await until(lambda: sum(1 for _ in read(log, 0)) >= 60)
        assert set(stage.statuses) == {200}
        assert runs(stage.pid)
        tasks.cancel_scope.cancel()
    await until(lambda: not runs(stage.pid))  # a plane that is stopped leaves none


async def test_the_next_plane_changes_what_the_envoy_does(tmp_path: Path) -> None:
    async with bereft(tmp_path) as stage, anyio.create_task_group() as tasks:
        store = stored(stage.target.port)
        (listener,) = store.listeners.values()
        listener.rules[0].actions = fixed(418)
        await stage.next_plane(tasks, store, stage.edge.edge)
        async with httpx.AsyncClient() as client:
            assert (await client.get(stage.url())).status_code == 418
        assert (await stage.edge.edge.find("web")) is not None
        assert "load-balancer-failed" not in stage.journal
        assert list((stage.folder / "alb/web").glob("eds-*.json")) == []  # nothing names it now
        tasks.cancel_scope.cancel()


async def test_an_envoy_started_otherwise_is_replaced(tmp_path: Path) -> None:
    async with bereft(tmp_path) as stage, anyio.create_task_group() as tasks:
        (stage.folder / "alb/web/bootstrap.json").write_text("{}")  # as another version wrote it
        await stage.next_plane(tasks, stored(stage.target.port), stage.edge.edge)
        assert stage.said("envoy") == ["envoy-replaced", "envoy-started", "envoy-push"]
        assert not runs(stage.pid)
        tasks.cancel_scope.cancel()


async def test_an_envoy_killed_while_no_plane_ran_is_started(tmp_path: Path) -> None:
    async with bereft(tmp_path) as stage, anyio.create_task_group() as tasks:
        os.kill(stage.pid, signal.SIGKILL)
        await until(lambda: not runs(stage.pid))
        await stage.next_plane(tasks, stored(stage.target.port), stage.edge.edge)
        assert stage.said("envoy")[-2:] == ["envoy-started", "envoy-push"]
        async with httpx.AsyncClient() as client:
            assert (await client.get(stage.url())).status_code == 200
        tasks.cancel_scope.cancel()


async def test_an_edge_killed_under_a_plane_is_waited_for(tmp_path: Path) -> None:
    async with bereft(tmp_path) as stage, anyio.create_task_group() as tasks:
        await stage.next_plane(tasks, stored(stage.target.port), stage.edge.edge)
        await stage.edge.end(signal.SIGKILL)
        async with edge_process(tmp_path):
            await until(lambda: "envoy-started" in stage.journal, LIMIT_S)
            async with httpx.AsyncClient() as client:
                assert (await client.get(stage.url())).status_code == 200
            tasks.cancel_scope.cancel()


async def test_a_drain_that_ended_while_no_plane_ran_cuts_what_is_in_flight(
    tmp_path: Path,
) -> None:
    async with bereft(tmp_path) as stage, anyio.create_task_group() as tasks:
        statuses: list[int] = []

        async def ask_long() -> None:
            async with httpx.AsyncClient(timeout=20) as client:
                statuses.append((await client.get(stage.url("/slow?15000"))).status_code)

        tasks.start_soon(ask_long)
        await until(lambda: stage.target.seen("/slow"))
        store = stored(stage.target.port)
        (group,) = store.groups.values()
        deregister(group, "127.0.0.1", stage.target.port, SteadyClock().now_ms() - 600_000)
        await stage.next_plane(tasks, store, stage.edge.edge)
        await until(lambda: group.targets == {})
        await until(lambda: statuses == [502])
        tasks.cancel_scope.cancel()


async def test_another_plane_cannot_have_a_listener_that_a_stranger_has(tmp_path: Path) -> None:
    """The ports of the Envoy that is taken over are its own; others are asked for."""
    async with bereft(tmp_path) as stage, anyio.create_task_group() as tasks:
        store = stored(stage.target.port)
        (listener,) = store.listeners.values()
        extra = type(listener)(
            "arn:listener/web/81", listener.load_balancer, 81, "HTTP", listener.rules
        )
        store.listeners[extra.arn] = extra
        parts = balancers(store, stage.edge.edge, stage.folder, stage.port, stage.journal)
        parts._ports = {80: stage.port, 81: stage.target.port}
        await tasks.start(parts.run)
        await until(lambda: "load-balancer-failed" in stage.journal)
        async with httpx.AsyncClient() as client:
            assert (await client.get(stage.url())).status_code == 200
        tasks.cancel_scope.cancel()

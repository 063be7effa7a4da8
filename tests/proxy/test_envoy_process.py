"""A real Envoy, started, fed and cut."""

import os
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from infra.local.balancing.accesslog import read, rotate
from infra.local.clock import SteadyClock
from infra.local.edge.local import LocalEdge
from infra.local.proxy.binary import find_envoy
from infra.local.proxy.configs.bootstrap import bootstrap
from infra.local.proxy.configs.snapshot import snapshot
from infra.local.proxy.cut import cut, in_flight
from infra.local.proxy.envoy import EnvoyProcess
from infra.local.proxy.errors import EnvoyMissingError, EnvoyRejectedError, EnvoyStartError
from infra.local.proxy.files import write_atomically
from infra.local.proxy.model import (
    Algorithm,
    Balancer,
    Cluster,
    Endpoint,
    FixedResponse,
    Forward,
    Listener,
    Places,
    Rule,
)
from tests.balancing.launch import child_launcher
from tests.balancing.records import free_port
from tests.balancing.server import Server, serving
from tests.balancing.stage import until

runtime = [pytest.mark.anyio, pytest.mark.runtime]


def places(directory: Path) -> Places:
    return Places(directory, directory / "admin.sock")


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[tuple[EnvoyProcess, list[str]]]:
    events: list[str] = []

    def report(kind: str, facts: Mapping[str, object]) -> None:
        events.append(kind)

    async with child_launcher() as launcher, anyio.create_task_group() as tasks:
        envoy = EnvoyProcess("web", places(directory), LocalEdge(launcher), SteadyClock(), report)
        await tasks.start(envoy.run)
        yield envoy, events
        tasks.cancel_scope.cancel()


def cluster(name: str, *endpoints: Endpoint, **changes: Any) -> Cluster:
    given: dict[str, Any] = {"idle_timeout_ms": 60_000, "connect_timeout_ms": 300}
    return Cluster(name, endpoints, **given | changes)


def web(port: int, *clusters: Cluster, address: str = "127.0.0.1") -> Balancer:
    shares = tuple((c.name, 1) for c in clusters)
    action = Forward(shares) if clusters else FixedResponse(200, body="alone")
    one = Listener(80, port, address, (Rule((), action),))
    return Balancer("web", (one,), clusters, idle_timeout_ms=60_000, keep_alive_ms=60_000)


@pytest.mark.runtime
def test_generated_bootstrap_is_valid(tmp_path: Path) -> None:
    where = places(tmp_path)
    write_atomically(where.bootstrap, bootstrap("web", where))
    for path in (where.listeners, where.clusters):
        write_atomically(path, {"resources": []})
    command = [str(find_envoy({})), "--mode", "validate", "-c", str(where.bootstrap)]
    done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()


class TestEnvoy:
    pytestmark = runtime

    async def test_is_ready_private_and_leaves_nothing(self, tmp_path: Path) -> None:
        async with running(tmp_path) as (envoy, events):
            assert events == ["envoy-started"]
            mode = (tmp_path / "admin.sock").stat().st_mode
            assert stat.S_IMODE(mode) == 0o600
            pid = envoy.pid
            assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        assert "admin.sock" not in os.listdir(tmp_path)

    async def test_takes_every_kind_of_cluster(self, tmp_path: Path) -> None:
        kinds = (
            cluster("slow", slow_start_ms=3_000),
            cluster("least", algorithm=Algorithm.LEAST_OUTSTANDING_REQUESTS),
            cluster("random", algorithm=Algorithm.WEIGHTED_RANDOM, tls=True),
        )
        async with running(tmp_path) as (envoy, _):
            await envoy.push(snapshot(web(free_port(), *kinds), places(tmp_path)))

    async def test_clusters_leave_after_their_routes(self, tmp_path: Path) -> None:
        port = free_port()
        async with serving(Server("one")) as one, running(tmp_path) as (envoy, _):
            old = cluster("old", Endpoint("127.0.0.1", one.port, "a"))
            new = replace(old, name="new")
            failures: list[int] = []

            async def ask(client: httpx.AsyncClient) -> None:
                while True:
                    answer = await client.get(f"http://127.0.0.1:{port}/")
                    if answer.status_code != 200:
                        failures.append(answer.status_code)

            await envoy.push(snapshot(web(port, old), places(tmp_path)))
            async with httpx.AsyncClient() as client, anyio.create_task_group() as tasks:
                tasks.start_soon(ask, client)
                for turn in (new, old, new):
                    await envoy.push(snapshot(web(port, turn), places(tmp_path)))
                    seen = len(one.heads)
                    await until(lambda n=seen: len(one.heads) > n + 5)  # type: ignore[misc]  # bound n
                tasks.cancel_scope.cancel()
            assert failures == []
            assert not (tmp_path / "eds-old.json").exists()

    async def test_refusal_is_told_in_envoys_own_words(self, tmp_path: Path) -> None:
        async with running(tmp_path) as (envoy, _):
            with socket.socket() as stranger:
                stranger.bind(("127.0.0.1", 0))
                stranger.listen()
                port = stranger.getsockname()[1]
                wanted = snapshot(web(port), places(tmp_path))
                with pytest.raises(EnvoyRejectedError, match="Address already in use"):
                    await envoy.push(wanted)
            other = free_port()
            await envoy.push(snapshot(web(other), places(tmp_path)))
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"http://127.0.0.1:{other}/")).text == "alone"

    async def test_connection_not_made_in_time_is_504_and_refused_is_502(
        self, tmp_path: Path
    ) -> None:
        port = free_port()
        with socket.socket() as full:  # a backlog of one that nobody empties
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            late = Endpoint("127.0.0.1", full.getsockname()[1], "a")
            fillers = [socket.socket() for _ in range(3)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            async with running(tmp_path) as (envoy, _), httpx.AsyncClient() as client:
                url = f"http://127.0.0.1:{port}/"
                await envoy.push(snapshot(web(port, cluster("late", late)), places(tmp_path)))
                assert (await client.get(url)).status_code == 504
                nobody = Endpoint("127.0.0.1", free_port(), "a")
                await envoy.push(snapshot(web(port, cluster("late", nobody)), places(tmp_path)))
                answer = await client.get(url)
                assert (answer.status_code, answer.headers["server"]) == (502, "awselb/2.0")
            for filler in fillers:
                filler.close()

    async def test_refused_files_are_written_again(self, tmp_path: Path) -> None:
        async with running(tmp_path) as (envoy, _):
            with socket.socket() as stranger:
                stranger.bind(("127.0.0.1", 0))
                stranger.listen()
                port = stranger.getsockname()[1]
                wanted = snapshot(web(port), places(tmp_path))
                with pytest.raises(EnvoyRejectedError):
                    await envoy.push(wanted)
            await envoy.push(wanted)

    async def test_access_log_is_rotated(self, tmp_path: Path) -> None:
        port = free_port()
        log = places(tmp_path).access_log
        async with running(tmp_path) as (envoy, _), httpx.AsyncClient() as client:
            await envoy.push(snapshot(web(port), places(tmp_path)))
            for number in range(2):
                await client.get(f"http://127.0.0.1:{port}/{number}")
                await until(lambda: [x["path"] for x in read(log, 0)][-1:] == [f"/{number}"])  # noqa: B023
                assert rotate(log, limit_bytes=1)
                await envoy.reopen_logs()
            await client.get(f"http://127.0.0.1:{port}/2")
            await until(lambda: [x["path"] for x in read(log, 0)] == ["/1", "/2"])

    async def test_cut_counts_and_ends_what_is_in_flight(self, tmp_path: Path) -> None:
        port = free_port()
        async with serving(Server()) as one, running(tmp_path) as (envoy, _):
            target = cluster("one", Endpoint("127.0.0.1", one.port, "a"))
            await envoy.push(snapshot(web(port, target), places(tmp_path)))
            codes: list[int] = []

            async def ask() -> None:
                async with httpx.AsyncClient() as client:
                    answer = await client.get(f"http://127.0.0.1:{port}/slow?4000")
                    codes.append(answer.status_code)

            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(ask)
                await until(lambda: one.seen("/slow") == 3)
                assert envoy.pid is not None
                assert in_flight(envoy.pid, "127.0.0.1", one.port) == 3
                assert in_flight(envoy.pid, "127.0.0.1", one.port + 1) == 0
                assert cut(envoy.pid, "127.0.0.1", one.port) == 3
            assert codes == [502, 502, 502]
            await until(lambda: in_flight(envoy.pid or 0, "127.0.0.1", one.port) == 0)


def test_cut_of_an_ended_process_says_so() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    with pytest.raises(ProcessLookupError):
        cut(child.pid, "127.0.0.1", 1)


@pytest.mark.anyio
async def test_socket_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    where = places(tmp_path / ("x" * 120))
    async with child_launcher() as launcher:
        with pytest.raises(EnvoyStartError, match="shorter state directory"):
            EnvoyProcess("web", where, LocalEdge(launcher), SteadyClock(), lambda kind, facts: None)


def test_envoy_comes_from_the_package_or_the_environment(tmp_path: Path) -> None:
    assert find_envoy({}).name == "envoy"
    own = tmp_path / "my-envoy"
    own.write_text("#!/bin/sh\n")
    with pytest.raises(EnvoyMissingError, match="not an executable"):
        find_envoy({"REHEARSE_ENVOY": str(own)})
    os.chmod(own, 0o755)
    assert find_envoy({"REHEARSE_ENVOY": str(own)}) == own


@pytest.mark.anyio
@pytest.mark.runtime
async def test_envoy_that_cannot_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "my-envoy"
    own.write_text("#!/bin/sh\necho 'no such luck' >&2\nexit 3\n")
    own.chmod(0o755)
    monkeypatch.setenv("REHEARSE_ENVOY", str(own))
    with pytest.raises(ExceptionGroup) as raised:
        async with running(tmp_path):
            pass
    assert raised.group_contains(EnvoyStartError, match=r"exited with 3.*no such luck")

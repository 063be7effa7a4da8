"""Tasks as processes, seen as the plane sees them."""

import asyncio
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from signal import Signals

import pytest

from infra.local.runtime import logs
from infra.local.runtime.addresses import AddressPool, OutOfAddressesError, take_pool
from infra.local.runtime.images import Catalogue, Image
from infra.local.runtime.launch import launch_plain
from infra.local.runtime.process import ProcessRuntime
from infra.local.runtime.protocol import (
    CannotPullContainerError,
    CannotStartContainerError,
    ContainerSpec,
    Exit,
    Launcher,
    Network,
    Runtime,
)

Until = Callable[[Callable[[], object]], Awaitable[None]]

pytestmark = [pytest.mark.runtime, pytest.mark.anyio]

ZONE = "eu-central-1a"
SERVER = """
import http.server, os
server = http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])),
                                http.server.SimpleHTTPRequestHandler)
print("ready", flush=True)
server.serve_forever()
"""
RESOLVE = """
import asyncio, json, socket, uvloop
async def ask():
    return (await asyncio.get_running_loop().getaddrinfo("order-api", 8080))[0][4][0]
print(json.dumps([socket.gethostbyname("order-api"), uvloop.run(ask())]))
"""
CATALOGUE = Catalogue(
    {
        "app": Image(
            "app",
            ("1",),
            ("{python}", "-c", SERVER),
            ("DRAIN_SECONDS",),
            {"HOST": "{ip}", "PORT": "{port}", "DATA": "{data}"},
        )
    }
)


@pytest.fixture
def pool() -> Iterator[AddressPool]:
    pool = take_pool([ZONE])
    yield pool
    pool.close()


@pytest.fixture
async def runtime(
    isolated: bool, pool: AddressPool, tmp_path: Path
) -> AsyncIterator[ProcessRuntime]:
    runtime = ProcessRuntime(CATALOGUE, pool, tmp_path / "state", scale=10, isolated=isolated)
    yield runtime
    await runtime.close()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def container(
    log: Path,
    *command: str,
    name: str = "app",
    port: int = 8080,
    proxy: str | None = None,
    environment: dict[str, str] | None = None,
) -> ContainerSpec:
    return ContainerSpec(
        name, "app:1", log, command or None, None, environment or {}, (), port, proxy
    )


async def provisioned(runtime: ProcessRuntime, task: str, *aliases: str) -> Network:
    return await runtime.provision(task, ZONE, ingress=(), egress=[(name, 80) for name in aliases])


async def output(runtime: ProcessRuntime, task: str, log: Path) -> str:
    """What the container has written when it has exited with 0."""
    process = runtime.process(task, "app")
    assert process is not None
    assert await asyncio.wait_for(process.wait(), 10) == 0, logs.read(log)
    return "\n".join(text for _, text in logs.read(log))


async def test_it_is_what_the_plane_expects(runtime: ProcessRuntime) -> None:
    promised: Runtime = runtime
    launcher: Launcher = launch_plain
    assert promised.limits
    assert launcher is launch_plain


async def test_two_tasks_serve_the_same_port_on_their_own_addresses(
    runtime: ProcessRuntime, port: int, tmp_path: Path, until: Until
) -> None:
    addresses = set()
    for task in ("one", "two"):
        network = await provisioned(runtime, task)
        await runtime.start(task, network, container(tmp_path / task, port=port))
        addresses.add(network.address)
    await until(lambda: logs.read(tmp_path / "one") and logs.read(tmp_path / "two"))
    for task in ("one", "two"):
        network = await provisioned(runtime, task)
        _, writer = await asyncio.open_connection(network.address, port)
        writer.close()
        check = f"import socket; socket.create_connection(('localhost', {port}), 1)"
        assert await runtime.probe(task, "app", ["CMD", "python", "-c", check], 5_000)
    assert len(addresses) == 2


async def test_each_end_is_told_once(runtime: ProcessRuntime, tmp_path: Path) -> None:
    told: list[Exit] = []
    runtime.on_exit(told.append)
    for task, command in (("a", "exit 3"), ("b", "sleep 30")):
        network = await provisioned(runtime, task)
        spec = container(tmp_path / task, "sh", "-c", command)
        await runtime.start(task, network, spec)
        await runtime.start(task, network, spec)
    process = runtime.process("a", "app")
    assert process is not None
    await process.wait()
    await runtime.release("a")
    await runtime.release("b")
    await runtime.release("b")
    runtime.signal("b", "app", Signals.SIGTERM)
    assert told == [Exit("a", "app", 3), Exit("b", "app", 137)]


async def test_one_container_of_a_task_may_end_without_the_other(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    network = await provisioned(runtime, "t")
    await runtime.start("t", network, container(tmp_path / "a", "sleep", "30", name="a"))
    await runtime.start("t", network, container(tmp_path / "b", "sleep", "30", name="b"))
    first, second = runtime.process("t", "a"), runtime.process("t", "b")
    assert first is not None
    assert second is not None
    runtime.signal("t", "a", Signals.SIGKILL)
    assert await first.wait() == 137
    assert await second.probe(["true"], 5_000)


@pytest.mark.parametrize("isolated", ["namespaces"], indirect=True)  # else the proxy's business
async def test_a_service_connect_name_resolves_in_the_task(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    network = await provisioned(runtime, "t", "order-api")
    log = tmp_path / "log"
    await runtime.start("t", network, container(log, "python", "-c", RESOLVE))
    alias = network.aliases["order-api"]
    assert json.loads(await output(runtime, "t", log)) == [alias, alias]
    assert alias != network.address


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_curl_reaches_a_service_connect_name(
    runtime: ProcessRuntime, port: int, tmp_path: Path
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        lines = request.decode().splitlines()
        host = next(line for line in lines if line.lower().startswith("host:"))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + host.encode())
        await writer.drain()
        writer.close()

    network = await provisioned(runtime, "t", "order-api")
    alias = network.aliases["order-api"]
    server = await asyncio.start_server(answer, alias, port)
    log = tmp_path / "log"
    spec = container(
        log,
        "curl",
        "-sS",
        f"http://order-api:{port}/orders",
        proxy=f"http://{alias}:{port}",
        environment={"HOME": "/nonexistent"},
    )
    await runtime.start("t", network, spec)
    assert await output(runtime, "t", log) == f"Host: order-api:{port}"
    server.close()
    await server.wait_closed()


async def test_a_proxy_is_set_only_where_names_cannot_be(
    runtime: ProcessRuntime, isolated: bool, tmp_path: Path
) -> None:
    network = await provisioned(runtime, "t", "order-api")
    log = tmp_path / "log"
    spec = container(log, "sh", "-c", "echo ${http_proxy:-none}", proxy="http://127.0.0.1:9")
    await runtime.start("t", network, spec)
    assert await output(runtime, "t", log) == ("none" if isolated else "http://127.0.0.1:9")


async def test_modules_of_this_repository_are_found_anywhere(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    network = await provisioned(runtime, "t")
    log = tmp_path / "log"
    script = "cd /; python -c 'import services, os; print(os.environ[\"DRAIN_SECONDS\"])'"
    spec = container(log, "sh", "-c", script, environment={"DRAIN_SECONDS": "5"})
    await runtime.start("t", network, spec)
    assert await output(runtime, "t", log) == "0.5"


async def test_a_proxied_task_listens_inside(runtime: ProcessRuntime) -> None:
    network = await runtime.provision("t", ZONE, ingress=[8080], egress=[("a", 80), ("b", 80)])
    addresses = {network.address, network.inner_address, *network.aliases.values()}
    assert len(addresses) == 4
    again = await runtime.provision("t", ZONE, ingress=[8080], egress=[("a", 80), ("b", 80)])
    assert again == network


async def test_a_stranger_on_the_port_is_named(runtime: ProcessRuntime, tmp_path: Path) -> None:
    network = await provisioned(runtime, "t")
    with socket.create_server(("0.0.0.0", 0)) as stranger:
        port = stranger.getsockname()[1]
        words = rf"port {port} on {network.address} is taken by pid {os.getpid()} \(.*end it"
        with pytest.raises(CannotStartContainerError, match=words):
            await runtime.start("t", network, container(tmp_path / "log", port=port))
    await runtime.start("t", network, container(tmp_path / "log", "true", port=port))


async def test_a_command_that_does_not_exist_starts_nothing(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    told: list[Exit] = []
    runtime.on_exit(told.append)
    network = await provisioned(runtime, "t")
    with pytest.raises(CannotStartContainerError, match="not found in"):
        await runtime.start("t", network, container(tmp_path / "log", "no-such-program"))
    assert runtime.process("t", "app") is None
    await runtime.release("t")
    assert told == []


async def test_an_unknown_image_cannot_be_pulled(runtime: ProcessRuntime) -> None:
    assert (await runtime.pull("app:1")).startswith("sha256:")
    with pytest.raises(CannotPullContainerError, match="app:2: not found"):
        await runtime.pull("app:2")


async def test_a_probe_of_no_container_is_false_and_of_none_is_true(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    assert not await runtime.probe("t", "app", ["CMD", "true"], 1_000)
    network = await provisioned(runtime, "t")
    await runtime.start("t", network, container(tmp_path / "log", "sleep", "30"))
    assert await runtime.probe("t", "app", ["NONE"], 1_000)
    assert not await runtime.probe("t", "app", ["CMD-SHELL", "exit 1"], 5_000)


async def test_close_leaves_logs_and_nothing_else(
    isolated: bool, port: int, tmp_path: Path, living: Callable[[int], bool]
) -> None:
    pool = take_pool([ZONE], [249])
    runtime = ProcessRuntime(CATALOGUE, pool, tmp_path / "state", isolated=isolated)
    pids = []
    log = tmp_path / "state" / "logs" / "log"
    log.parent.mkdir(parents=True)
    for task in ("one", "two"):
        network = await provisioned(runtime, task, "order-api")
        await runtime.start(task, network, container(log, port=port))
        process = runtime.process(task, "app")
        assert process is not None
        pids += [process.pid, process.launcher_pid]
    began = asyncio.get_running_loop().time()
    await runtime.close()
    assert asyncio.get_running_loop().time() - began < 2
    assert not any(living(pid) for pid in pids)
    assert os.listdir(tmp_path / "state") == ["logs"]
    take_pool([ZONE], [249]).close()


async def test_a_release_during_a_start_ends_it(runtime: ProcessRuntime, tmp_path: Path) -> None:
    network = await provisioned(runtime, "t")
    start = asyncio.ensure_future(
        runtime.start("t", network, container(tmp_path / "log", "sleep", "30"))
    )
    await asyncio.sleep(0)
    process = runtime.process("t", "app")
    assert process is not None
    await runtime.release("t")
    await asyncio.wait([start])
    assert process.ended


async def test_limits_speak_of_namespaces_only_where_they_are_refused(
    runtime: ProcessRuntime, isolated: bool
) -> None:
    assert any("PID 1" in limit for limit in runtime.limits) is not isolated


async def test_two_runtimes_live_together(
    runtime: ProcessRuntime, isolated: bool, port: int, tmp_path: Path
) -> None:
    other = ProcessRuntime(CATALOGUE, take_pool([ZONE]), tmp_path / "other", isolated=isolated)
    for each in (runtime, other):
        network = await provisioned(each, "t")
        await each.start("t", network, container(tmp_path / "log", port=port))
    await other.close()
    assert await runtime.probe("t", "app", ["CMD", "true"], 5_000)


async def test_addresses_of_released_tasks_are_used_again_only_later(
    runtime: ProcessRuntime,
) -> None:
    first = await provisioned(runtime, "a")
    await runtime.release("a")
    second = await provisioned(runtime, "b")
    assert first.address != second.address


async def test_a_failed_provision_keeps_no_address(
    runtime: ProcessRuntime, pool: AddressPool
) -> None:
    with pytest.raises(OutOfAddressesError):
        await runtime.provision("t", ZONE, ingress=(), egress=[(str(n), 80) for n in range(3000)])
    assert pool.take(ZONE)

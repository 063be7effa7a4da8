"""The edge's process: who may ask it, what it runs, how it ends. Real processes."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from infra.local.edge import wire
from infra.local.edge.protocol import EdgeUnreachableError
from infra.local.edge.remote import RemoteEdge, ask
from infra.local.runtime.launch import launch
from infra.local.runtime.namespaces import namespaces_allowed
from infra.local.runtime.protocol import CannotStartContainerError
from tests.balancing.stage import until
from tests.edge.process import (
    COMMAND,
    EdgeProcess,
    children,
    edge_process,
    is_owner_only,
    runs,
)

pytestmark = [pytest.mark.anyio, pytest.mark.runtime]

SLEEP = ("sleep", "60")


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[EdgeProcess]:
    async with edge_process(tmp_path) as process:
        yield process


async def test_only_the_same_user_can_open_the_socket(edge: EdgeProcess) -> None:
    assert is_owner_only(edge.socket)


async def test_a_process_runs_under_its_name_and_its_end_is_told(
    edge: EdgeProcess, tmp_path: Path
) -> None:
    assert await edge.edge.find("web") is None
    process = await edge.edge.launch("web", SLEEP, tmp_path / "log")
    found = await edge.edge.find("web")
    assert found is not None
    assert (found.process.pid, found.command) == (process.pid, SLEEP)
    process.signal(signal.SIGTERM)
    assert await process.wait() == 143
    assert await found.process.wait() == 143
    assert await edge.edge.find("web") is None


async def test_the_same_command_again_is_the_same_process(
    edge: EdgeProcess, tmp_path: Path
) -> None:
    first = await edge.edge.launch("web", SLEEP, tmp_path / "log")
    assert (await edge.edge.launch("web", SLEEP, tmp_path / "log")).pid == first.pid
    with pytest.raises(CannotStartContainerError, match="with another command"):
        await edge.edge.launch("web", ("sleep", "61"), tmp_path / "log")


async def test_what_no_record_names_is_swept(edge: EdgeProcess, tmp_path: Path) -> None:
    kept = await edge.edge.launch("kept", SLEEP, tmp_path / "log")
    stray = await edge.edge.launch("stray", SLEEP, tmp_path / "log")
    await edge.edge.sweep({"kept"})
    assert (runs(kept.pid), runs(stray.pid)) == (True, False)


async def test_a_command_that_does_not_start_says_why(edge: EdgeProcess, tmp_path: Path) -> None:
    with pytest.raises(CannotStartContainerError, match="no-such-program"):
        await edge.edge.launch("web", ("no-such-program",), tmp_path / "log")
    assert await edge.edge.find("web") is None


async def test_says_whether_a_port_is_free(edge: EdgeProcess) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        assert "already in use" in (await edge.edge.why_taken("127.0.0.1", port) or "")
    assert await edge.edge.why_taken("127.0.0.1", port) is None


async def test_only_its_own_processes_are_cut(edge: EdgeProcess) -> None:
    with pytest.raises(ProcessLookupError, match="no Envoy with pid"):
        await edge.edge.cut(edge.popen.pid, "127.0.0.1", 1)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"not json\n", "Expecting value"),
        (b'{"do": "explode"}\n', "none of check, find, sweep"),
        (b'{"do": "find"}\n', "lacks 'name'"),
        (b"[1]\n", "not a message"),
    ],
)
async def test_what_it_does_not_understand_is_refused(
    edge: EdgeProcess, line: bytes, why: str
) -> None:
    reader, writer = await asyncio.open_unix_connection(str(edge.socket))
    writer.write(line)
    answer = json.loads(await reader.readline())
    writer.close()
    assert answer["refused"] == "wrong"
    assert why in answer["why"]


async def test_a_line_without_end_does_not_fill_its_memory(edge: EdgeProcess) -> None:
    reader, writer = await asyncio.open_unix_connection(str(edge.socket))
    writer.write(b"x" * (2 * wire.LINE_BYTES_MAX))
    with suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    assert await edge.answers()


async def test_sigterm_ends_what_it_runs_and_exits_0(edge: EdgeProcess, tmp_path: Path) -> None:
    stubborn = (sys.executable, "-c", "import signal; signal.signal(15, 1); signal.pause()")
    first = await edge.edge.launch("web", SLEEP, tmp_path / "log")
    second = await edge.edge.launch("other", stubborn, tmp_path / "log")
    family = children(edge.popen.pid)
    assert {first.pid, second.pid} < set(family)
    assert await edge.end(signal.SIGTERM) == 0
    assert not any(runs(pid) for pid in family)
    assert not edge.socket.exists()


async def test_what_it_runs_dies_with_it_and_the_next_one_says_so(
    edge: EdgeProcess, tmp_path: Path
) -> None:
    process = await edge.edge.launch("web", SLEEP, tmp_path / "log")
    await edge.end(signal.SIGKILL)
    await until(lambda: not runs(process.pid))
    assert edge.socket.exists()  # nobody removed it: the next one must
    async with edge_process(tmp_path) as next_edge:
        assert await process.wait() == 137
        assert await next_edge.edge.find("web") is None


async def test_a_second_edge_on_the_socket_is_refused(edge: EdgeProcess) -> None:
    done = await anyio.run_process([*COMMAND, str(edge.socket)], check=False)
    assert done.returncode == 1
    assert f"another edge serves {edge.socket}" in done.stderr.decode()
    assert await edge.answers()


async def test_check_says_by_its_exit_code_whether_one_answers(
    edge: EdgeProcess, tmp_path: Path
) -> None:
    there = await anyio.run_process([*COMMAND, "--check", str(edge.socket)], check=False)
    assert (there.returncode, there.stderr) == (0, b"")
    missing = [*COMMAND, "--check", str(tmp_path / "none.sock")]
    gone = await anyio.run_process(missing, check=False)
    assert gone.returncode == 1
    assert "start it with" in gone.stderr.decode()


async def test_an_edge_that_is_not_there_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(EdgeUnreachableError, match=r"python -m infra\.local\.edge"):
        await ask(tmp_path / "none.sock", {"do": "check"})
    assert "python -m infra.local.edge" in (
        await RemoteEdge(tmp_path / "none.sock").why_taken("127.0.0.1", 1) or ""
    )


@pytest.mark.skipif(not namespaces_allowed(), reason="this machine refuses user namespaces")
async def test_as_pid_1_it_leaves_no_zombies(tmp_path: Path) -> None:
    """A process whose parent has ended is PID 1's to reap."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    path = tmp_path / "edge.sock"
    init = await launch([*COMMAND, str(path)], {}, tmp_path / "log", hosts=hosts)
    try:
        process = await RemoteEdge(path).launch("web", SLEEP, tmp_path / "web.log")
        launcher = children(init.pid)[0]
        os.kill(launcher, signal.SIGKILL)
        assert await process.wait() == 137
        await until(lambda: children(init.pid) == [])
    finally:
        await init.end()

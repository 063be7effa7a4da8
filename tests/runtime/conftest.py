"""Both ways to run a task, and waiting for conditions with a limit."""

import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from infra.local.runtime.launch import LaunchedProcess, launch
from infra.local.runtime.namespaces import namespaces_allowed

WAIT_S = 5.0

Run = Callable[..., Awaitable[LaunchedProcess]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["namespaces", "fallback"])
def isolated(request: pytest.FixtureRequest) -> bool:
    if request.param == "namespaces" and not namespaces_allowed():
        pytest.skip("this machine refuses user namespaces")
    return bool(request.param == "namespaces")


@pytest.fixture
def mark() -> str:
    return f"REHEARSE_MARK={uuid.uuid4().hex}"


@pytest.fixture
async def run(isolated: bool, mark: str, tmp_path: Path) -> AsyncIterator[Run]:
    """Launch a command as a task would be, log to `tmp_path / "log"`; ended after the test."""
    launched: list[LaunchedProcess] = []
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")

    async def start(*command: str) -> LaunchedProcess:
        name, _, value = mark.partition("=")
        process = await launch(
            command,
            {"PATH": os.environ["PATH"], name: value},
            tmp_path / "log",
            hosts=hosts if isolated else None,
            mark=mark,
        )
        launched.append(process)
        return process

    yield start
    for process in launched:
        await process.end()


def carriers(mark: str) -> list[int]:
    """Processes with `mark` in their environment."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (directory / "environ").read_bytes().split(b"\0"):
                found.append(int(directory.name))
        except OSError:
            continue
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state not in b"ZX"


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Wait until a condition holds; after five seconds the test fails."""

    async def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            await anyio.sleep(0.01)

    return wait


@pytest.fixture
def marked() -> Callable[[str], list[int]]:
    return carriers


@pytest.fixture
def living() -> Callable[[int], bool]:
    return alive

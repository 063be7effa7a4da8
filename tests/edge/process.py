"""An edge in a process of its own, ended with the test."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from infra.local.edge.remote import RemoteEdge, ask
from tests.balancing.stage import until

COMMAND = (sys.executable, "-m", "infra.local.edge")
LIMIT_S = 10


class EdgeProcess:
    def __init__(self, socket: Path, log: Path) -> None:
        self.socket = socket
        self.edge = RemoteEdge(socket)
        with log.open("ab") as output:
            self.popen = subprocess.Popen([*COMMAND, str(socket)], stderr=output)

    async def answers(self) -> bool:
        try:
            await ask(self.socket, {"do": "check"}, 2)
        except ConnectionError:
            return False
        return True

    async def ready(self) -> None:
        with anyio.fail_after(LIMIT_S):
            while not await self.answers():
                assert self.popen.poll() is None, "the edge ended"
                await anyio.sleep(0.01)

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait; the exit code."""
        self.popen.send_signal(number)
        await until(lambda: self.popen.poll() is not None)
        code: int = self.popen.returncode
        return code


@asynccontextmanager
async def edge_process(folder: Path) -> AsyncIterator[EdgeProcess]:
    edge = EdgeProcess(folder / "edge.sock", folder / "edge.log")
    try:
        await edge.ready()
        yield edge
    finally:
        if edge.popen.poll() is None:
            edge.popen.kill()
        edge.popen.wait(LIMIT_S)


def runs(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def children(pid: int) -> list[int]:
    """The processes below this one, all generations."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and _parent(path) == pid:
            found += [int(path.name), *children(int(path.name))]
    return found


def _parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def is_owner_only(path: Path) -> bool:
    return os.stat(path).st_mode & 0o077 == 0

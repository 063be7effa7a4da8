"""Envoys in a process of their own, which outlives the plane: asked over a Unix socket.

Every question has a connection of its own, so an edge that was started again needs no reconnecting.
"""

import asyncio
import socket
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any

import anyio

from infra.local.edge import wire
from infra.local.edge.protocol import EdgeUnreachableError, Running
from infra.local.runtime.protocol import Process

ANSWER_LIMIT_S = 15.0  # a start takes up to ten seconds
WAIT_S = 5.0
SLACK_S = 2.0
RETRY_S = 0.1
AWAY_LIMIT_S = 15.0  # so long an edge may take to come (back) before a start fails


class RemoteEdge:
    """An `Edge` behind `python -m infra.local.edge SOCKET`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def find(self, name: str) -> Running | None:
        facts = await self._ask_patiently({"do": "find", "name": name})
        if not facts:
            return None
        return Running(self._process(facts), tuple(facts["command"]))

    async def sweep(self, names: Collection[str]) -> None:
        await self._ask_patiently({"do": "sweep", "keep": sorted(names)})

    async def launch(self, name: str, command: Sequence[str], log: Path) -> Process:
        """See `Edge`; an edge that is away is waited for, a quarter of a minute."""
        question = {"do": "launch", "name": name, "command": list(command), "log": str(log)}
        return self._process(await self._ask_patiently(question))

    async def cut(self, pid: int, address: str, port: int) -> int:
        question = {"do": "cut", "pid": pid, "address": address, "port": port}
        count: int = (await ask(self._path, question))["count"]
        return count

    async def in_flight(self, pid: int, address: str, port: int) -> int:
        question = {"do": "in_flight", "pid": pid, "address": address, "port": port}
        count: int = (await ask(self._path, question))["count"]
        return count

    async def why_taken(self, address: str, port: int) -> str | None:
        try:
            answer = await ask(self._path, {"do": "why_taken", "address": address, "port": port})
        except EdgeUnreachableError as error:
            return str(error)
        why: str | None = answer["why"]
        return why

    def _process(self, facts: dict[str, Any]) -> "RemoteProcess":
        return RemoteProcess(self._path, facts["run"], facts["pid"])

    async def _ask_patiently(self, question: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + AWAY_LIMIT_S
        while True:
            try:
                return await ask(self._path, question)
            except EdgeUnreachableError:
                if time.monotonic() > deadline:
                    raise
            await anyio.sleep(RETRY_S)


class RemoteProcess:
    """One run of an Envoy at the edge."""

    def __init__(self, path: Path, run: str, pid: int) -> None:
        self._path = path
        self._run = run
        self._pid = pid
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """The process id, as the edge sees it."""
        return self._pid

    async def wait(self) -> int:
        """See `Process.wait`. An Envoy whose edge ended, or is silent for long, was killed."""
        heard_s = time.monotonic()
        while self._code is None:
            try:
                question = {"do": "wait", "run": self._run, "limit_s": WAIT_S}
                self._code = (await ask(self._path, question, WAIT_S + SLACK_S))["code"]
                heard_s = time.monotonic()
            except ProcessLookupError:
                self._code = 128 + SIGKILL
            except EdgeUnreachableError as error:
                if _is_gone(error) or time.monotonic() - heard_s > AWAY_LIMIT_S:
                    self._code = 128 + SIGKILL
                else:
                    await anyio.sleep(RETRY_S)
        return self._code

    def signal(self, number: Signals) -> None:
        """Send a signal; returns at once, and nobody waits for the answer."""
        line = wire.encode({"do": "signal", "run": self._run, "number": int(number)})
        kind = socket.SOCK_STREAM | socket.SOCK_NONBLOCK
        with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sock:
            sock.connect(str(self._path))  # refused: the edge is gone, and with it the Envoy
            sock.send(line)


def _is_gone(error: EdgeUnreachableError) -> bool:
    """Whether nobody listens: its children died with the edge."""
    return isinstance(error.__cause__, ConnectionRefusedError | FileNotFoundError)


async def ask(
    path: Path, question: dict[str, Any], limit_s: float = ANSWER_LIMIT_S
) -> dict[str, Any]:
    """One question; raises EdgeUnreachableError and what the answer refuses with."""
    try:
        with anyio.fail_after(limit_s):
            line = await _converse(path, wire.encode(question))
        answer = wire.decode(line)
    except (OSError, TimeoutError, ValueError) as error:
        raise EdgeUnreachableError(
            f"the load balancers' process at {path} does not answer ({str(error) or 'in time'}): "
            f"start it with `python -m infra.local.edge {path}`"
        ) from error
    return wire.result(answer)


async def _converse(path: Path, question: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path), limit=wire.LINE_BYTES_MAX)
    try:
        writer.write(question)
        return await reader.readline()
    finally:
        writer.close()

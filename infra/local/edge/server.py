"""The edge's own process: parent of the load balancers' Envoys, which a plane may leave behind.

It decides nothing. A plane asks it to run Envoys, and the next plane finds them running.
"""

import asyncio
import os
import signal
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from signal import SIGKILL, SIGTERM, Signals
from typing import Any

import anyio
from anyio.abc import TaskGroup

from infra.local.edge import wire
from infra.local.edge.local import LocalEdge
from infra.local.runtime.launch import launch_plain
from infra.local.runtime.protocol import CannotStartContainerError, Process

QUESTION_LIMIT_S = 5.0
WAIT_LIMIT_S = 10.0  # the longest that one `wait` is held open
CONNECTIONS_MAX = 64
ENVOYS_MAX = 64
ENDS_KEPT = 256
STOP_LIMIT_S = 2.0


@dataclass(slots=True)
class _Envoy:
    """One start of an Envoy: `run` names it, also after its end."""

    run: str
    command: tuple[str, ...]
    process: Process

    def facts(self) -> dict[str, Any]:
        return {"run": self.run, "pid": self.process.pid, "command": self.command}


class EdgeServer:
    """Answers a plane's questions about Envoys. Made once per process, in its event loop."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._edge = LocalEdge(launch_plain)
        self._instance = token_hex(4)
        self._starts = 0
        self._starting = anyio.Lock()
        self._running: dict[str, _Envoy] = {}
        self._ends: OrderedDict[str, int] = OrderedDict()  # exit codes by run
        self._stopping = False
        self._connections = anyio.Semaphore(CONNECTIONS_MAX)
        self._verbs: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "check": self._check,
            "find": self._find,
            "sweep": self._sweep,
            "launch": self._launch,
            "wait": self._wait,
            "signal": self._signal,
            "cut": self._cut,
            "in_flight": self._in_flight,
            "why_taken": self._why_taken,
        }

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one question of a connection; the asker may be gone by then."""
        try:
            async with self._connections:
                with anyio.move_on_after(QUESTION_LIMIT_S) as scope:
                    line = await reader.readline()
                if not scope.cancelled_caught:
                    writer.write(wire.encode(await self._answer(line)))
                    with anyio.move_on_after(QUESTION_LIMIT_S):
                        await writer.drain()
        except (OSError, ValueError):  # it hung up, or sent more than a line may have
            return
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = wire.decode(line)
            verb = self._verbs.get(asked.get("do", ""))
            if verb is None:
                raise ValueError(f"{asked.get('do')!r} is none of {', '.join(self._verbs)}")
            return {"ok": await verb(asked)}
        except KeyError as error:
            return wire.refusal(ValueError(f"the question lacks {error}"))
        except tuple(wire.REFUSALS.values()) as error:
            return wire.refusal(error)

    async def stop(self) -> None:
        """End every Envoy, with SIGKILL those that do not end by themselves; start none again."""
        self._stopping = True
        await self._end_all(keep=())

    async def _check(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"running": sorted(self._running)}

    async def _find(self, asked: dict[str, Any]) -> dict[str, Any]:
        envoy = self._running.get(asked["name"])
        return envoy.facts() if envoy else {}

    async def _sweep(self, asked: dict[str, Any]) -> dict[str, Any]:
        await self._end_all(keep=asked["keep"])
        return {}

    async def _end_all(self, keep: Collection[str]) -> None:
        async with self._starting, anyio.create_task_group() as tasks:
            for name, envoy in self._running.items():
                if name not in keep:
                    tasks.start_soon(_end, envoy.process)

    async def _launch(self, asked: dict[str, Any]) -> dict[str, Any]:
        name, command, log = asked["name"], tuple(asked["command"]), Path(asked["log"])
        async with self._starting:
            known = self._running.get(name)
            if known and known.command != command:
                raise CannotStartContainerError(f"{name} runs already, with another command")
            return (known or await self._start(name, command, log)).facts()

    async def _start(self, name: str, command: tuple[str, ...], log: Path) -> _Envoy:
        if self._stopping:
            raise CannotStartContainerError("the edge is being stopped")
        if len(self._running) >= ENVOYS_MAX:
            raise CannotStartContainerError(f"{ENVOYS_MAX} Envoys run already, no more are allowed")
        process = await self._edge.launch(name, command, log)
        self._starts += 1
        envoy = _Envoy(f"{self._instance}-{self._starts}", command, process)
        self._running[name] = envoy
        self._tasks.start_soon(self._watch, name, envoy)
        return envoy

    async def _watch(self, name: str, envoy: _Envoy) -> None:
        self._ends[envoy.run] = await envoy.process.wait()
        del self._running[name]
        while len(self._ends) > ENDS_KEPT:
            self._ends.popitem(last=False)

    async def _wait(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The exit code of a run, or none if it runs still at the end of the limit."""
        run = asked["run"]
        envoy = next((e for e in self._running.values() if e.run == run), None)
        if envoy is None:
            if run not in self._ends:
                raise ProcessLookupError(f"no run {run} is known here")
            return {"code": self._ends[run]}
        with anyio.move_on_after(min(asked["limit_s"], WAIT_LIMIT_S)):
            return {"code": await envoy.process.wait()}
        return {"code": None}

    async def _signal(self, asked: dict[str, Any]) -> dict[str, Any]:
        for envoy in self._running.values():
            if envoy.run == asked["run"]:
                envoy.process.signal(Signals(asked["number"]))
        return {}

    async def _cut(self, asked: dict[str, Any]) -> dict[str, Any]:
        count = await self._edge.cut(self._own(asked), asked["address"], asked["port"])
        return {"count": count}

    async def _in_flight(self, asked: dict[str, Any]) -> dict[str, Any]:
        count = await self._edge.in_flight(self._own(asked), asked["address"], asked["port"])
        return {"count": count}

    async def _why_taken(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"why": await self._edge.why_taken(asked["address"], asked["port"])}

    def _own(self, asked: dict[str, Any]) -> int:
        """The asked process id, if it is an Envoy of ours."""
        pid: int = asked["pid"]
        if pid not in {envoy.process.pid for envoy in self._running.values()}:
            raise ProcessLookupError(f"no Envoy with pid {pid} runs here")
        return pid


async def _end(process: Process) -> None:
    for number in (SIGTERM, SIGKILL):
        process.signal(number)
        with anyio.move_on_after(STOP_LIMIT_S):
            await process.wait()
            return


class AlreadyServedError(Exception):
    """Another edge answers on the socket."""


def listen(path: Path) -> socket.socket:
    """A listening socket that only this user may open. Raises AlreadyServedError, OSError."""
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        path.unlink(missing_ok=True)  # what an edge that was killed left
        sock.close()
    else:
        sock.close()
        raise AlreadyServedError(f"another edge serves {path}: stop it, or choose another socket")
    sock = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        sock.bind(str(path))
    finally:
        os.umask(before)
    sock.listen(CONNECTIONS_MAX)
    return sock


async def serve(path: Path) -> None:
    """Serve until SIGTERM or SIGINT; every Envoy has ended when this returns."""
    sock = listen(path)
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    async with anyio.create_task_group() as tasks:
        edge = EdgeServer(tasks)
        if os.getpid() == 1:
            loop.add_signal_handler(signal.SIGCHLD, _reap)
        server = await asyncio.start_unix_server(
            edge.converse, sock=sock, limit=wire.LINE_BYTES_MAX
        )
        try:
            await end.wait()
            await edge.stop()
        finally:
            server.close()
            _remove(path)
            tasks.cancel_scope.cancel()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _reap() -> None:
    """As PID 1: take every child that ended. Ours report their own ends, by other means."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass

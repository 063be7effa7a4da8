"""Starting a process that dies with the plane, and hearing of its end."""

import asyncio
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from signal import Signals

from infra.local.runtime import launcher
from infra.local.runtime.protocol import CannotStartContainerError

START_LIMIT_S = 10.0
PROBE_SLACK_S = 2.0
END_LIMIT_S = 1.2
CHUNK_BYTES = 65_536


class LaunchedProcess:
    """A main process behind its launcher. Make it with `launch` or `spawn` in the plane's thread.

    The thread matters: the launcher dies with the thread that started it.
    """

    def __init__(
        self, program: str, popen: "subprocess.Popen[bytes]", control: socket.socket, mark: str
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._program = program
        self._popen = popen
        self._control = control
        self._mark = mark
        self._pid = 0
        self._heard = b""
        self._code: int | None = None
        self._started: asyncio.Future[str] = self._loop.create_future()  # "", or why it did not
        self._end: asyncio.Future[int] = self._loop.create_future()
        self._probes: dict[int, asyncio.Future[bool]] = {}
        self._numbers = count(1)
        control.setblocking(False)
        self._watched = os.pidfd_open(popen.pid)
        self._loop.add_reader(control, self._hear)
        self._loop.add_reader(self._watched, self._on_launcher_end)

    @property
    def pid(self) -> int:
        """The main process's id, as seen by the plane; 0 until it has started."""
        return self._pid

    @property
    def launcher_pid(self) -> int:
        return self._popen.pid

    @property
    def ended(self) -> bool:
        return self._end.done()

    async def started(self) -> None:
        """Wait until the command runs, or raise CannotStartContainerError."""
        try:
            reason = await asyncio.wait_for(asyncio.shield(self._started), START_LIMIT_S)
        except TimeoutError:
            reason = f"it did not start within {START_LIMIT_S:g} seconds"
        if reason:
            raise CannotStartContainerError(reason)

    async def wait(self) -> int:
        return await asyncio.shield(self._end)

    def on_end(self, callback: Callable[[int], None]) -> None:
        """Call `callback` with the exit code, in the event loop, once nothing is left of it."""
        self._end.add_done_callback(lambda end: callback(end.result()))

    def signal(self, number: Signals) -> None:
        self._order(f"signal {int(number)}")

    async def probe(self, command: Sequence[str], timeout_ms: int) -> bool:
        """Run a command beside the main process; true if it exits 0 in time, else it is killed."""
        number = next(self._numbers)
        verdict = self._probes[number] = self._loop.create_future()
        words = " ".join(os.fsencode(word).hex() for word in command)
        self._order(f"probe {number} {timeout_ms} {words}")
        if self.ended:
            verdict.set_result(False)
        try:
            return await asyncio.wait_for(verdict, timeout_ms / 1000 + PROBE_SLACK_S)
        except TimeoutError:
            return False
        finally:
            self._probes.pop(number, None)

    async def end(self) -> None:
        """Kill it and everything it started. Returns when nothing is left, or after two limits."""
        self.signal(Signals.SIGKILL)
        await asyncio.wait([self._end], timeout=END_LIMIT_S)
        if not self.ended:
            self._popen.kill()
            await asyncio.wait([self._end], timeout=END_LIMIT_S / 2)

    def _order(self, line: str) -> None:
        with suppress(OSError):  # it has ended, or its launcher has; its end is on the way
            self._control.send(line.encode() + b"\n")

    def _hear(self) -> bool:
        """Take in what the launcher said; false if it said nothing or has closed its end."""
        data = b""
        with suppress(OSError):
            data = self._control.recv(CHUNK_BYTES)
        if not data:
            self._loop.remove_reader(self._control)  # its end follows by the pidfd
            return False
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            self._learn(*line.decode().split(" "))
        return True

    def _learn(self, word: str, first: str, second: str = "") -> None:
        if word == "started":
            self._pid = int(first)
            self._decide("")
        elif word == "failed":
            self._decide(_failure(self._program, int(first), second))
        elif word == "probe":
            verdict = self._probes.get(int(first))
            if verdict and not verdict.done():
                verdict.set_result(second == "0")
        else:
            self._code = int(first)

    def _decide(self, reason: str) -> None:
        if not self._started.done():
            self._started.set_result(reason)

    def _on_launcher_end(self) -> None:
        self._loop.remove_reader(self._watched)
        os.close(self._watched)
        self._popen.wait()
        while self._hear():
            pass
        self._control.close()
        if self._code is None:  # the launcher was killed: the kernel killed the main process
            launcher.sweep(self._mark, self._pid, 0)
            self._code = 128 + Signals.SIGKILL
        self._decide("it ended before it had started")
        for verdict in self._probes.values():
            if not verdict.done():
                verdict.set_result(False)
        self._end.set_result(self._code)


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    directory: Path | None = None,
    hosts: Path | None = None,
    mark: str = "",
) -> LaunchedProcess:
    """Start the launcher; whether the command runs is told by `started()`.

    With `hosts`, a file for its /etc/hosts, the command is PID 1 of its own namespaces. Without,
    `mark` (NAME=VALUE, part of `environment`) finds what it leaves behind. stdout and stderr go
    to `log` and `log`.1 (see `logs.read`). Raises CannotStartContainerError.
    """
    ours, theirs = socket.socketpair()
    mode = "isolated" if hosts else "plain"
    arguments = [mode, str(log.absolute()), str(hosts or ""), mark, *command]
    try:
        popen = subprocess.Popen(
            [sys.executable, "-I", "-S", launcher.__file__, *arguments],
            env=dict(environment),
            cwd=directory,
            stdin=theirs.fileno(),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        ours.close()
        raise CannotStartContainerError(f"the command cannot be passed on: {error}") from error
    finally:
        theirs.close()
    return LaunchedProcess(command[0], popen, ours, mark)


async def launch(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    directory: Path | None = None,
    hosts: Path | None = None,
    mark: str = "",
) -> LaunchedProcess:
    """`spawn`, and wait until the command runs. Raises CannotStartContainerError."""
    process = spawn(command, environment, log, directory=directory, hosts=hosts, mark=mark)
    try:
        await process.started()
    except BaseException:
        await process.end()
        raise
    return process


async def launch_plain(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> LaunchedProcess:
    """Start a process without namespaces, such as an Envoy: a `protocol.Launcher`."""
    return await launch(command, environment, log)


def _failure(program: str, code: int, step: str) -> str:
    """Why a command did not start, in the container runtime's words where it has some."""
    if step != "exec":
        return f"unable to {step} its namespaces or its log: {os.strerror(code)}"
    if code in (errno.ENOENT, errno.EACCES, errno.ENOTDIR) and "/" not in program:
        why = "executable file not found in $PATH"
    else:
        why = os.strerror(code).lower()
    return f'unable to start container process: exec: "{program}": {why}'

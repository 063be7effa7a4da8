"""A real plane for tests: `rehearse up` on free ports, watched down to its last process."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

UP = (sys.executable, "-m", "rehearse", "up")
READY_S = 60.0
GONE_S = 5.0  # nothing of a plane is left this long after any ending

Process = tuple[int, int]  # pid and start time: a reused pid is another process


class Up:
    """One `rehearse up` in the foreground, ended by `stop` if the test has not."""

    def __init__(self, state: Path, *more: str, scale: int = 20) -> None:
        self.state = state
        self.port, self.http_port, self.https_port = free_ports(3)
        self.arguments = ["--state-dir", str(state), "--time-scale", str(scale)]
        self.arguments += ["--port", str(self.port), "--http-port", str(self.http_port)]
        self.arguments += ["--https-port", str(self.https_port), *more]
        self.log = state.with_name(state.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, limit_s: float = READY_S) -> "Up":
        """Start it and wait until it says that it is ready."""
        read_end, write_end = os.pipe()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*UP, "--lifeline", "--ready-fd", str(write_end), *self.arguments],
                stdin=subprocess.PIPE,  # it ends with the tests, whatever way they end
                stdout=log,
                stderr=log,
                pass_fds=(write_end,),
                start_new_session=True,
            )
        os.close(write_end)
        told, _, _ = select.select([read_end], [], [], limit_s)
        said = os.read(read_end, 16) if told else b""
        os.close(read_end)
        assert said, f"the plane did not get ready: {self.log.read_text()}"
        return self

    def stop(self) -> int:
        """End it with SIGTERM if it still runs; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(15)
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code

    def client(self, service: str, more: Config | None = None) -> Any:
        session = boto3.Session("test", "test", region_name="eu-central-1")
        config = Config(retries={"max_attempts": 0}, read_timeout=30, inject_host_prefix=False)
        return session.client(
            service, endpoint_url=self.endpoint, config=config.merge(more or Config())
        )

    def family(self) -> set[Process]:
        """The plane's process and all that descend from it."""
        return descendants(self.pid)


def descendants(root: int) -> set[Process]:
    """The process and everything below it, by parent pids."""
    parents = {pid: (parent, start) for pid, parent, start in _processes()}
    found = {root}
    grown = True
    while grown:
        more = {pid for pid, (parent, _) in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return {(pid, parents[pid][1]) for pid in found if pid in parents}


def left(family: set[Process]) -> set[Process]:
    """Which of these processes still run."""
    return family & {(pid, start) for pid, _, start in _processes()}


def await_gone(family: set[Process], limit_s: float = GONE_S) -> None:
    """Fail if any of these processes runs on for longer than the limit."""
    wait_for(lambda: not left(family), limit_s, lambda: f"left: {[_name(p) for p in left(family)]}")


def wait_for(
    condition: Callable[[], object], limit_s: float, why: Callable[[], str] = lambda: "not in time"
) -> None:
    """Wait for the condition, at most that long."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    with ExitStack() as held:
        socks = [held.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]


def _processes() -> list[tuple[int, int, int]]:
    """(pid, parent, start time) of every process that is no zombie."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                found.append((int(folder.name), int(fields[1]), int(fields[19])))
    return found


def _name(process: Process) -> str:
    try:
        words = Path(f"/proc/{process[0]}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return f"{process[0]} (gone)"
    return f"{process[0]} {b' '.join(words).decode(errors='replace')[:120]}"

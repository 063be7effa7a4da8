"""One running Envoy, driven by files: started, kept alive, and told what to do.

The files are the truth: an Envoy that died is started again on the same ones, and one that an
earlier plane left running is taken over with its own.
"""

import math
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

import anyio
from anyio.abc import TaskStatus

from infra.local.clock import Clock
from infra.local.edge.protocol import Edge, Running
from infra.local.proxy import admin
from infra.local.proxy.binary import find_envoy
from infra.local.proxy.configs.bootstrap import bootstrap
from infra.local.proxy.configs.snapshot import EMPTY, Snapshot
from infra.local.proxy.delivery import Delivery
from infra.local.proxy.errors import EnvoyStartError
from infra.local.proxy.files import read_json, write_atomically
from infra.local.proxy.model import Places
from infra.local.runtime.protocol import CannotStartContainerError, Process

Report = Callable[[str, Mapping[str, object]], None]

FLAGS = ("--concurrency", "1", "--disable-hot-restart", "--file-flush-interval-msec", "100")
START_POLL_S = 0.01
START_POLLS = 1000
STOP_LIMIT_S = 2.0
RESTARTS_A_MINUTE = 5
SOCKET_BYTES_MAX = 107


class EnvoyProcess:
    """One load balancer's Envoy.

    `report` hears `envoy-started`, `envoy-adopted`, `envoy-replaced`, `envoy-ended`.
    """

    def __init__(self, name: str, places: Places, edge: Edge, clock: Clock, report: Report) -> None:
        _refuse_long(places.admin)
        self._name = name
        self._places = places
        self._edge = edge
        self._clock = clock
        self._report = report
        self._process: Process | None = None
        self._deaths: deque[int] = deque(maxlen=RESTARTS_A_MINUTE)
        self._delivery = Delivery(places)
        self._adopted = False

    @property
    def pid(self) -> int | None:
        """The process id, None while there is no Envoy."""
        return self._process.pid if self._process else None

    @property
    def adopted(self) -> bool:
        """Whether it is the one of an earlier plane; its listeners serve already then."""
        return self._adopted

    async def ports(self) -> frozenset[int]:
        """The ports that it listens on. OSError if Envoy is not there."""
        return await admin.read_ports(self._places.admin)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Keep Envoy running until cancelled; `started` is reported when it is ready.

        EnvoyMissingError if there is none, EnvoyStartError if it does not become ready, or dies
        more than five times in a minute.
        """
        binary = find_envoy(os.environ)
        command = (str(binary), "-c", str(self._places.bootstrap), *FLAGS, "-l", "warning")
        self._places.directory.mkdir(parents=True, exist_ok=True)
        try:
            process = await self._take_over(command) or await self._begin(command)
            task_status.started()
            while True:
                self._count_death(await process.wait())
                process = await self._start(command)
        finally:
            await self._stop()

    async def push(self, snapshot: Snapshot) -> None:
        """Give Envoy these files and wait until it says that it has taken them.

        EnvoyRejectedError with Envoy's own words if it refuses, or does not answer in 5 s.
        """
        await self._delivery.push(snapshot)

    async def reopen_logs(self) -> None:
        """Make Envoy open its access log anew, after a rename. OSError if Envoy is not there."""
        await admin.ask(self._places.admin, "/reopen_logs", "POST")

    async def _take_over(self, command: Sequence[str]) -> Process | None:
        """The Envoy that runs already, untouched; an unfit one is ended first."""
        try:
            found = await self._edge.find(self._name)
        except OSError as error:
            raise EnvoyStartError(f"Envoy of {self._name} cannot be started: {error}") from error
        if found is None:
            return None
        self._process = found.process
        why = await self._why_unfit(found, tuple(command))
        facts = {"name": self._name, "pid": found.process.pid}
        if why is not None:
            await self._stop()
            self._report("envoy-replaced", {**facts, "why": why})
            return None
        self._delivery.resume()
        self._adopted = True
        self._report("envoy-adopted", facts)
        return found.process

    async def _why_unfit(self, found: Running, command: tuple[str, ...]) -> str | None:
        same = read_json(self._places.bootstrap) == bootstrap(self._name, self._places)
        if not same or found.command != command:
            return "it was started with another bootstrap or command"
        try:
            await self._wait_live(found.process)
        except EnvoyStartError as error:
            return str(error)
        return None

    async def _begin(self, command: Sequence[str]) -> Process:
        write_atomically(self._places.bootstrap, bootstrap(self._name, self._places))
        self._delivery.write(EMPTY)
        return await self._start(command)

    async def _start(self, command: Sequence[str]) -> Process:
        self._adopted = False
        self._places.admin.unlink(missing_ok=True)
        try:
            process = await self._edge.launch(self._name, command, self._places.log)
        except (CannotStartContainerError, OSError) as error:
            raise EnvoyStartError(f"Envoy of {self._name} cannot be started: {error}") from error
        self._process = process
        await self._wait_live(process)
        self._report("envoy-started", {"name": self._name, "pid": process.pid})
        return process

    async def _wait_live(self, process: Process) -> None:
        """Poll until Envoy serves; its early end is noticed at once."""
        ended: list[int] = []

        async def watch() -> None:
            ended.append(await process.wait())
            group.cancel_scope.cancel()

        live = False
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            for _ in range(START_POLLS):
                live = await admin.is_live(self._places.admin)
                if live:
                    break
                await anyio.sleep(START_POLL_S)
            group.cancel_scope.cancel()
        if not live:
            raise EnvoyStartError(self._why_not_live(ended))

    def _why_not_live(self, ended: list[int]) -> str:
        end = f"exited with {ended[0]}" if ended else f"was not ready after {START_POLLS} polls"
        return f"Envoy of {self._name} {end}; see {self._places.log}: {self._delivery.last_words()}"

    def _count_death(self, code: int) -> None:
        self._process = None
        now_ms = self._clock.now_ms()
        self._report("envoy-ended", {"name": self._name, "code": code})
        oldest_ms = self._deaths[0] if len(self._deaths) == RESTARTS_A_MINUTE else -math.inf
        self._deaths.append(now_ms)
        if now_ms - oldest_ms < 60_000:
            raise EnvoyStartError(
                f"Envoy of {self._name} died {RESTARTS_A_MINUTE + 1} times in a minute, the last "
                f"time with code {code}; see {self._places.log}: {self._delivery.last_words()}"
            )

    async def _stop(self) -> None:
        process, self._process = self._process, None
        with anyio.CancelScope(shield=True):
            if process:
                for number in (SIGTERM, SIGKILL):
                    process.signal(number)
                    with anyio.move_on_after(STOP_LIMIT_S):
                        await process.wait()
                        break
        with suppress(OSError):
            self._places.admin.unlink(missing_ok=True)


def _refuse_long(socket: Path) -> None:
    size = len(os.fsencode(socket))
    if size > SOCKET_BYTES_MAX:
        raise EnvoyStartError(
            f"the path of Envoy's admin socket has {size} bytes, at most {SOCKET_BYTES_MAX} are "
            f"allowed: choose a shorter state directory than {socket.parent}"
        )

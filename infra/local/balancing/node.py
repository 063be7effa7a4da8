"""One load balancer's node: its Envoy, told what to do whenever a record changes."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio

from infra.local.balancing import accesslog
from infra.local.balancing.routing import leaves_in_ms
from infra.local.balancing.rules import UnsupportedRuleError
from infra.local.balancing.translation import Placing, groups_in_use, translate
from infra.local.bell import Bell
from infra.local.clock import Clock
from infra.local.edge.protocol import Edge
from infra.local.proxy.configs.snapshot import EMPTY, Snapshot, snapshot
from infra.local.proxy.envoy import SOCKET_BYTES_MAX, EnvoyProcess
from infra.local.proxy.errors import EnvoyError
from infra.local.proxy.model import Balancer, Places
from infra.local.scheduler.model import TargetState
from infra.local.store import LoadBalancer, Store

Journal = Callable[[str, Mapping[str, object]], None]

RETRY_MS = 5_000
ROTATE_S = 5.0
RELEASE_LIMIT_MS = 2_000
RELEASE_POLL_MS = 2
NO_CUT = (
    "requests still in flight at the end of the deregistration delay are not cut: this machine "
    "does not let the plane reach Envoy's sockets (in Docker: cap_add SYS_PTRACE)"
)


class Node:
    """Runs one load balancer. Its record's state is `failed` while it cannot do as it should."""

    def __init__(
        self,
        store: Store,
        record: LoadBalancer,
        clock: Clock,
        edge: Edge,
        directory: Path,
        place: Placing,
        journal: Journal,
    ) -> None:
        self._store = store
        self._record = record
        self._clock = clock
        self._place = place
        self._journal = journal
        self._bell = Bell()
        self._places = Places(directory, _admin_socket(directory))
        self._edge = edge
        self._envoy = EnvoyProcess(record.name, self._places, edge, clock, journal)
        self._pushed: Snapshot = EMPTY
        self._serving: frozenset[int] = frozenset()
        self._held: frozenset[int] = frozenset()  # local ports, until an adopted Envoy's first push
        self._endpoints: frozenset[tuple[str, int]] | None = None  # None: before the first push
        self._problem: str | None = None
        self._limits: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self._record.name

    @property
    def limits(self) -> tuple[str, ...]:
        """What this node does not emulate here, one sentence each."""
        return self._limits

    @property
    def pid(self) -> int | None:
        """Envoy's process id, None while there is none."""
        return self._envoy.pid

    def wake(self) -> None:
        """Look at the records again."""
        self._bell.ring()

    def access_log(self, since_ms: float) -> Iterator[dict[str, Any]]:
        """See `accesslog.read`."""
        return accesslog.read(self._places.access_log, since_ms)

    async def run(self) -> None:
        """Run until cancelled, or until Envoy cannot be kept running: that is said loudly."""
        try:
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._envoy.run)
                await self._learn_ports()
                await self._learn_limits()
                tasks.start_soon(self._rotate)
                while True:
                    await self._bell.wait(await self._update())
        except* EnvoyError as errors:
            self._fail("; ".join(str(e) for e in errors.exceptions))
        finally:
            if self._places.admin.parent != self._places.directory:
                shutil.rmtree(self._places.admin.parent, ignore_errors=True)

    async def release(self, address: str, port: int) -> int | None:
        """Cut what Envoy still has in flight to a target, once no new request can go there.

        Returns how many connections that were; None if this machine does not allow it.
        """
        for _ in range((RELEASE_LIMIT_MS + self._place.propagation_ms) // RELEASE_POLL_MS):
            if self._endpoints is not None and (address, port) not in self._endpoints:
                break
            await anyio.sleep(RELEASE_POLL_MS / 1000)
        if self.pid is None or self._shares(address, port):
            return 0
        try:
            return await self._edge.cut(self.pid, address, port)
        except ProcessLookupError:
            return 0
        except OSError:  # it is not allowed there, or nobody is there to ask
            return None

    async def _update(self) -> int | None:
        """Bring Envoy up to date; milliseconds until that must be done again, None: on a change."""
        ports, problems = await self._ports()
        now_ms = self._clock.now_ms()
        try:
            wanted = translate(self._store, self._record, ports, self._place, now_ms)
            await self._push(wanted)
        except (EnvoyError, UnsupportedRuleError) as error:
            problems.append(str(error))
        if problems:
            self._fail("; ".join(problems))
            return RETRY_MS
        if self._problem is not None:
            self._problem, self._record.state = None, "active"
            self._journal("load-balancer-recovered", {"load_balancer": self.name})
        return self._look_again_ms(now_ms)

    async def _push(self, wanted: Balancer) -> None:
        files = snapshot(wanted, self._places)
        if files != self._pushed:
            begun_ms = self._clock.now_ms()
            await self._envoy.push(files)
            self._pushed = files
            self._journal("envoy-push", _facts(wanted, self._clock.now_ms() - begun_ms))
        self._held = frozenset()
        self._serving = frozenset(one.port for one in wanted.listeners)
        self._endpoints = frozenset(
            (e.address, e.port) for c in wanted.clusters for e in c.endpoints
        )

    async def _ports(self) -> tuple[list[int], list[str]]:
        """The listeners' ports that can be served, and what stands in the way of the others."""
        ports: list[int] = []
        problems: list[str] = []
        for listener in self._store.listeners_of(self._record):
            local_port = self._place.local_port(listener.port)
            served = listener.port in self._serving or local_port in self._held
            taken = None if served else await self._edge.why_taken(self._place.bind, local_port)
            if taken:
                problems.append(f"listener {listener.port} of {self.name}: {taken}")
            else:
                ports.append(listener.port)
        return ports, problems

    def _look_again_ms(self, pushed_ms: int) -> int | None:
        """How long until the next draining target leaves Envoy's endpoints (R4.32)."""
        targets = (
            target
            for group in groups_in_use(self._store, self._record).values()
            for target in (*group.targets.values(), *group.departed)
        )
        now_ms, late_ms = self._clock.now_ms(), self._place.propagation_ms
        return leaves_in_ms(targets, pushed_ms, now_ms, late_ms)

    def _shares(self, address: str, port: int) -> bool:
        """True if another group still uses the target: its requests cannot be told apart."""
        states = [
            group.targets[address, port].state
            for group in groups_in_use(self._store, self._record).values()
            if (address, port) in group.targets
        ]
        return any(s is not TargetState.DRAINING for s in states)

    def _fail(self, why: str) -> None:
        self._record.state = "failed"
        if why != self._problem:
            self._problem = why
            self._journal("load-balancer-failed", {"load_balancer": self.name, "why": why})

    async def _learn_ports(self) -> None:
        """What an Envoy of an earlier plane listens on is not taken by a stranger."""
        if self._envoy.adopted:
            with suppress(OSError, TimeoutError):  # it has just ended: it holds none then
                self._held = await self._envoy.ports()

    async def _learn_limits(self) -> None:
        if self.pid is None:
            return
        try:
            await self._edge.in_flight(self.pid, "127.0.0.1", 0)
        except PermissionError:
            self._limits = (NO_CUT,)
            self._journal("limit", {"load_balancer": self.name, "why": NO_CUT})
        except OSError:  # it has just ended
            return

    async def _rotate(self) -> None:
        while True:
            await anyio.sleep(ROTATE_S)
            if accesslog.rotate(self._places.access_log):
                await self._reopen()

    async def _reopen(self) -> None:
        """Envoy may be away just now; when it is back it opens the file by itself."""
        try:
            await self._envoy.reopen_logs()
        except OSError as error:
            self._journal("envoy-log", {"load_balancer": self.name, "why": str(error)})


def _admin_socket(directory: Path) -> Path:
    """In the directory, unless that path is too long for a unix socket."""
    path = directory / "admin.sock"
    if len(bytes(path)) <= SOCKET_BYTES_MAX:
        return path
    return Path(tempfile.mkdtemp(prefix="rehearse-")) / path.name


def _facts(wanted: Balancer, took_ms: int) -> dict[str, object]:
    endpoints = {c.name: [f"{e.address}:{e.port}" for e in c.endpoints] for c in wanted.clusters}
    return {"load_balancer": wanted.name, "endpoints": endpoints, "took_ms": took_ms}

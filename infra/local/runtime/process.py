"""Tasks as processes: one loopback address, one launcher and one log per container."""

import asyncio
import errno
import shutil
import socket
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from infra.local.runtime import invocation
from infra.local.runtime.addresses import AddressPool
from infra.local.runtime.images import Catalogue
from infra.local.runtime.launch import LaunchedProcess, spawn
from infra.local.runtime.namespaces import HOSTS, namespaces_allowed
from infra.local.runtime.ports import is_listening, port_holder
from infra.local.runtime.protocol import (
    CannotStartContainerError,
    ContainerSpec,
    Exit,
    Network,
)

LIMITS = (
    "CPU and memory of a task definition are not enforced: a task may use the whole machine.",
    "Tasks see this machine's file system: a volume's path is replaced by its directory in"
    " commands and variables, and nothing is read-only.",
    "Tasks share this machine's network: security groups decide what load balancers, health checks"
    " and Service Connect get through to, and not what a task sends to an address by itself.",
)
LIMITS_WITHOUT_NAMESPACES = (
    "Namespaces are refused here, so PID 1 is not emulated: a main process that handles no SIGTERM"
    " ends at once (exit code 143), where on Fargate it would run on until SIGKILL (137).",
    "Namespaces are refused here, so Service Connect names are not in /etc/hosts: only clients that"
    " heed http_proxy find them.",
)


@dataclass(slots=True)
class _Task:
    network: Network
    addresses: tuple[str, ...]
    containers: dict[str, LaunchedProcess] = field(default_factory=dict)


class ProcessRuntime:
    """A `protocol.Runtime`. It owns the pool, and `directory` but for the logs.

    scale: the time scale, which divides the duration variables of images. isolated: whether tasks
    have namespaces of their own; None asks the kernel.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        pool: AddressPool,
        directory: Path,
        *,
        scale: float = 1,
        isolated: bool | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._directory = directory.absolute()
        self._scale = scale
        self._isolated = namespaces_allowed() if isolated is None else isolated
        self._tasks: dict[str, _Task] = {}
        self._tell: Callable[[Exit], None] = lambda _: None

    @property
    def limits(self) -> tuple[str, ...]:
        return LIMITS if self._isolated else LIMITS + LIMITS_WITHOUT_NAMESPACES

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        self._tell = callback

    async def provision(
        self, task: str, zone: str, *, ingress: Sequence[int], egress: Sequence[tuple[str, int]]
    ) -> Network:
        """A proxy's ports are its alone: the application gets an inner address."""
        if task not in self._tasks:
            aliases = list(dict.fromkeys(name for name, _ in egress))
            taken = self._pool.take_all(zone, 1 + bool(ingress) + len(aliases))
            address, *rest = taken
            inner = rest.pop(0) if ingress else address
            network = Network(address, inner, dict(zip(aliases, rest, strict=True)))
            self._tasks[task] = _Task(network, tuple(taken))
            if self._isolated:
                self._write_hosts(task, network)
        return self._tasks[task].network

    async def pull(self, image: str) -> str:
        return self._catalogue.resolve(image).digest

    async def start(self, task: str, network: Network, spec: ContainerSpec) -> None:
        """The pid then is `process(task, spec.name).pid`."""
        containers = self._tasks[task].containers
        if spec.name in containers:
            return
        if spec.port is not None:
            _check_free(network.inner_address, spec.port)
        process = self._spawn(task, network, spec)
        containers[spec.name] = process
        try:
            await process.started()
        except CannotStartContainerError:
            del containers[spec.name]
            await process.end()
            raise
        process.on_end(lambda code: self._tell(Exit(task, spec.name, code)))

    async def probe(
        self, task: str, container: str, command: Sequence[str], timeout_ms: int
    ) -> bool:
        """True for NONE; false if the container is not running."""
        process = self.process(task, container)
        if process is None:
            return False
        words = invocation.check(command, self._tasks[task].network)
        return not words or await process.probe(words, timeout_ms)

    def signal(self, task: str, container: str, number: Signals) -> None:
        process = self.process(task, container)
        if process is not None:
            process.signal(number)

    def is_starting(self, network: Network, port: int) -> bool:
        return not is_listening(port, network.inner_address)

    async def adopt(self, tasks: Mapping[str, Collection[str]]) -> None:
        """Nothing outlives its plane here."""
        for task, containers in tasks.items():
            for container in containers:
                self._tell(Exit(task, container, 128 + Signals.SIGKILL))

    def process(self, task: str, container: str) -> LaunchedProcess | None:
        """The main process of a container that was started; None after the task's release."""
        return self._tasks[task].containers.get(container) if task in self._tasks else None

    async def enforce(self) -> None:
        """Nothing: `ways.GuardedWays` leads what is refused astray."""

    async def release(self, task: str) -> None:
        record = self._tasks.pop(task, None)
        if record is None:
            return
        try:
            await _end_all(record.containers.values())
        finally:
            self._hosts(task).unlink(missing_ok=True)
            for address in record.addresses:
                self._pool.give_back(address)

    async def close(self) -> None:
        """Remove what is in the directory too, and the images' data: only logs are left."""
        await asyncio.gather(*(self.release(task) for task in list(self._tasks)))
        for name in ("hosts", "data"):
            shutil.rmtree(self._directory / name, ignore_errors=True)
        self._pool.close()

    def _spawn(self, task: str, network: Network, spec: ContainerSpec) -> LaunchedProcess:
        pulled = self._catalogue.resolve(spec.image)
        data = self._directory / "data" / pulled.image.name.replace("/", "-")
        data.mkdir(parents=True, exist_ok=True)
        call = invocation.invocation(pulled, spec, network, data=data, scale=self._scale)
        mark = uuid.uuid4().hex  # not the task's id: another plane may have the same
        environment = {**call.environment, "REHEARSE_TASK": task, "REHEARSE_MARK": mark}
        if not self._isolated and network.aliases and spec.proxy:
            environment = invocation.proxied(network, spec.proxy) | environment
        return spawn(
            call.command,
            environment,
            spec.log,
            directory=Path(pulled.image.directory or invocation.ROOT),
            hosts=self._hosts(task) if self._isolated else None,
            mark=f"REHEARSE_MARK={mark}",
        )

    def _hosts(self, task: str) -> Path:
        return self._directory / "hosts" / task

    def _write_hosts(self, task: str, network: Network) -> None:
        file = self._hosts(task)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(invocation.names(network.aliases, Path(HOSTS).read_text()))


async def _end_all(processes: Iterable[LaunchedProcess]) -> None:
    await asyncio.gather(*(process.end() for process in processes))


def _check_free(address: str, port: int) -> None:
    """Name a stranger who keeps the container from its port: the application could not."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise CannotStartContainerError(f"{address}:{port}: {error.strerror}") from error
            holder = port_holder(port, address) or "a process that has just gone"
            raise CannotStartContainerError(
                f"port {port} on {address} is taken by {holder}: end it, or choose another"
                " containerPort"
            ) from error

"""Tasks as containers: a `protocol.Runtime` on a Docker engine."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from signal import Signals
from typing import Any, TypeVar

import anyio

from infra.local.runtime.docker import containers, firewall, labels, network
from infra.local.runtime.docker.addresses import ZoneAddresses
from infra.local.runtime.docker.containers import Place
from infra.local.runtime.docker.engine import ERRORS, reason
from infra.local.runtime.docker.environment import Environments, check
from infra.local.runtime.docker.events import Ends
from infra.local.runtime.docker.inspection import find_left, verdict
from infra.local.runtime.docker.labels import Ports
from infra.local.runtime.docker.pulling import Puller, PullPolicy
from infra.local.runtime.docker.sweep import remove_containers, sweep
from infra.local.runtime.docker.tasklog import Follower
from infra.local.runtime.protocol import (
    CannotStartContainerError,
    ContainerSpec,
    Exit,
    Network,
)

T = TypeVar("T")

CALLS = 32  # to the engine at once
KILLED = 128 + Signals.SIGKILL
ADDRESS_TRIES = 8
LIMITS = (
    "CPU of a task definition is a weight among the tasks here, not a limit"
    " (`up --cap-cpu` makes it one).",
    "Restarts of Envoy within a task are not emulated: a proxy that ends, ends its task.",
)


@dataclass(slots=True)
class _Container:
    id: str
    follower: Follower | None = None
    ended: bool = False
    probing: str = ""  # the exec of a health check that has not ended


@dataclass(slots=True)
class _Task:
    network: Network
    zone: str
    pause: str
    rules: str
    containers: dict[str, _Container] = field(default_factory=dict)


class DockerRuntime:
    """A task is a pause container, which owns its network, and the containers that join it.

    permits: what a task's security groups let in, by task id; None: everything. Make it in the
    event loop's thread. The engine's calls block, so they run in threads.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - untyped SDK
        place: Place,
        addresses: ZoneAddresses,
        environments: Environments,
        policy: PullPolicy,
        permits: Callable[[str], Sequence[firewall.Permit] | None],
    ) -> None:
        self._client = client
        self._place = place
        self._addresses = addresses
        self._environments = environments
        self._permits = permits
        self._puller = Puller(client, policy)
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # the loop's: what hears of an end starts tasks in it
        self._calls = anyio.CapacityLimiter(CALLS)
        self._signals = ThreadPoolExecutor(1, "docker-signals")  # one: in order
        self._tasks: dict[str, _Task] = {}
        self._owners: dict[str, tuple[str, str]] = {}  # container id: task and name
        self._tell: Callable[[Exit], None] = lambda _: None
        self._ruling = asyncio.Lock()
        self._ends = Ends(client, place.project, self._on_end, self._on_loss)

    @property
    def limits(self) -> tuple[str, ...]:
        return LIMITS[self._place.cap_cpu :]

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        self._tell = callback

    async def provision(
        self, task: str, zone: str, *, ingress: Sequence[int], egress: Sequence[tuple[str, int]]
    ) -> Network:
        if task not in self._tasks:
            ports = Ports(tuple(ingress), tuple(egress))
            self._tasks[task] = await self._make_network(task, zone, ports)
        return self._tasks[task].network

    async def _make_network(self, task: str, zone: str, ports: Ports) -> _Task:
        """A pause container at an address that nobody has: a stranger may have taken some."""
        for attempt in range(ADDRESS_TRIES):
            address = self._addresses.take(zone)
            planned = network.plan(address, ports)
            permits = self._permits(task)
            rules = firewall.first_rules(permits, address, planned.redirects)
            document = containers.pause(self._place, task, zone, ports, planned, rules)
            try:
                made = await self._call(self._run_pause, task, document)
            except CannotStartContainerError as error:
                if "already in use" not in str(error) or attempt == ADDRESS_TRIES - 1:
                    self._addresses.give_back(address)
                    raise
            else:
                return _Task(planned, zone, made, firewall.groups_rules(permits))
        raise AssertionError("the last attempt returns or raises")

    def _run_pause(self, task: str, document: containers.Document) -> str:
        return self._run(self._place.container_name(task), document, lambda _: None)

    async def pull(self, image: str) -> str:
        return await self._call(self._puller.pull, image)

    async def start(self, task: str, network: Network, spec: ContainerSpec) -> None:
        record = self._tasks[task]
        if spec.name in record.containers:
            return
        await self.enforce()
        document = await self._call(self._document, task, record.pause, spec)
        name = self._place.container_name(task, spec.name)

        def made(container_id: str) -> None:
            record.containers[spec.name] = _Container(container_id)
            self._owners[container_id] = (task, spec.name)

        try:
            made_id = await self._call(self._run, name, document, made)
        except CannotStartContainerError:
            gone = record.containers.pop(spec.name, None)
            if gone is not None:
                del self._owners[gone.id]
            raise
        record.containers[spec.name].follower = Follower(self._client, made_id, spec.log)

    def _document(self, task: str, pause_id: str, spec: ContainerSpec) -> containers.Document:
        """What to create; a volume that is named for the first time gets our label."""
        if self._environments.is_proxy(spec.image):
            return containers.proxy(self._place, task, spec, pause_id)
        chosen = self._environments.complete(spec)
        for mount in chosen.mounts:
            self._client.create_volume(
                self._place.volume_name(mount.source),
                labels={labels.PROJECT: self._place.project},
            )
        return containers.application(self._place, task, chosen, pause_id, chosen.environment)

    def _run(self, name: str, document: containers.Document, made: Callable[[str], None]) -> str:
        """Create and start; nothing is left of a container that does not start. Blocks."""
        container_id = None
        try:
            created = self._client.create_container_from_config(document, name)
            container_id = str(created["Id"])
            made(container_id)
            self._client.start(container_id)
        except ERRORS as error:
            if container_id is not None:
                remove_containers(self._client, [container_id])
            raise CannotStartContainerError(reason(error)) from error
        return container_id

    async def probe(
        self, task: str, container: str, command: Sequence[str], timeout_ms: int
    ) -> bool:
        """True for NONE; false while an earlier check of the container still runs."""
        found = self._find(task, container)
        words = check(command)
        if not words or found is None:
            return not words
        with anyio.move_on_after(timeout_ms / 1000):
            return await anyio.to_thread.run_sync(
                self._probe, found, words, abandon_on_cancel=True, limiter=self._calls
            )
        return False

    def _probe(self, container: _Container, words: Sequence[str]) -> bool:
        try:
            if container.probing and self._client.exec_inspect(container.probing)["Running"]:
                return False
            container.probing = self._client.exec_create(container.id, list(words))["Id"]
            self._client.exec_start(container.probing)
            code: int | None = self._client.exec_inspect(container.probing)["ExitCode"]
        except ERRORS:
            return False  # it ended, or is frozen
        return code == 0

    def signal(self, task: str, container: str, number: Signals) -> None:
        found = self._find(task, container)
        if found is not None and not found.ended:
            self._signals.submit(self._kill, found.id, number)

    def _kill(self, container_id: str, number: Signals) -> None:
        """A frozen container thaws for a signal, as it does for `docker stop`."""
        try:
            self._client.kill(container_id, number.value)
            if self._client.inspect_container(container_id)["State"]["Paused"]:
                self._client.unpause(container_id)
        except ERRORS:
            return  # it has ended; that is on its way by the events

    def is_starting(self, network: Network, port: int) -> bool:
        """False: the engine shares the processors out fairly between containers."""
        return False

    async def enforce(self) -> None:
        """Bring every task's network up to its security groups; does little if nothing changed."""
        async with self._ruling:
            changed = []
            for task, record in self._tasks.items():
                rules = firewall.groups_rules(self._permits(task))
                if rules != record.rules:
                    changed.append((record, rules))
            async with anyio.create_task_group() as tasks:
                for record, rules in changed:
                    tasks.start_soon(self._enforce, record, rules)

    async def _enforce(self, record: _Task, rules: str) -> None:
        if await self._call(self._set_rules, record.pause, rules):
            record.rules = rules

    def _set_rules(self, pause_id: str, rules: str) -> bool:
        """False if the task is going."""
        command = ["/bin/sh", "-c", 'printf %s "$RULES" | iptables-restore --noflush']
        try:
            made = self._client.exec_create(
                pause_id, command, user="0", environment={"RULES": rules}
            )
            self._client.exec_start(made["Id"])
            code: int | None = self._client.exec_inspect(made["Id"])["ExitCode"]
        except ERRORS:
            return False
        return code == 0

    async def adopt(self, tasks: Mapping[str, Collection[str]]) -> None:
        found = await self._call(find_left, self._client, self._place.project, tasks)
        for task, left in found.items():
            self._addresses.keep(left.zone, left.network.address)
            record = _Task(left.network, left.zone, left.pause, rules="")
            self._tasks[task] = record
            for one in left.containers:
                record.containers[one.name] = _Container(
                    one.id, Follower(self._client, one.id, one.log)
                )
                self._owners[one.id] = (task, one.name)
        for task, names in tasks.items():
            for name in names:
                if self._find(task, name) is None:
                    self._tell(Exit(task, name, KILLED))
        await self.enforce()
        await self._call(self._on_loss)  # tells those that ended while nobody listened

    async def release(self, task: str) -> None:
        record = self._tasks.pop(task, None)
        if record is None:
            return
        try:
            await self._call(self._remove, record)
        finally:
            self._addresses.give_back(record.network.address)
            for container in record.containers.values():
                self._owners.pop(container.id, None)

    def _remove(self, record: _Task) -> None:
        remove_containers(self._client, [c.id for c in record.containers.values()])
        for container in record.containers.values():
            if container.follower is not None:
                container.follower.end()
        remove_containers(self._client, [record.pause])

    async def close(self) -> None:
        self._ends.close()
        self._signals.shutdown(wait=False, cancel_futures=True)
        await self._call(sweep, self._client, self._place.project)
        self._client.close()

    def _on_end(self, container_id: str) -> None:
        """In the thread of the events."""
        code, why = verdict(self._client, container_id)
        if code is not None:
            told = partial(self._ended, container_id, code, why)
            self._loop.call_soon_threadsafe(told, context=self._context)

    def _on_loss(self) -> None:
        """Look at every container, as some of their ends may not have been heard. In a thread."""
        for container_id in list(self._owners):
            self._on_end(container_id)

    def _ended(self, container_id: str, code: int, why: str | None) -> None:
        task, name = self._owners.get(container_id, ("", ""))
        found = self._find(task, name)
        if found is not None and not found.ended:
            found.ended = True
            self._tell(Exit(task, name, code, why))
        elif not task:
            self._end_networkless(container_id)

    def _end_networkless(self, pause_id: str) -> None:
        """Without its network a task is nothing: end what is left of it."""
        for task, record in self._tasks.items():
            if record.pause == pause_id:
                for name in record.containers:
                    self.signal(task, name, Signals.SIGKILL)

    def _find(self, task: str, container: str) -> _Container | None:
        return self._tasks[task].containers.get(container) if task in self._tasks else None

    async def _call(self, function: Callable[..., T], *given: object) -> T:
        return await anyio.to_thread.run_sync(function, *given, limiter=self._calls)

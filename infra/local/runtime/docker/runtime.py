"""Tasks as containers: a `protocol.Runtime` on a Docker engine."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from signal import Signals
from typing import Any, TypeVar

import anyio

from infra.local.runtime.docker import acts, containers, firewall, labels, network
from infra.local.runtime.docker.addresses import ZoneAddresses
from infra.local.runtime.docker.containers import Place
from infra.local.runtime.docker.engine import ERRORS, EngineError, reason
from infra.local.runtime.docker.environment import Environments, check
from infra.local.runtime.docker.events import Ends
from infra.local.runtime.docker.inspection import LeftTask, find_left, verdict
from infra.local.runtime.docker.labels import Ports
from infra.local.runtime.docker.pulling import Puller, PullPolicy
from infra.local.runtime.docker.sweep import sweep
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
SIGNALLERS = 8  # a kill waits for the container's end
ADDRESS_TRIES = 8
ADDRESS_TAKEN = "Address already in use"  # the engine's words
RELEASE_TRIES = 120  # while the engine is away
RELEASE_AGAIN_S = 0.5
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
        self._signals = [ThreadPoolExecutor(1, f"signals-{n}") for n in range(SIGNALLERS)]
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
                if ADDRESS_TAKEN not in str(error) or attempt == ADDRESS_TRIES - 1:
                    self._addresses.give_back(address)
                    raise
            else:
                return _Task(planned, zone, made, firewall.groups_rules(permits))
        raise AssertionError("the last attempt returns or raises")

    def _run_pause(self, task: str, document: containers.Document) -> str:
        return acts.run_network(self._client, self._place.container_name(task), document)

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
            made_id = await self._call(acts.run, self._client, name, document, made)
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
        try:
            for mount in chosen.mounts:
                self._client.create_volume(
                    self._place.volume_name(mount.source),
                    labels={labels.PROJECT: self._place.project},
                )
        except ERRORS as error:
            raise CannotStartContainerError(reason(error)) from error
        return containers.application(self._place, task, chosen, pause_id, chosen.environment)

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
            return acts.finish(self._client, container.probing) == 0
        except ERRORS:
            return False  # it ended, or is frozen

    def signal(self, task: str, container: str, number: Signals) -> None:
        found = self._find(task, container)
        if found is not None and not found.ended:
            mine = self._signals[int(found.id[:8], 16) % SIGNALLERS]  # one container's in order
            mine.submit(acts.send, self._client, found.id, number)

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
        if await self._call(acts.set_rules, self._client, record.pause, rules):
            record.rules = rules

    async def adopt(self, tasks: Mapping[str, Collection[str]]) -> None:
        """Raises EngineError if the engine goes meanwhile."""
        try:
            found = await self._call(find_left, self._client, self._place.project, tasks)
            for task, left in found.items():
                self._take(task, left)
            for task, names in tasks.items():
                for name in names:
                    if self._find(task, name) is None:
                        self._tell(Exit(task, name, KILLED))
            await self.enforce()
            await self._call(self._on_loss)  # tells those that ended while nobody listened
        except ERRORS as error:
            raise EngineError(f"the engine does not answer: {reason(error)}", "") from error

    def _take(self, task: str, left: LeftTask) -> None:
        self._addresses.keep(left.zone, left.network.address)
        record = self._tasks[task] = _Task(left.network, left.zone, left.pause, rules="")
        for one in left.containers:
            follower = Follower(self._client, one.id, one.log)
            record.containers[one.name] = _Container(one.id, follower)
            self._owners[one.id] = (task, one.name)

    async def release(self, task: str) -> None:
        """If the engine is away, wait for it for a minute. Raises ERRORS after that."""
        record = self._tasks.pop(task, None)
        left = list(record.containers.values()) if record else []
        followers = [c.follower for c in left if c.follower]
        ids = [c.id for c in left if not c.ended]
        project = self._place.project
        try:
            await self._insist(acts.remove_task, self._client, project, task, ids, followers)
        finally:
            if record is not None:
                self._addresses.give_back(record.network.address)
            for container in left:
                self._owners.pop(container.id, None)

    async def _insist(self, function: Callable[..., None], *given: object) -> None:
        for _ in range(RELEASE_TRIES - 1):
            try:
                return await self._call(function, *given)
            except ERRORS:
                await anyio.sleep(RELEASE_AGAIN_S)
        return await self._call(function, *given)

    async def close(self) -> None:
        """What an engine that has gone keeps, the reaper or the next plane removes."""
        self._ends.close()
        for signaller in self._signals:
            signaller.shutdown(wait=False, cancel_futures=True)
        for record in self._tasks.values():
            for container in record.containers.values():
                if container.follower is not None:
                    container.follower.stop()
        with suppress(*ERRORS):
            await self._call(sweep, self._client, self._place.project)
        self._client.close()

    def _on_end(self, container_id: str) -> None:
        """In the thread of the events. Raises ERRORS."""
        code, why = verdict(self._client, container_id)
        if code is not None:
            told = partial(self._ended, container_id, code, why)
            self._loop.call_soon_threadsafe(told, context=self._context)

    def _on_loss(self) -> None:
        """Look at every container, as some of their ends may not have been heard. In a thread.

        Raises ERRORS.
        """
        pauses = [record.pause for record in list(self._tasks.values())]
        for container_id in [*self._owners, *pauses]:
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
                for name in list(record.containers):
                    self.signal(task, name, Signals.SIGKILL)

    def _find(self, task: str, container: str) -> _Container | None:
        return self._tasks[task].containers.get(container) if task in self._tasks else None

    async def _call(self, function: Callable[..., T], *given: object) -> T:
        return await anyio.to_thread.run_sync(function, *given, limiter=self._calls)

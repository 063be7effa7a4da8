"""Bringing one task up: PROVISIONING to RUNNING (R1.3, R1.10, R1.32, R6.10)."""

from collections.abc import Callable
from itertools import count

import anyio

from infra.local import store
from infra.local.control.context import Context
from infra.local.control.dependencies import is_met, start_order
from infra.local.control.gate import StartGate
from infra.local.control.probes import Prober
from infra.local.control.records import move, new_container
from infra.local.control.sidecars import CannotInitializeError, Sidecars, Specs
from infra.local.runtime.addresses import OutOfAddressesError
from infra.local.runtime.protocol import (
    CannotPullContainerError,
    CannotStartContainerError,
    ContainerSpec,
    Network,
    Runtime,
)
from infra.local.scheduler.lifecycle import TaskEvent, is_active
from infra.local.scheduler.model import TaskStatus

READY_LIMIT_MS = 15_000  # an Envoy that is not ready by then never will be
START_LIMIT_S = 180  # startTimeout where the task definition has none, unscaled
PROXY_STOP_TIMEOUT_S = 10  # Envoy ends at once; unscaled


class OvertakenError(Exception):
    """The task is being stopped, so nothing more of it is to be started."""


class CannotBringUpError(Exception):
    """The task cannot start; the text is its stoppedReason (section 1.2)."""


class BringUp:
    """Runs the starts of all tasks; `notice` tells the one that waits of a change."""

    def __init__(
        self,
        context: Context,
        runtime: Runtime,
        sidecars: Sidecars,
        specs: Specs,
        prober: Prober,
        changed: Callable[[store.Task], None],
    ) -> None:
        self._context = context
        self._runtime = runtime
        self._sidecars = sidecars
        self._specs = specs
        self._prober = prober
        self._changed = changed
        self._notices: dict[str, anyio.Event] = {}
        self._births = count()
        self._gate = StartGate(context, runtime)

    def notice(self, task: store.Task) -> None:
        """Something about the task changed: let a waiting start look again."""
        if task.id in self._notices:
            self._notices[task.id].set()

    async def run(self, task: store.Task) -> None:
        """Take the task to RUNNING, from any status before it.

        Raises CannotBringUpError or OvertakenError.
        """
        self._notices[task.id] = anyio.Event()
        draw = f"{self._context.seed}/{next(self._births)}"
        try:
            network = await self._provision(task, draw)
            if task.status is TaskStatus.PENDING:
                await self._pull(task, draw)
            await self._start(task, network)
        except CannotPullContainerError as error:
            raise CannotBringUpError(f"CannotPullContainerError: {error}") from error
        except CannotStartContainerError as error:
            raise CannotBringUpError(f"CannotStartContainerError: {error}") from error
        except (CannotInitializeError, OutOfAddressesError) as error:
            raise CannotBringUpError(f"ResourceInitializationError: {error}") from error
        finally:
            del self._notices[task.id]

    async def resume(self, task: store.Task) -> None:
        """Watch a task that an earlier plane brought up."""
        definition = self._context.records.definitions[task.task_definition]
        self._sidecars.prepare(task, await self._network(task))
        for container in definition.containers:
            state = next(c for c in task.containers if c.name == container.name)
            if state.last_status == "RUNNING":
                self._watch(task, state, container.health_check)

    async def _provision(self, task: store.Task, draw: str) -> Network:
        """An adopted task may have its network already; it is the same one then."""
        if task.status is not TaskStatus.PROVISIONING:
            return await self._network(task)
        await self._pause(task, "provisioning", draw)
        network = await self._network(task)
        task.connectivity_ms = self._context.clock.now_ms()
        self._move(task, TaskEvent.PROVISIONED)
        return network

    async def _network(self, task: store.Task) -> Network:
        egress = [(alias.dns_name, alias.port) for alias in self._sidecars.aliases(task)]
        ingress = self._sidecars.intercepted(task)
        try:
            network = await self._runtime.provision(
                task.id, task.zone, ingress=ingress, egress=egress
            )
        except CannotStartContainerError as error:  # the container that is the network
            raise CannotBringUpError(f"ResourceInitializationError: {error}") from error
        task.address, task.inner_address = network.address, network.inner_address
        return network

    async def _pull(self, task: store.Task, draw: str) -> None:
        task.pull_started_ms = self._context.clock.now_ms()
        await self._pause(task, "pull", draw)
        for state in task.containers:
            state.image_digest = await self._runtime.pull(state.image)
        task.pull_stopped_ms = self._context.clock.now_ms()
        self._move(task, TaskEvent.PULLED)

    async def _start(self, task: store.Task, network: Network) -> None:
        definition = self._context.records.definitions[task.task_definition]
        proxy = self._sidecars.prepare(task, network)
        if proxy is not None:
            await self._start_proxy(task, network, proxy)
        for container in start_order(definition.containers):
            state = next(c for c in task.containers if c.name == container.name)
            if state.last_status == "PENDING":
                await self._start_application(task, network, container)
            elif state.last_status == "RUNNING":  # an earlier plane started it
                self._watch(task, state, container.health_check)
        self._move(task, TaskEvent.STARTED)

    async def _start_application(
        self, task: store.Task, network: Network, container: store.Container
    ) -> None:
        await self._wait_for_dependencies(task, container)
        proxy = self._sidecars.proxy(task, network)
        spec = await self._specs.make(task, container, network, proxy)
        await self._start_container(task, network, spec, container.health_check)

    async def _start_proxy(self, task: store.Task, network: Network, spec: ContainerSpec) -> None:
        state = next((c for c in task.containers if c.name == spec.name), None)
        if state is None:
            state = self._add_proxy(task, spec)
        if state.last_status == "PENDING":
            await self._start_container(task, network, spec, None)
        if not await self._sidecars.ready(task.id, READY_LIMIT_MS):
            raise CannotBringUpError("ServiceConnect proxy did not become healthy in time")

    def _add_proxy(self, task: store.Task, spec: ContainerSpec) -> store.ContainerState:
        proxy = store.Container(spec.name, spec.image, stop_timeout=PROXY_STOP_TIMEOUT_S)
        cluster = task.cluster.rsplit("/", 1)[1]
        state = new_container(self._context.records, task.id, cluster, proxy)
        for other in task.containers:  # the application outlives nothing that it speaks through
            other.depends_on = (*other.depends_on, spec.name)
        task.containers.append(state)
        return state

    async def _start_container(
        self,
        task: store.Task,
        network: Network,
        spec: ContainerSpec,
        check: store.HealthCheck | None,
    ) -> None:
        state = next(c for c in task.containers if c.name == spec.name)
        await self._gate.enter()
        try:
            self._demand_active(task)
            # From here on it may end at any time, and is to be stopped with the task.
            state.last_status, state.started_ms = "RUNNING", self._context.clock.now_ms()
            state.starting = True
            await self._runtime.start(task.id, network, spec)
            state.starting = False
        except (CannotPullContainerError, CannotStartContainerError) as error:
            state.last_status, state.reason = "STOPPED", f"{type(error).__name__}: {error}"
            state.starting = False
            self._gate.leave()
            raise
        except OvertakenError:
            self._gate.leave()
            raise
        self._gate.leave_later(state, network, spec.port)
        self._changed(task)
        self._watch(task, state, check)

    def _watch(
        self, task: store.Task, state: store.ContainerState, check: store.HealthCheck | None
    ) -> None:
        if check is not None:
            self._context.spawn(self._prober.watch, task, state, check)

    async def _wait_for_dependencies(self, task: store.Task, container: store.Container) -> None:
        limit_ms = self._context.scaled_ms(container.start_timeout or START_LIMIT_S)
        for name, condition in container.depends_on:
            state = next(c for c in task.containers if c.name == name)
            with anyio.move_on_after(limit_ms / 1000) as scope:
                await self._until(task, lambda s=state, c=condition: is_met(c, s))  # type: ignore[misc] # mypy cannot infer lambda defaults
            if scope.cancelled_caught:
                raise CannotBringUpError(f"dependency {name} did not become {condition} in time")

    async def _pause(self, task: store.Task, knob: str, draw: str) -> None:
        """Wait as long as the tempo says, or until the task is stopped."""
        with anyio.move_on_after(
            self._context.profile.draw(knob, draw, self._context.scale) / 1000
        ):
            await self._until(task, lambda: False)

    async def _until(self, task: store.Task, condition: Callable[[], bool]) -> None:
        while not condition():
            self._demand_active(task)
            self._notices[task.id] = anyio.Event()
            await self._notices[task.id].wait()

    def _demand_active(self, task: store.Task) -> None:
        if not is_active(task.status):
            raise OvertakenError

    def _move(self, task: store.Task, event: TaskEvent) -> None:
        if move(task, event, self._context.clock.now_ms(), self._context.note):
            self._changed(task)
        self._demand_active(task)

"""A runtime, Service Connect and spec maker in memory, and a plane's worth of context for them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from signal import Signals

from anyio.abc import TaskGroup

from infra.local import store
from infra.local.control.context import Context
from infra.local.control.records import new_task
from infra.local.guarded import Guarded
from infra.local.runtime.protocol import (
    CannotPullContainerError,
    CannotStartContainerError,
    ContainerSpec,
    Exit,
    Network,
)
from infra.local.scheduler.model import StopOrder
from infra.local.tempo import load_profile

CLUSTER = "arn:aws:ecs:eu-central-1:000000000000:cluster/c"


class TickingClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms


class FakeRuntime:
    """Remembers what was asked; containers end when `end` is called or they are signalled."""

    limits: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.missing: set[str] = set()
        self.broken: set[str] = set()
        self._tell: Callable[[Exit], None] = lambda _: None

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        self._tell = callback

    async def provision(
        self, task: str, zone: str, *, ingress: Sequence[int], egress: Sequence[tuple[str, int]]
    ) -> Network:
        self.calls.append("provision")
        return Network("127.70.10.1", "127.70.10.1")

    async def pull(self, image: str) -> str:
        self.calls.append(f"pull {image}")
        if image in self.missing:
            raise CannotPullContainerError(f"{image}: not found")
        return "sha256:0"

    async def start(self, task: str, network: Network, spec: ContainerSpec) -> None:
        if spec.name in self.broken:
            raise CannotStartContainerError(f"{spec.name}: no such file")
        self.calls.append(f"start {spec.name}")

    async def probe(
        self, task: str, container: str, command: Sequence[str], timeout_ms: int
    ) -> bool:
        return True

    def signal(self, task: str, container: str, number: Signals) -> None:
        self.calls.append(f"{number.name} {container}")

    def is_starting(self, network: Network, port: int) -> bool:
        return False

    async def adopt(self, tasks: Mapping[str, Collection[str]]) -> None:
        self.calls.append(f"adopt {sorted(tasks)}")

    def end(self, task: store.Task, container: str, code: int) -> None:
        self._tell(Exit(task.id, container, code))

    async def enforce(self) -> None:
        return

    async def release(self, task: str) -> None:
        self.calls.append("release")

    async def close(self) -> None:
        self.calls.append("close")


class NoSidecars:
    """No Service Connect."""

    def intercepted(self, task: store.Task) -> tuple[int, ...]:
        return ()

    def aliases(self, task: store.Task) -> tuple[store.Alias, ...]:
        return ()

    def prepare(self, task: store.Task, network: Network) -> ContainerSpec | None:
        return None

    def proxy(self, task: store.Task, network: Network) -> str | None:
        return None

    async def ready(self, task_id: str, limit_ms: int) -> bool:
        return True

    def refresh(self) -> None:
        return

    def forget(self, task_id: str) -> None:
        return


class PlainSpecs:
    """Container specs with nothing but name and image."""

    async def make(
        self, task: store.Task, container: store.Container, network: Network, proxy: str | None
    ) -> ContainerSpec:
        return ContainerSpec(container.name, container.image, Path("/dev/null"))


def make_context(tasks: TaskGroup, notes: list[tuple[str, Mapping[str, object]]]) -> Context:
    """A context without latency at a time scale of 20."""

    def note(kind: str, fields: Mapping[str, object]) -> None:
        notes.append((kind, fields))

    return Context(
        records=store.Store("eu-central-1"),
        clock=TickingClock(),
        scale=20,
        profile=load_profile("fast"),
        seed="0",
        stop_order=StopOrder.DEREGISTER_FIRST,
        note=note,
        spawn=Guarded(tasks, note),
        group_changed=lambda arn: None,
    )


def make_task(context: Context, *containers: store.Container) -> store.Task:
    """A task of a definition with these containers, in the store."""
    arn = context.records.arn("ecs", "task-definition/f:1")
    definition = store.TaskDefinition(arn, "f", 1, {}, containers, registered_ms=0)
    context.records.definitions[arn] = definition
    task = new_task(context.records, definition, CLUSTER, "eu-central-1a", 0)
    context.records.tasks[task.arn] = task
    return task

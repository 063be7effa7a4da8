"""Containers that outlive a plane: an engine in memory, and the runtime of the plane of the day."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from signal import Signals

import anyio

from infra.local.runtime.protocol import CannotStartContainerError, ContainerSpec, Exit, Network

KILLED = 137


@dataclass(slots=True)
class Made:
    """A container. `code` once it has ended; `signalled` once it was told to."""

    name: str
    ready_s: float
    code: int | None = None
    signalled: bool = False


@dataclass(slots=True)
class Housing:
    address: str
    containers: dict[str, Made] = field(default_factory=dict)


class Engine:
    """Runs containers, whoever asks. How long things take is drawn: a call up to twice `slow_s`.

    `flaky` is the share of applications that do not start.
    """

    def __init__(self, random: Random, slow_s: float = 0.04, flaky: float = 0.0) -> None:
        self.random = random
        self.slow_s = slow_s
        self.flaky = flaky
        self.tasks: dict[str, Housing] = {}
        self.started: list[str] = []
        self.on_signal: Callable[[str], None] = lambda task: None
        self.runtime: OutlivingRuntime | None = None
        self._count = 0

    def house(self, task: str) -> Housing:
        if task not in self.tasks:
            self._count += 1
            self.tasks[task] = Housing(f"10.0.{self._count // 250}.{self._count % 250 + 1}")
        return self.tasks[task]

    def start(self, task: str, name: str) -> None:
        containers = self.tasks[task].containers
        assert name not in containers, f"{name} of {task} is started twice"
        ready_s = asyncio.get_running_loop().time() + self.random.uniform(0.02, 0.3)
        containers[name] = Made(name, ready_s)
        self.started.append(f"{task}/{name}")

    def signal(self, task: str, name: str, number: Signals) -> None:
        made = self._find(task, name)
        if made is None or made.code is not None:
            return
        self.on_signal(task)
        made.signalled = True
        if number is Signals.SIGKILL:
            self.end(task, name, KILLED)
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(self.random.uniform(0.01, 0.5), self.end, task, name, 143)

    def end(self, task: str, name: str, code: int) -> None:
        """The container ends, and whoever is the plane now hears of it."""
        made = self._find(task, name)
        if made is not None and made.code is None:
            made.code = code
            if self.runtime is not None:
                self.runtime.hear(task, name, code)

    def remove(self, task: str) -> None:
        self.tasks.pop(task, None)

    def serves(self, address: str) -> bool:
        """Whether the application at the address answers well."""
        now_s = asyncio.get_running_loop().time()
        return any(
            all(self.runs(task, name) for name in housing.containers)
            and "app" in housing.containers
            and housing.containers["app"].ready_s <= now_s
            for task, housing in self.tasks.items()
            if housing.address == address
        )

    def runs(self, task: str, name: str) -> bool:
        """Whether it runs and was not told to end."""
        made = self._find(task, name)
        return made is not None and made.code is None and not made.signalled

    def _find(self, task: str, name: str) -> Made | None:
        return self.tasks[task].containers.get(name) if task in self.tasks else None


class OutlivingRuntime:
    """A `Runtime` on the engine, until `die`."""

    limits: tuple[str, ...] = ()

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._dead = False
        self._own: dict[str, set[str]] = {}  # containers whose end it tells
        self._tell: Callable[[Exit], None] = lambda _: None

    def die(self) -> None:
        """Its plane was killed: nothing of what it still does has any effect."""
        self._dead = True
        self._engine.runtime = None

    def hear(self, task: str, name: str, code: int) -> None:
        if name in self._own.get(task, ()):
            self._own[task].discard(name)
            self._tell(Exit(task, name, code))

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        self._tell = callback

    async def provision(
        self, task: str, zone: str, *, ingress: Sequence[int], egress: Sequence[tuple[str, int]]
    ) -> Network:
        if task not in self._own:
            await self._work()
            self._own[task] = set()
            self._engine.house(task)
            await self._work()
        address = self._engine.house(task).address
        return Network(address, address)

    async def pull(self, image: str) -> str:
        await self._work()
        return "sha256:0"

    async def start(self, task: str, network: Network, spec: ContainerSpec) -> None:
        if spec.name in self._engine.tasks[task].containers:
            return
        await self._work()
        if spec.name == "app" and self._engine.random.random() < self._engine.flaky:
            raise CannotStartContainerError("it is not to be")
        self._own[task].add(spec.name)
        self._engine.start(task, spec.name)
        await self._work()

    async def probe(
        self, task: str, container: str, command: Sequence[str], timeout_ms: int
    ) -> bool:
        return self._engine.runs(task, container)

    def signal(self, task: str, container: str, number: Signals) -> None:
        if not self._dead:
            self._engine.signal(task, container, number)

    def is_starting(self, network: Network, port: int) -> bool:
        return False

    async def adopt(self, tasks: Mapping[str, Collection[str]]) -> None:
        await self._work()
        self._engine.runtime = self
        for task in self._engine.tasks.keys() - tasks.keys():
            self._engine.remove(task)
        for task, believed in tasks.items():
            found = self._take(task, believed)
            for name in believed:
                code = found.get(name, KILLED)
                if code is not None:
                    self._tell(Exit(task, name, code))

    def _take(self, task: str, believed: Collection[str]) -> dict[str, int | None]:
        """The task's containers with their exit codes; what ended unbelieved can be made anew."""
        if task not in self._engine.tasks:
            return {}
        containers = self._engine.tasks[task].containers
        for name, made in list(containers.items()):
            if made.code is not None and name not in believed:
                del containers[name]
        self._own[task] = {name for name, made in containers.items() if made.code is None}
        return {name: made.code for name, made in containers.items()}

    async def enforce(self) -> None:
        return

    async def release(self, task: str) -> None:
        await self._work()
        self._own.pop(task, None)
        self._engine.remove(task)

    async def close(self) -> None:
        self._engine.tasks.clear()

    async def _work(self) -> None:
        """Some time passes; a killed plane gets no further."""
        await anyio.sleep(self._engine.random.uniform(0.001, self._engine.slow_s))
        if self._dead:
            await anyio.sleep_forever()

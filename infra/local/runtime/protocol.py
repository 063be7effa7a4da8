"""What a runtime promises: the one seam between the control plane and processes or containers.

A task is a network (its pretend ENI) and the containers that share it, the Service Connect proxy
among them. The plane calls `provision`, `pull` and `start` in this order, `signal` any number of
times, and `release` exactly once. All durations are milliseconds and already scaled.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Network:
    """A task's addresses.

    `address` is what the task's ENI has and targets register. `inner_address` is where a proxy of
    the task reaches the application. `aliases` maps each Service Connect alias, by `dns_name`, to
    the address that its name resolves to in the task. `redirects` maps an address and port to
    the port where the kernel brings its connections: the proxy must listen there, as something
    else of the task has the port on all addresses.
    """

    address: str
    inner_address: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    redirects: Mapping[tuple[str, int], int] = field(default_factory=dict)

    def listener_port(self, address: str, port: int) -> int:
        """The port of that address where a proxy has to listen for what is sent to `port`."""
        return self.redirects.get((address, port), port)


@dataclass(frozen=True, slots=True)
class Mount:
    """A task volume seen by a container. `source` is a directory on this machine."""

    source: Path
    container_path: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Resources:
    """What a container may use: CPU units (1,024 are a vCPU) and MiB; None: nothing is said."""

    cpu: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container to start: the task definition's container with overrides applied.

    `command` and `entry_point` are None where the task definition has none (the image's own is
    used). `environment` holds secrets too. `log` is the file that stdout and stderr go to. `proxy`
    is the URL of the task's egress proxy, used where alias names cannot be given to the container.
    The rest, from `resources` on, only a runtime with real containers can do (see its `limits`).
    """

    name: str
    image: str
    log: Path
    command: tuple[str, ...] | None = None
    entry_point: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    port: int | None = None
    proxy: str | None = None
    resources: Resources = Resources()
    read_only_root: bool = False
    user: str | None = None
    working_directory: str | None = None
    init_process: bool = False


@dataclass(frozen=True, slots=True)
class Exit:
    """A container's main process has ended. `code` is 0-255; 128 + n when signal n ended it.

    `reason` is ECS's text where the kernel ended it for its memory.
    """

    task: str
    container: str
    code: int
    reason: str | None = None


class RuntimeUnavailableError(Exception):
    """There is no such runtime on this machine; the message says why, `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class CannotPullContainerError(Exception):
    """The image is not there. The message is ECS's text without the error's name (section 1.2)."""


class CannotStartContainerError(Exception):
    """The container's command could not be started; the message says why."""


class Process(Protocol):
    """A child of the plane's outside any task: a load balancer's Envoy."""

    @property
    def pid(self) -> int:
        """The main process's id, as seen by the plane."""

    async def wait(self) -> int:
        """Wait for the end: the exit code, 128 + n when signal n ended it. Callable any times."""

    def signal(self, number: Signals) -> None:
        """Send a signal; nothing happens if the process has ended."""


class Launcher(Protocol):
    """Starts a process that dies with the plane, whatever way the plane ends."""

    async def __call__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> Process: ...


class Runtime(Protocol):
    """Starts and ends tasks. Every method is safe to call again after it has succeeded."""

    async def provision(
        self, task: str, zone: str, *, ingress: Sequence[int], egress: Sequence[tuple[str, int]]
    ) -> Network:
        """Give the task its addresses. Raises OutOfAddressesError.

        ingress: the task's ports that a proxy will own. egress: the Service Connect aliases that
        it will offer inside the task, by `dns_name` and port.
        """

    async def pull(self, image: str) -> str:
        """Return the image's digest (`sha256:...`), or raise CannotPullContainerError."""

    async def start(self, task: str, network: Network, spec: ContainerSpec) -> None:
        """Start the container, or raise CannotStartContainerError. Its end arrives by `on_exit`."""

    async def probe(
        self, task: str, container: str, command: Sequence[str], timeout_ms: int
    ) -> bool:
        """Run a health check command inside the container; true if it exited 0 in time."""

    def signal(self, task: str, container: str, number: Signals) -> None:
        """Send a signal to the container's main process. Nothing happens if it has ended."""

    def is_starting(self, network: Network, port: int) -> bool:
        """Whether a container just started does not listen yet; false where starts of several do
        not take the processors from containers that serve."""

    async def adopt(self, tasks: Mapping[str, Collection[str]]) -> None:
        """Take over what a plane that was killed left: these tasks' containers, by name.

        What else it left is ended. A container named here that does not run any more is told by
        `on_exit`.
        """

    async def enforce(self) -> None:
        """Bring every task's network up to its security groups, where they are enforced there."""

    async def release(self, task: str) -> None:
        """End whatever is left of the task (SIGKILL), give its addresses back."""

    async def close(self) -> None:
        """End every task and give everything back. Takes at most two seconds."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What this runtime does not emulate here, one sentence each, for reports."""

    def on_exit(self, callback: Callable[[Exit], None]) -> None:
        """Set who hears of every container's end, exactly once per started container."""

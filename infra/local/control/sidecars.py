"""What the agent needs of its neighbours: Service Connect, and the making of container specs."""

from typing import Protocol

from infra.local import store
from infra.local.runtime.protocol import ContainerSpec, Network


class Sidecars(Protocol):
    """Service Connect, seen from a task."""

    def intercepted(self, task: store.Task) -> tuple[int, ...]:
        """The container ports that the proxy owns on the task's address."""

    def aliases(self, task: store.Task) -> tuple[store.Alias, ...]:
        """The names that the task knows (R6.6)."""

    def prepare(self, task: store.Task, network: Network) -> ContainerSpec | None:
        """The proxy container to start, its files written; None without Service Connect."""

    def proxy(self, task: store.Task, network: Network) -> str | None:
        """The URL of the task's egress proxy, for where names do not resolve."""

    async def ready(self, task_id: str, limit_ms: int) -> bool:
        """Whether the proxy is ready within the limit."""

    def refresh(self) -> None:
        """Bring every proxy's endpoints up to date; cheap when nothing changed."""

    def forget(self, task_id: str) -> None:
        """The task is gone."""


class CannotInitializeError(Exception):
    """A secret or the like could not be fetched: ECS's ResourceInitializationError."""


class Specs(Protocol):
    """Makes what the runtime starts out of what the task definition says."""

    async def make(
        self, task: store.Task, container: store.Container, network: Network, proxy: str | None
    ) -> ContainerSpec:
        """The container with environment, secrets and log file.

        `proxy` is the URL at which the task's names are reached where they do not resolve.

        Raises CannotInitializeError.
        """

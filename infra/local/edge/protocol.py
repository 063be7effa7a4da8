"""What a load balancer's node needs from the place where its Envoy runs."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from infra.local.runtime.protocol import Process


class EdgeUnreachableError(ConnectionError):
    """The process that runs the Envoys does not answer; the message says what to do."""


class Running(NamedTuple):
    """An Envoy that runs already, and the command it was started with."""

    process: Process
    command: tuple[str, ...]


class Edge(Protocol):
    """Runs Envoys by name. All but `launch` take at most some seconds."""

    async def find(self, name: str) -> Running | None:
        """The Envoy that runs under this name since an earlier plane. EdgeUnreachableError."""

    async def sweep(self, names: Collection[str]) -> None:
        """End the Envoys that run under any other name. EdgeUnreachableError."""

    async def launch(self, name: str, command: Sequence[str], log: Path) -> Process:
        """Start an Envoy under this name.

        The same command again, while it runs, is the same Envoy. CannotStartContainerError if it
        cannot be started or the name runs another command; EdgeUnreachableError.
        """

    async def cut(self, pid: int, address: str, port: int) -> int:
        """Shut down this Envoy's connections to a target; how many there were (R4.31).

        PermissionError if that is not allowed there, ProcessLookupError if the Envoy has ended.
        """

    async def in_flight(self, pid: int, address: str, port: int) -> int:
        """How many connections to the target this Envoy has. Errors as `cut`."""

    async def why_taken(self, address: str, port: int) -> str | None:
        """One sentence saying why no Envoy can listen there now; None if one can."""

"""Envoys as children of the plane itself, which die with it."""

from collections.abc import Collection, Sequence
from pathlib import Path

from infra.local.balancing.port import why_taken
from infra.local.edge.protocol import Running
from infra.local.proxy import cut
from infra.local.runtime.protocol import Launcher, Process


class LocalEdge:
    """An `Edge` in this very process and network."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    async def find(self, name: str) -> Running | None:
        """None: no Envoy outlives the plane here."""
        return None

    async def sweep(self, names: Collection[str]) -> None:
        return

    async def launch(self, name: str, command: Sequence[str], log: Path) -> Process:
        return await self._launcher(command, {}, log)

    async def cut(self, pid: int, address: str, port: int) -> int:
        return cut.cut(pid, address, port)

    async def in_flight(self, pid: int, address: str, port: int) -> int:
        return cut.in_flight(pid, address, port)

    async def why_taken(self, address: str, port: int) -> str | None:
        return why_taken(address, port)

"""A running ELB controller with real Envoys, and a client for it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx

from infra.local.balancing.balancer import Balancers
from infra.local.balancing.targets import register
from infra.local.clock import SteadyClock
from infra.local.edge.local import LocalEdge
from infra.local.store import LoadBalancer, Store, Target, TargetGroup
from infra.local.ways import OPEN, Ways
from tests.balancing.launch import ChildLauncher, child_launcher
from tests.balancing.records import free_port
from tests.balancing.server import Server

LIMIT_S = 10


@dataclass
class Stage:
    store: Store
    balancers: Balancers
    launcher: ChildLauncher
    ports: dict[int, int]
    client: httpx.AsyncClient
    journal: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    clock: SteadyClock = field(default_factory=SteadyClock)

    def url(self, path: str = "/", port: int = 80) -> str:
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    def register(self, group: TargetGroup, server: Server, zone: str = "a") -> Target:
        register(group, "127.0.0.1", server.port, zone, self.clock.now_ms())
        self.balancers.group_changed(group.arn)
        return group.targets["127.0.0.1", server.port]

    async def ready(self, balancer: LoadBalancer) -> None:
        """Wait until the load balancer's listeners were pushed."""
        self.balancers.balancer_changed(balancer.arn)
        await until(lambda: self.said("envoy-push") or self.said("load-balancer-failed"))

    def said(self, kind: str) -> list[Mapping[str, object]]:
        return [facts for what, facts in self.journal if what == kind]

    async def until_said(self, kind: str, count: int) -> None:
        await until(lambda: len(self.said(kind)) >= count)


async def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait for a condition; TimeoutError if it never comes true."""
    with anyio.fail_after(limit_s):
        while not condition():
            await anyio.sleep(0.002)


@asynccontextmanager
async def staged(
    store: Store,
    directory: Path,
    scale: float = 20,
    propagation_ms: int = 0,
    ways: Ways = OPEN,
) -> AsyncIterator[Stage]:
    ports = {80: free_port(), 443: free_port()}
    journal: list[tuple[str, Mapping[str, object]]] = []
    changes: list[str] = []
    async with child_launcher() as launcher:
        balancers = Balancers(
            store,
            SteadyClock(),
            scale=scale,
            edge=LocalEdge(launcher),
            directory=directory,
            certificates=directory / "certificates",
            ports=ports,
            bind="127.0.0.1",
            journal=lambda kind, facts: journal.append((kind, facts)),
            on_target_change=changes.append,
            propagation_ms=propagation_ms,
            ways=ways,
        )
        async with anyio.create_task_group() as tasks, httpx.AsyncClient(timeout=10) as client:
            await tasks.start(balancers.run)
            yield Stage(store, balancers, launcher, ports, client, journal, changes)
            tasks.cancel_scope.cancel()

"""A few tasks on loopback addresses: records, applications, and their real proxies."""

import asyncio
import os
import random
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.connect.controller import ServiceConnect
from infra.local.proxy.admin import ask
from infra.local.proxy.binary import find_envoy
from infra.local.proxy.configs.sidecar_model import Policy
from infra.local.runtime.protocol import Network
from infra.local.store import Port, Service, Task
from tests.connect.application import Application
from tests.connect.records import add_service, add_task, alias, new_store, publish

READY_LIMIT_MS = 10_000


def free_block() -> tuple[str, int]:
    """A part of 127/8 to ourselves, as far as others choose by chance, and a free port."""
    block = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}"
    with socket.socket() as probe:
        probe.bind((f"{block}.1", 0))
        return block, int(probe.getsockname()[1])


async def until(condition: Callable[[], bool], limit_seconds: float = 5.0) -> None:
    async with asyncio.timeout(limit_seconds):
        while not condition():
            await asyncio.sleep(0.01)


@dataclass
class Stage:
    """`order-api` with the tasks that `serve` adds, and one client task at `alias_address`."""

    directory: Path
    exits: AsyncExitStack
    scale: int = 10
    policy: Policy = field(default_factory=Policy)
    timeout: dict[str, int] | None = None
    app_protocol: str | None = "http"
    by_host: bool = False

    def __post_init__(self) -> None:
        self.block, self.port = free_block()
        self.store = new_store()
        self.connect = ServiceConnect(
            self.store,
            directory=self.directory,
            scale=self.scale,
            envoy=find_envoy(os.environ),
            policy=self.policy,
            by_host=self.by_host,
        )
        self.order = self.service("order-api")
        self.networks: dict[str, Network] = {}
        self.alias_address = f"{self.block}.200"

    def service(self, name: str) -> Service:
        published = publish(timeout=self.timeout) if self.timeout else publish()
        ports = (Port(self.port, "http", self.app_protocol),)
        return add_service(self.store, name, ports=ports, published=(published,))

    async def serve(
        self, number: int, *, service: Service | None = None, proxied: bool = False, **app: Any
    ) -> tuple[Task, Application]:
        """A task at `<block>.<number>`; with a proxy its application is at `<block>.<100 + n>`."""
        outer = f"{self.block}.{number}"
        inner = f"{self.block}.{number + 100}" if proxied else outer
        application = Application(inner, self.port, **app)
        await application.start()
        self.exits.push_async_callback(application.stop)
        task = add_task(self.store, service or self.order, outer)
        if proxied:
            await self.run_proxy(task, Network(outer, inner))
        self.connect.refresh()
        return task, application

    async def call_from(self, number: int = 50, *known: Service) -> Task:
        """A client task that knows `known`, by default order-api."""
        services = known or (self.order,)
        names = tuple(alias(s, self.port) for s in services)
        client = add_service(self.store, f"client-{number}", ports=(), aliases=names)
        address = f"{self.block}.{number}"
        task = add_task(self.store, client, address)
        places = {n.dns_name: f"{self.block}.{200 + i}" for i, n in enumerate(names)}
        await self.run_proxy(task, Network(address, address, places))
        return task

    async def run_proxy(self, task: Task, network: Network) -> None:
        self.networks[task.id] = network
        spec = self.connect.prepare(task, network)
        assert spec is not None
        assert spec.command is not None
        with spec.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(*spec.command, stdout=log, stderr=log)
        self.exits.push_async_callback(end, process)
        assert await self.connect.ready(task.id, READY_LIMIT_MS), spec.log.read_text()

    async def members_seen(self, task: Task, count: int) -> None:
        """Wait until the task's proxy has taken over that order-api has so many members."""
        path = "/stats?filter=order-api.*membership_total"
        wanted = (200, f"cluster.order-api_{self.port}.membership_total: {count}\n")
        async with asyncio.timeout(5):
            while await ask(self.admin(task), path) != wanted:
                await asyncio.sleep(0.005)

    def log(self, task: Task) -> Path:
        return self.directory / task.id[:12] / "egress.jsonl"

    def admin(self, task: Task) -> Path:
        return self.directory / task.id[:12] / "admin.sock"


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()

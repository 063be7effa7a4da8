"""A container runtime under test, as the plane sees it, and its containers, as the engine does."""

import asyncio
import gc
import itertools
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from infra.local.runtime import logs
from infra.local.runtime.docker import engine, labels
from infra.local.runtime.docker.environment import Environments
from infra.local.runtime.docker.firewall import Permit
from infra.local.runtime.docker.inspection import verdict
from infra.local.runtime.docker.pulling import PullPolicy
from infra.local.runtime.docker.runtime import DockerRuntime
from infra.local.runtime.docker.setup import Setup
from infra.local.runtime.docker.sweep import sweep
from infra.local.runtime.images import Catalogue
from infra.local.runtime.protocol import ContainerSpec, Exit

IMAGE = "ecs-rehearsal:latest"  # has a shell, Python and iptables
SERVICE_IMAGE = "order-api:1"
IMAGES = (IMAGE, SERVICE_IMAGE, "inventory-api:1")
ZONES = ("eu-central-1a", "eu-central-1b")
WAIT_S = 20.0
LIVE = [
    pytest.mark.docker,
    pytest.mark.anyio,
    # of a connection that broke, the SDK leaves the socket to the collector
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
SERVER = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = sys.argv[2].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Answer).serve_forever()
"""
_numbers = itertools.count()


class Stage:
    """One runtime of one project. A task here has one container, `app`, unless it is told."""

    def __init__(self, vpc: Setup, folder: Path) -> None:
        self.vpc = vpc
        self.folder = folder
        self.project = f"rehearse-test-docker-{os.getpid()}-{next(_numbers)}"
        self.place = replace(vpc.place, project=self.project)
        self.client: Any = engine.connect()
        self.permits: dict[str, Sequence[Permit]] = {}
        self.exits: list[Exit] = []
        self.runtime = self.make_runtime()

    def make_runtime(
        self, policy: PullPolicy = PullPolicy.NEVER, *, cap_cpu: bool = False, client: Any = None
    ) -> DockerRuntime:
        made = DockerRuntime(
            client or engine.connect(),
            replace(self.place, cap_cpu=cap_cpu),
            self.vpc.addresses,
            Environments(Catalogue({}), 1, {}, "the-proxy"),
            policy,
            self.permits.get,
        )
        made.on_exit(self.exits.append)
        return made

    async def close(self) -> None:
        await self.runtime.close()
        await asyncio.to_thread(sweep, self.client, self.project)
        left = self.client.containers(all=True, filters=labels.filters(self.project))
        self.client.close()
        gc.collect()
        assert left == []

    def spec(self, task: str, *command: str, **more: Any) -> ContainerSpec:
        chosen = {"name": "app", "image": IMAGE, **more}
        log = self.folder / task / f"{chosen['name']}.log"
        return ContainerSpec(log=log, command=command or None, **chosen)

    async def start(self, task: str, *command: str, **more: Any) -> str:
        """Provision and start a task of one container; the task's address."""
        network = await self.runtime.provision(task, ZONES[0], ingress=(), egress=())
        await self.runtime.start(task, network, self.spec(task, *command, **more))
        return network.address

    async def shell(self, task: str, line: str, **more: Any) -> str:
        """The same for a line of shell, which is PID 1 and runs until it says `exit`."""
        return await self.start(task, "/bin/sh", "-c", line, **more)

    async def serve(self, task: str, said: str = "", port: int = 8080) -> str:
        """A task that answers each request with this text; the task's address."""
        address = await self.start(task, "python3", "-c", SERVER, str(port), said)
        await self.said_by(task, "python3", "-c", CONNECT.format("127.0.0.1", port))
        return address

    def inspect(self, task: str, name: str = "app") -> Any:
        return self.client.inspect_container(self.place.container_name(task, name))

    def names(self) -> set[str]:
        """Of the containers that are there, whatever their state."""
        found = self.client.containers(all=True, filters=labels.filters(self.project))
        return {one["Names"][0].rpartition("-")[2] for one in found}

    def log(self, task: str, name: str = "app") -> list[str]:
        return [text for _, text in logs.read(self.folder / task / f"{name}.log", limit=99_999)]

    async def exit_of(self, task: str, name: str = "app") -> Exit:
        """How the container ended, once that was told."""
        await until(lambda: any((e.task, e.container) == (task, name) for e in self.exits))
        (told,) = [e for e in self.exits if (e.task, e.container) == (task, name)]
        return told

    async def said_by(self, task: str, *words: str, name: str = "app") -> str:
        """What a command in the task's container says on stdout and stderr."""
        return await asyncio.to_thread(self._exec, task, words, name)

    def _exec(self, task: str, words: Sequence[str], name: str) -> str:
        made = self.client.exec_create(self.place.container_name(task, name), list(words))
        return str(self.client.exec_start(made["Id"]).decode().strip())

    async def calls(self, task: str, address: str, port: int = 8080) -> str:
        """What a task gets from an address: its answer, or why there is none."""
        return await self.said_by(task, "python3", "-c", GET.format(address, port))


CONNECT = """
import socket, time
for _ in range(500):
    try:
        socket.create_connection(("{}", {}), 1).close()
        break
    except OSError:
        time.sleep(0.02)
"""
GET = """
import socket, urllib.request
try:
    print(urllib.request.urlopen("http://{}:{}/", timeout=0.7).read().decode())
except Exception as error:
    print(getattr(error, "reason", error))
"""


async def until(condition: Callable[[], object], limit_s: float = WAIT_S) -> None:
    """Wait until the condition holds; after the limit the test fails."""
    deadline = time.monotonic() + limit_s
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await anyio.sleep(0.02)


def ended(stage: Stage, task: str, name: str = "app") -> bool:
    return verdict(stage.client, stage.place.container_name(task, name))[0] is not None

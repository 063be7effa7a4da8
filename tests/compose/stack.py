"""The stack of docker-compose.yml, from the present tree, on ports, names and a network of its own.

Compose is driven by testcontainers. What has to be another is in a second Compose file: the
project's name, the images' tags.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from testcontainers.compose import DockerCompose

from infra.local.runtime.docker.sweep import sweep_composed
from tests.plane.up import free_ports

ROOT = Path(__file__).parents[2]
SERVICES = ("order-api", "inventory-api")
NETWORKS = tuple(IPv4Network("10.250.0.0/16").subnets(new_prefix=20))
REHEARSE = (sys.executable, "-m", "rehearse")
COMMAND_LIMIT_S = 300
SOCKET = "/var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Images:
    """References of what the stack is made of."""

    plane: str
    locust: str
    postgres: str


@dataclass(frozen=True)
class Stack:
    """One stack. `folder` holds its two small files; nothing runs before `start`."""

    project: str
    images: Images
    folder: Path
    engine: Any  # docker.DockerClient
    scale: int = 10
    more: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = field(default_factory=lambda: tuple(free_ports(4)))

    @property
    def port(self) -> int:
        return self.ports[0]

    @property
    def https_port(self) -> int:
        return self.ports[2]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}"

    @property
    def locust_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[3]}"

    @cached_property
    def network(self) -> IPv4Network:
        """The first of our networks that no other of the engine's overlaps."""
        taken = [
            IPv4Network(pool["Subnet"])
            for made in self.engine.networks.list()
            for pool in made.attrs["IPAM"]["Config"] or ()
            if ":" not in pool["Subnet"]
        ]
        return next(n for n in NETWORKS if not any(n.overlaps(other) for other in taken))

    @property
    def variables(self) -> dict[str, str]:
        """What docker-compose.yml reads from the environment."""
        names = ("PORT", "HTTP_PORT", "HTTPS_PORT", "LOCUST_PORT")
        ports = {f"REHEARSE_{name}": str(p) for name, p in zip(names, self.ports, strict=True)}
        engines = next(self.network.subnets(new_prefix=24))
        return ports | {
            "REHEARSE_SUBNET": str(self.network),
            "REHEARSE_IP_RANGE": str(engines),
            "REHEARSE_SOCKET": engine_socket(),
            "REHEARSE_POSTGRES": self.images.postgres,
            "REHEARSE_TIME_SCALE": str(self.scale),
            "REHEARSE_PULL": "never",
            **self.more,
        }

    def compose(self, *profiles: str, services: Iterable[str] = ()) -> DockerCompose:
        """Compose for this stack, as testcontainers drives it."""
        self._write_files()
        return DockerCompose(
            ROOT,
            compose_file_name=[str(ROOT / "docker-compose.yml"), str(self._override)],
            env_file=str(self._environment),
            profiles=list(profiles) or None,
            services=list(services) or None,
        )

    @property
    def _override(self) -> Path:
        return self.folder / f"{self.project}.yml"

    @property
    def _environment(self) -> Path:
        return self.folder / f"{self.project}.env"

    def _write_files(self) -> None:
        services: dict[str, Any] = {
            "plane": {"image": self.images.plane},
            "alb": {"image": self.images.plane},
            "locust-master": {"image": self.images.locust},
            "locust-worker": {"image": self.images.locust},
        }
        self._override.write_text(json.dumps({"name": self.project, "services": services}))
        lines = (f"{name}={value}\n" for name, value in self.variables.items())
        self._environment.write_text("".join(lines))

    def start(self) -> float:
        """`docker compose up --wait`; the seconds it took."""
        began = time.monotonic()
        try:
            self.compose().start()
        except subprocess.CalledProcessError as error:
            raise AssertionError(f"{_said(error)}\n{self.logs()}") from error
        return time.monotonic() - began

    def stop(self) -> float:
        """`docker compose down --volumes`; the seconds it took."""
        began = time.monotonic()
        self.compose("load").stop()
        return time.monotonic() - began

    def logs(self) -> str:
        """What the plane and the load balancer said last."""
        return "\n".join(self.compose().get_logs("--tail=60", "plane", "alb"))

    def left(self) -> list[str]:
        """Every container, network and volume that the stack made and that is there."""
        found = []
        for label in ("com.docker.compose.project", "rehearse.project"):
            chosen = {"label": f"{label}={self.project}"}
            found += [
                c.name
                for c in self.engine.containers.list(all=True, ignore_removed=True, filters=chosen)
            ]
            found += [n.name for n in self.engine.networks.list(filters=chosen)]
            found += [v.name for v in self.engine.volumes.list(filters=chosen)]
        return found

    def sweep(self) -> None:
        """Remove all of it by force, after a test that failed."""
        sweep_composed(self.engine.api, self.project)

    def container(self, service: str) -> Any:
        """Compose's container of a service, as the engine has it."""
        chosen = [f"com.docker.compose.{k}={v}" for k, v in
                  (("project", self.project), ("service", service))]  # fmt: skip
        (found,) = self.engine.containers.list(
            all=True, ignore_removed=True, filters={"label": chosen}
        )
        return found

    def task_containers(self) -> list[Any]:
        """All that the plane made, of all tasks."""
        chosen = {"label": f"rehearse.project={self.project}"}
        found: list[Any] = self.engine.containers.list(ignore_removed=True, filters=chosen)
        return found

    def client(self, service: str, more: Config | None = None) -> Any:
        """A boto3 client of the plane, with the keys it asks for."""
        session = boto3.Session("test", "test", region_name="eu-central-1")
        config = Config(retries={"max_attempts": 0}, read_timeout=30, inject_host_prefix=False)
        return session.client(
            service, endpoint_url=self.endpoint, config=config.merge(more or Config())
        )

    def rehearse(
        self, *words: str, folder: Path | None = None, root: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        """The command of the checkout `root`, run in `folder`; it finds the plane by its port."""
        found = {"PYTHONPATH": str(root), "COMPOSE_PROJECT_NAME": self.project}
        return subprocess.run(
            [*REHEARSE, *words],
            cwd=folder or self.folder,
            env={**os.environ, **self.variables, **found},
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )

    def sql(self, question: str) -> str:
        """What the stack's PostgreSQL answers."""
        words = ["psql", "-U", "rehearse", "-d", "orders", "-Atc", question]
        code, said = self.container("postgres").exec_run(words)
        assert code == 0, said
        return str(said.decode().strip())


def engine_socket() -> str:
    """The socket of the engine that the tests use."""
    host = os.environ.get("DOCKER_HOST") or f"unix://{SOCKET}"
    return urlsplit(host).path if host.startswith("unix:") else SOCKET


def _said(error: subprocess.CalledProcessError) -> str:
    return f"{error}: {(error.stderr or b'').decode()[-3000:]}"


def is_listening(port: int, address: str) -> bool:
    with socket.socket() as trial:
        trial.settimeout(1)
        return trial.connect_ex((address, port)) == 0

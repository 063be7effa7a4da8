"""The services under test: in memory, and as real processes."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from services.order_api.drain import Lifecycle
from services.order_api.store import Store
from tests.services.waiting import LONGEST_WAIT, wait_for

ROOT = Path(__file__).parents[2]

OpenStore = Callable[[str], Store]


@dataclass(frozen=True)
class OrderApi:
    """order-api in memory: its lifecycle, its store and a client for it."""

    lifecycle: Lifecycle
    store: Store
    http: httpx.AsyncClient


MakeOrderApi = Callable[[Mapping[str, str]], OrderApi]


class Running:
    """A real process of a service on a free port of the loopback interface."""

    def __init__(self, service: str, environ: Mapping[str, str], directory: Path) -> None:
        self.port = find_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DRAIN_SECONDS": "0",
            "DATABASE_URL": f"sqlite:///{directory}/orders.sqlite",
            **environ,
        }
        self._output = directory / f"{service}-{self.port}.out"
        self._errors = directory / f"{service}-{self.port}.err"
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"services.{service}"],
                cwd=ROOT,
                env=self.environ,
                stdout=output,
                stderr=errors,
            )

    def events(self, event: str) -> list[dict[str, Any]]:
        """The complete log lines of this kind so far."""
        lines = self._output.read_bytes().split(b"\n")[:-1]
        return [found for found in map(json.loads, lines) if found["event"] == event]

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def wait_listening(self) -> None:
        wait_for(lambda: self.events("listening") or self.process.poll() is not None, "listener")
        assert self.process.poll() is None, self.errors

    def wait_exit(self) -> int:
        return self.process.wait(LONGEST_WAIT)


class Start(Protocol):
    """Starts `order_api` or `inventory_api` with these variables."""

    def __call__(self, service: str, **environ: str) -> Running: ...


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

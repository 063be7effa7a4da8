"""How a plane is to run: what the command line decided."""

from dataclasses import dataclass
from pathlib import Path

from infra.local.scheduler.model import StopOrder
from infra.local.settings import DEFAULT, INFRA

SCALE_MAX = 20  # above, scaled limits fall below what a process needs to start


class WrongOptionError(Exception):
    """An option that cannot be used; the message names it, its value and the remedy."""


@dataclass(frozen=True, slots=True)
class Options:
    """Everything `up` can be told. Ports are local; `http_port` serves listener port 80."""

    state_dir: Path
    settings: Path = DEFAULT
    images: Path = INFRA / "images.toml"
    host: str = "127.0.0.1"
    port: int = 4566
    http_port: int = 8080
    https_port: int = 8443
    scale: int = 1
    tempo: str = "fast"
    seed: str = "0"
    fallback: str | None = None
    stop_task_order: str = StopOrder.DEREGISTER_FIRST  # of StopTask on a service's task (R1.21)
    count_exits: bool = True  # the circuit breaker counts exits after RUNNING (R3.5)
    hosts: tuple[str, ...] = ()  # names besides loopback by which callers may reach the plane

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def http_url(self) -> str:
        return f"http://{self.host}:{self.http_port}"

    @property
    def https_url(self) -> str:
        return f"https://{self.host}:{self.https_port}"

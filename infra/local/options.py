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
    edge: Path | None = None  # the socket of the load balancers' process; None: they are children
    terraform: Path | None = None  # a root that makes the services, instead of the settings
    adopt: bool = False  # go on with what a plane that was killed left
    hosts: tuple[str, ...] = ()  # names besides loopback by which callers may reach the plane
    runtime: str = "process"  # or docker; the rest is docker's
    pull: str = "missing"  # or never, always: when to ask the registry for a task's image
    cap_cpu: bool = False  # a task's CPU is a limit, not a weight
    image_env: tuple[str, ...] = ()  # IMAGE:NAME=VALUE
    plane_image: str = "ecs-rehearsal:latest"  # of pause containers and proxies
    run_dir: Path | None = None  # of a plane in a container: on the volume shared with proxies
    balancer: str | None = None  # of a plane in a container: the load balancer's host name

    @property
    def caller_host(self) -> str:
        """The host by which callers on this machine reach the plane."""
        return "127.0.0.1" if self.host == "0.0.0.0" else self.host

    @property
    def endpoint(self) -> str:
        return f"http://{self.caller_host}:{self.port}"

    @property
    def http_url(self) -> str:
        return f"http://{self.caller_host}:{self.http_port}"

    @property
    def https_url(self) -> str:
        return f"https://{self.caller_host}:{self.https_port}"

    def variables(self) -> dict[str, dict[str, str]]:
        """`image_env` by image and name. Raises WrongOptionError."""
        found: dict[str, dict[str, str]] = {}
        for entry in self.image_env:
            image, colon, rest = entry.partition(":")
            name, equals, value = rest.partition("=")
            if not (image and colon and name and equals):
                raise WrongOptionError(
                    f"--image-env {entry!r}: write IMAGE:NAME=VALUE, as in order-api:LEVEL=debug"
                )
            found.setdefault(image, {})[name] = value
        return found

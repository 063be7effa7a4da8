"""The stack of docker-compose.yml, from the command line: up with clear refusals, and down."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click

from infra.local.runtime.docker import labels
from infra.local.runtime.ports import port_holder
from rehearse.errors import fail

FILE = Path(__file__).parents[1] / "docker-compose.yml"
PROJECT = "ecs-rehearsal"  # the name in that file
SOCKET = Path("/var/run/docker.sock")
ANSWER_LIMIT_S = 20
UP_LIMIT_S = 1800  # the first build fetches base images and packages
PORTS = {"REHEARSE_PORT": 4566, "REHEARSE_HTTP_PORT": 8080, "REHEARSE_HTTPS_PORT": 8443}


def project() -> str:
    """The Compose project's name, as Compose itself finds it."""
    return os.environ.get("COMPOSE_PROJECT_NAME") or PROJECT


def bring_up() -> None:
    """`docker compose up --wait`, after checks that end the command with a sentence and a hint."""
    if not FILE.exists():
        fail(f"{FILE} is not there: --compose needs a checkout, not an installed package")
    client = _connect()
    _demand_compose()
    if not client.containers(filters=labels.filters(project(), labels.COMPOSE)):
        _demand_ports()
    done = subprocess.run(
        ["docker", "compose", "--file", str(FILE), "up", "--wait"], timeout=UP_LIMIT_S, check=False
    )
    if done.returncode:
        fail(
            "docker compose could not bring the stack up: its words are above",
            hint="`docker compose logs` tells more; where no registry is reachable, see"
            " docs/guides/images.md",
        )


def remove() -> bool:
    """Remove the Compose project, its tasks, networks and volumes; false if nothing is there.

    Also after a plane that was killed, when `docker compose down` would leave the tasks.
    """
    if not (SOCKET.exists() or os.environ.get("DOCKER_HOST")):
        return False
    from infra.local.runtime.docker.engine import EngineError, connect
    from infra.local.runtime.docker.sweep import sweep_composed

    try:
        client = connect()
    except EngineError:
        return False
    count: int = sweep_composed(client, project())
    if count:
        click.echo(f"removed {count} containers of docker compose", err=True)
    return count > 0


def _connect() -> Any:  # noqa: ANN401 - untyped SDK
    from infra.local.runtime.docker.engine import EngineError, connect

    try:
        return connect()
    except EngineError as error:
        fail(str(error), hint=error.hint)


def _demand_compose() -> None:
    """Compose v2 is a plugin of the command `docker`; v1 was a program of its own."""
    if shutil.which("docker") is None:
        fail("the command `docker` is missing", hint="install Docker, or docker.io on Debian")
    asked = ["docker", "compose", "version", "--short"]
    done = subprocess.run(
        asked, capture_output=True, text=True, timeout=ANSWER_LIMIT_S, check=False
    )
    version = done.stdout.strip().removeprefix("v")
    if done.returncode == 0 and not version.startswith("1."):
        return
    found = "only Compose v1 (docker-compose)" if shutil.which("docker-compose") else "no Compose"
    fail(
        f"Compose v2 is needed, and there is {found} here",
        hint="install Docker's plugin docker-compose-plugin (docker-compose-v2 on Ubuntu)",
    )


def _demand_ports() -> None:
    for variable, usual in PORTS.items():
        port = os.environ.get(variable) or str(usual)
        if not port.isdigit():
            fail(f"{variable} is {port!r}, which is no port")
        holder = port_holder(int(port))
        if holder:
            fail(f"port {port} is taken by {holder}", hint=f"end it, or set {variable} to another")

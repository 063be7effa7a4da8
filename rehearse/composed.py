"""The stack of `docker compose`, seen from the command line."""

import os
from pathlib import Path

import click

PROJECT = "ecs-rehearsal"  # the name in docker-compose.yml
SOCKET = Path("/var/run/docker.sock")


def remove_composed() -> bool:
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
    count: int = sweep_composed(client, os.environ.get("COMPOSE_PROJECT_NAME") or PROJECT)
    if count:
        click.echo(f"removed {count} containers of docker compose", err=True)
    return count > 0

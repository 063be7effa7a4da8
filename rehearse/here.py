"""Finding the plane that runs here: on a state directory, or the one of `docker compose`."""

import os
from pathlib import Path
from typing import Any

import httpx

from infra.local.folder import read_plane

STATE_DIR = Path(".rehearse")
PORT = "REHEARSE_PORT"  # as docker-compose.yml has it
LOOK = "REHEARSE_COMPOSED"  # `off`: look for its plane only where REHEARSE_PORT says
LIMIT_S = 1.0


def find_here(state_dir: Path = STATE_DIR) -> dict[str, Any] | None:
    """What the plane says of itself; None if none runs on the directory, nor in containers."""
    return read_plane(state_dir) or _composed()


def _composed() -> dict[str, Any] | None:
    """The plane of `docker compose`: its state is in a volume, but its port is published."""
    port = os.environ.get(PORT) or ("" if os.environ.get(LOOK) == "off" else "4566")
    if not port:
        return None
    endpoint = f"http://127.0.0.1:{port}"
    try:
        answer = httpx.get(f"{endpoint}/_rehearse/status", timeout=LIMIT_S)
        facts: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    return facts if facts.get("composed") else None

"""Talking to a container from outside."""

import time
from typing import Any

import httpx

PUBLISHED = {"8080/tcp": ("127.0.0.1", None)}
WAIT_S = 20.0


def url_of(container: Any) -> str:
    """Where port 8080 is published."""
    container.reload()
    (place,) = container.ports["8080/tcp"]
    return f"http://127.0.0.1:{place['HostPort']}"


def wait_healthy(container: Any) -> dict[str, Any]:
    """What /healthz says once it says 200; within WAIT_S."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            answer = httpx.get(f"{url_of(container)}/healthz", timeout=1)
            if answer.status_code == 200:
                found: dict[str, Any] = answer.json()
                return found
        except (httpx.HTTPError, KeyError, ValueError):
            pass
        assert time.monotonic() < deadline, container.logs().decode()
        time.sleep(0.02)

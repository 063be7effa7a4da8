"""The connection to the Docker engine, and what keeps one from it, each with its remedy."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import docker.errors
import requests
import urllib3.exceptions
from docker.context import ContextAPI

from infra.local.runtime.protocol import RuntimeUnavailableError

API_MIN = (1, 41)  # Docker Engine 20.10
CALL_LIMIT_S = 60
CONNECTIONS = 256  # kept: one for each container whose output is followed, and the calls
# What the SDK raises when a call fails or breaks off; a closed stream of its is an AttributeError
ERRORS = (
    docker.errors.DockerException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
    AttributeError,
)
SOCKET = "unix:///var/run/docker.sock"


class EngineError(RuntimeUnavailableError):
    """No use of the Docker engine."""


def connect() -> Any:  # noqa: ANN401 - the SDK's client has no types
    """A low-level client (`docker.APIClient`) of the engine that the command `docker` would use.

    That is DOCKER_HOST, or the current context's. Raises EngineError.
    """
    host = os.environ.get("DOCKER_HOST") or _of_context()
    try:
        client = docker.APIClient(
            base_url=host, version="auto", timeout=CALL_LIMIT_S, max_pool_size=CONNECTIONS
        )
    except docker.errors.InvalidVersion as error:  # the SDK itself refuses
        raise _too_old(host, "too old a version") from error
    except docker.errors.DockerException as error:
        raise _unreachable(host, error) from error
    found = tuple(int(part) for part in client.api_version.split("."))
    if found < API_MIN:
        client.close()
        raise _too_old(host, client.api_version)
    return client


def _of_context() -> str:
    """The engine of `docker context use`: Docker Desktop's and a rootless one have theirs there."""
    try:
        context = ContextAPI.get_current_context()
    except docker.errors.DockerException:  # a context that is named and not there
        return SOCKET
    return str(context.Host) if context is not None and context.Host else SOCKET


def _too_old(host: str, version: str) -> EngineError:
    return EngineError(
        f"the Docker engine at {host} speaks API {version}, 1.41 is needed",
        "upgrade Docker to 20.10 or newer",
    )


def _unreachable(host: str, error: Exception) -> EngineError:
    path = Path(urlsplit(host).path)
    if host.startswith("unix:"):
        if not path.exists():
            return EngineError(
                f"no Docker engine: {path} is not there",
                "start Docker (`systemctl start docker`, or Docker Desktop), or set DOCKER_HOST",
            )
        if not os.access(path, os.R_OK | os.W_OK):
            return EngineError(
                f"no rights on the Docker socket {path}",
                "add yourself to the group docker (`usermod -aG docker $USER`, then log in"
                " again), or use rootless Docker",
            )
    return EngineError(
        f"no Docker engine answers at {host}: {reason(error.__cause__ or error)}",
        "start Docker, or set DOCKER_HOST to where it listens",
    )


def reason(error: BaseException) -> str:
    """The engine's own words, without the SDK's wrapping."""
    if isinstance(error, docker.errors.APIError) and error.explanation:
        return str(error.explanation).strip()
    if isinstance(error, requests.exceptions.ConnectionError):
        return "the connection was refused or broke off"
    return str(error).strip() or type(error).__name__


def is_absent(error: Exception) -> bool:
    """Whether the engine says that the thing asked for is not there."""
    return isinstance(error, docker.errors.APIError) and error.status_code == 404


def is_conflict(error: Exception) -> bool:
    """Whether the engine says that the thing is in another state: not running, being removed."""
    return isinstance(error, docker.errors.APIError) and error.status_code == 409

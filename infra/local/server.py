"""The plane's HTTP server: uvicorn on a socket that is ours, stopped by cancellation."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from infra.local.runtime.ports import port_holder

BACKLOG = 256


class PortTakenError(Exception):
    """An address that the plane needs is in use; the message names by whom."""


def bind(host: str, port: int) -> socket.socket:
    """A bound, not yet listening socket. Raises PortTakenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle off only where it sees that this is TCP; with it, calls take 40 ms
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise PortTakenError(taken(host, port, error)) from error
    return sock


def check_free(host: str, port: int) -> None:
    """Raises PortTakenError when the address cannot be bound."""
    bind(host, port).close()


def taken(host: str, port: int, error: OSError) -> str:
    """One sentence on why an address cannot be used, naming its holder if that can be found."""
    holder = port_holder(port, host) if ":" not in host else None
    who = f"taken by {holder}" if holder else f"not to be had: {error.strerror}"
    return f"{host}:{port} is {who}"


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the plane."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, sock: socket.socket) -> None:
    """Serve until cancelled."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_keep_alive=75,
        backlog=BACKLOG,
        server_header=False,
    )
    await _Server(config).serve(sockets=[sock])

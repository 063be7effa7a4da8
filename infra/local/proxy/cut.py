"""Cutting the requests that a target still has when its deregistration delay ends.

Envoy has no command for it. Its sockets to the target are fetched with pidfd_getfd(2) and shut
down; the client gets the load balancer's 502. Linux only, as an ancestor of Envoy's or with
CAP_SYS_PTRACE (Docker: `cap_add: [SYS_PTRACE]`).
"""

import ctypes
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address

_libc = ctypes.CDLL(None, use_errno=True)
PIDFD_GETFD = 438  # the same number on every architecture


def cut(pid: int, address: str, port: int) -> int:
    """Shut down every connection of process `pid` to the target; how many there were.

    Call it once the target is out of Envoy's endpoints: what is left then are exactly the requests
    in flight. PermissionError if this machine does not allow it, ProcessLookupError if Envoy ended.
    """
    count = 0
    for connection in _connections(pid, address, port):
        with suppress(OSError):  # it ended by itself meanwhile
            connection.shutdown(socket.SHUT_RDWR)
            count += 1
    return count


def in_flight(pid: int, address: str, port: int) -> int:
    """How many connections to the target process `pid` still has. Errors as `cut`."""
    return sum(1 for _ in _connections(pid, address, port))


def _connections(pid: int, address: str, port: int) -> Iterator[socket.socket]:
    if not sys.platform.startswith("linux"):
        raise PermissionError("only Linux can fetch another process's sockets")
    wanted = (ip_address(address), port)
    with _pidfd(pid) as process:
        for number in _sockets(pid):
            connection = _fetch(process, number)
            if connection is None:
                continue
            with connection:
                if _peer(connection) == wanted:
                    yield connection


@contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sockets(pid: int) -> Iterator[int]:
    for name in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                yield int(name)


def _fetch(process: int, number: int) -> socket.socket | None:
    """A duplicate of the process's socket, None if it was closed meanwhile."""
    copy = _libc.syscall(PIDFD_GETFD, process, number, 0)
    if copy >= 0:
        return socket.socket(fileno=copy)
    code = ctypes.get_errno()
    error = OSError(code, os.strerror(code))
    if isinstance(error, PermissionError):
        raise error
    return None


def _peer(connection: socket.socket) -> tuple[object, int] | None:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        address, port = connection.getpeername()[:2]
    except OSError:
        return None
    return (ip_address(address), port)

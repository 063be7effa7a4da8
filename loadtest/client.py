"""An HTTP client that tells the truth: one attempt per request, one failure class per lost answer.

It sits on geventhttpclient directly and not on Locust's FastHttpSession, which follows redirects
(a POST becomes a GET), keeps one cookie jar (all arrivals would stick to one target) and closes
the connection after each error answer.
"""

import errno
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import gevent
import gevent.socket
from gevent import GreenletExit
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPSocketResponse

from loadtest.failure import Failure

IDLE_MAX_S = 1.0  # well below any load balancer's idle timeout, scaled too

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_BLOCK_BYTES = 65_536
_KEPT_BYTES = 1_048_576  # of a body; what follows is read and dropped
_UNREACHABLE = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL)
_NO_FILES = (errno.EMFILE, errno.ENFILE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status`, `task` (the header x-task-id) and `body` may be there in part."""

    failure: Failure | None = None
    status: int | None = None
    task: str | None = None
    body: bytes = b""


class Client:
    """Keep-alive connections to one host, at most `connections` at once."""

    def __init__(
        self,
        host: str,
        connections: int,
        timeout_s: float,
        ca: Path | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        """`host` is a URL; `timeout_s` limits connecting and each read. No `ca`: the system's.

        `headers` go with every request.
        """
        parts = urlsplit(host)
        self._prefix = parts.path.rstrip("/")
        secure: dict[str, Any] = {}
        if parts.scheme == "https":
            secure = {"ssl": True, "ssl_options": {"ca_certs": str(ca)} if ca else {}}
        self._http = HTTPClient(
            parts.hostname or "",
            port=parts.port,
            concurrency=connections,
            connection_timeout=timeout_s,
            network_timeout=timeout_s,
            headers={"user-agent": "ecs-rehearsal-loadtest", **headers},
            **secure,
        )
        _limit_idleness(self._http)

    def send(
        self, method: str, path: str, headers: dict[str, str], body: bytes, deadline_s: float
    ) -> Answer:
        """Send once and read the whole answer, within `deadline_s` real seconds. Never raises."""
        response: HTTPSocketResponse | None = None
        try:
            with gevent.Timeout(deadline_s):
                response = self._http.request(
                    method, self._prefix + path, body=body, headers=headers
                )
                return _answer(response, None, _read(response))
        except (TimeoutError, gevent.Timeout, GreenletExit):  # killed: the load gave up on it
            return _answer(response, Failure.TIMEOUT)
        except (OSError, HTTPException) as error:
            return _answer(response, Failure.TRUNCATED if response else _lost(error))

    def close(self) -> None:
        self._http.close()


def _limit_idleness(http: HTTPClient) -> None:
    """Drop connections that were idle too long instead of sending on them.

    A load balancer closes idle connections; a request sent at that very moment is lost, and would
    count as its failure. Real clients avoid this by the same means.
    """
    pool = http._connection_pool
    returned: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
    give_back, is_alive = pool.return_socket, pool._is_socket_alive

    def return_socket(sock: gevent.socket.socket) -> None:
        returned[sock] = time.monotonic()
        give_back(sock)

    def is_fresh(sock: gevent.socket.socket) -> bool:
        return time.monotonic() - returned.get(sock, 0.0) < IDLE_MAX_S and is_alive(sock)

    vars(pool).update(return_socket=return_socket, _is_socket_alive=is_fresh)


def _read(response: HTTPSocketResponse) -> bytes:
    kept = bytearray()
    while block := response.read(_BLOCK_BYTES):
        if len(kept) < _KEPT_BYTES:
            kept += block
    return bytes(kept)


def _lost(error: Exception) -> Failure:
    """The class of an error that came before any answer."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _NO_FILES:
        return Failure.DROPPED
    if isinstance(error, ssl.SSLCertVerificationError) or number in _UNREACHABLE:
        return Failure.REFUSED
    if isinstance(error, socket.gaierror):
        return Failure.REFUSED
    return Failure.RESET


def _answer(
    response: HTTPSocketResponse | None, failure: Failure | None, body: bytes = b""
) -> Answer:
    if response is None:
        return Answer(failure)
    task = response.get("x-task-id")
    return Answer(failure, response.status_code, task if isinstance(task, str) else None, body)

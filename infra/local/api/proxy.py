"""Handing a request on to another HTTP server on this machine, and its answer back."""

import http.client
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import anyio.to_thread
from starlette.responses import StreamingResponse

from infra.local.api.errors import UnavailableError

CHUNK_BYTES = 64 * 1024
ANSWER_LIMIT_S = 60.0
ANSWER_MAX_BYTES = 256 * 1024 * 1024
# Of one connection only (RFC 9110), or written anew by our own server
_DROPPED = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "date",
        "server",
    )
)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A request as it came. `target` is the raw path with its query."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


async def forward(request: Forwarded, address: tuple[str, int]) -> StreamingResponse:
    """Send the request, stream the answer in chunks. Raises UnavailableError if nobody answers."""
    connection = http.client.HTTPConnection(*address, timeout=ANSWER_LIMIT_S)
    try:
        answer = await anyio.to_thread.run_sync(partial(_send, connection, request))
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        host, port = address
        raise UnavailableError(f"The fallback at {host}:{port} did not answer: {error}") from error
    response = StreamingResponse(_chunks(connection, answer, request.method), answer.status)
    response.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.getheaders()
        if name.lower() not in _DROPPED
    ]
    return response


def _send(connection: http.client.HTTPConnection, request: Forwarded) -> http.client.HTTPResponse:
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers:
        if name not in _DROPPED and name != "content-length":
            connection.putheader(name, value)
    connection.putheader("content-length", str(len(request.body)))
    connection.endheaders(request.body)
    return connection.getresponse()


async def _chunks(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, method: str
) -> AsyncIterator[bytes]:
    sent = 0
    try:
        while method != "HEAD" and sent < ANSWER_MAX_BYTES:
            chunk = await anyio.to_thread.run_sync(answer.read, CHUNK_BYTES)
            if not chunk:
                return
            sent += len(chunk)
            yield chunk
    finally:
        connection.close()

"""How long a task keeps an idle connection, measured over TCP; and bursts that meet the limit."""

import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
LOOK_SECONDS = 0.1
HEAD_BYTES_MAX = 65_536
BURST = 24  # requests at once, so that the load balancer needs its idle connections too
BURST_TIMEOUT_SECONDS = 10.0


def measure_idle(
    host: str, port: int, limit_seconds: float, ended: Callable[[], bool]
) -> float | None:
    """Real seconds until the peer closed a connection that had carried one request.

    None: it was still open at the limit, or `ended` said so. OSError: not reachable, or no answer.
    """
    with socket.create_connection((host, port), CONNECT_SECONDS) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        _read_answer(connection)
        begun = time.monotonic()
        while (waited := time.monotonic() - begun) < limit_seconds and not ended():
            if _is_closed(connection, min(LOOK_SECONDS, limit_seconds - waited)):
                return time.monotonic() - begun
    return None


def _read_answer(connection: socket.socket) -> None:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection, len(data))
    head, _, body = data.partition(b"\r\n\r\n")
    length = _content_length(head)
    while len(body) < length:
        body += _more(connection, len(body))


def _more(connection: socket.socket, so_far: int) -> bytes:
    received = connection.recv(4096)
    if not received or so_far > HEAD_BYTES_MAX:
        raise OSError("the task closed before it had answered")
    return received


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    raise OSError("the task's answer has no content-length")


def _is_closed(connection: socket.socket, seconds: float) -> bool:
    readable, _, _ = select.select([connection], [], [], max(0.0, seconds))
    if not readable:
        return False
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def burst(url: str, paths: Sequence[str], trust: ssl.SSLContext | bool) -> tuple[int, int]:
    """Send many requests at once; how many were sent, and how many got a 5xx or no answer."""

    def ask(number: int) -> bool:
        try:
            return client.get(paths[number % len(paths)]).is_server_error
        except httpx.HTTPError:
            return True

    limits = httpx.Limits(max_connections=BURST)
    with (
        httpx.Client(
            base_url=url, verify=trust, timeout=BURST_TIMEOUT_SECONDS, limits=limits
        ) as client,
        ThreadPoolExecutor(BURST) as pool,
    ):
        return BURST, sum(pool.map(ask, range(BURST)))

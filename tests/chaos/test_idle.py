"""The idle-close time is measured over TCP, on small servers in this process."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chaos.idle import BURST, burst, measure_idle

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def server(answer: bytes, closes_after: float) -> Iterator[int]:
    """Answers one request on each connection, and closes it some real seconds later."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(4096)
            connection.sendall(answer)
            time.sleep(closes_after)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def never() -> bool:
    return False


def test_the_time_until_the_task_closes() -> None:
    with server(ANSWER, 0.3) as port:
        closed = measure_idle("127.0.0.1", port, 5.0, never)
    assert closed is not None
    assert 0.25 <= closed < 1.0


def test_a_task_that_keeps_the_connection_is_watched_to_the_limit() -> None:
    begun = time.monotonic()
    with server(ANSWER, 5.0) as port:
        assert measure_idle("127.0.0.1", port, 0.3, never) is None
    assert 0.3 <= time.monotonic() - begun < 2.0


def test_it_ends_when_the_run_does() -> None:
    begun = time.monotonic()
    with server(ANSWER, 5.0) as port:
        assert measure_idle("127.0.0.1", port, 60.0, lambda: True) is None
    assert time.monotonic() - begun < 2.0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["nothing", "no length"])
def test_an_answer_that_cannot_be_read_is_no_measure(answer: bytes) -> None:
    with server(answer, 0.0) as port, pytest.raises(OSError, match=r"answer|closed"):
        measure_idle("127.0.0.1", port, 1.0, never)


def test_a_task_that_is_not_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        measure_idle("127.0.0.1", port, 1.0, never)


def test_a_burst_counts_what_got_no_good_answer() -> None:
    bad = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    for answer, failed in ((good, 0), (bad, BURST)):
        with server(answer, 0.0) as port:
            assert burst(f"http://127.0.0.1:{port}", ("/a", "/b"), True) == (BURST, failed)

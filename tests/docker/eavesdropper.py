"""A Unix socket between a plane and the engine that passes all on and notes every request."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

REQUEST = re.compile(rb"(?:^|\r\n\r\n|\})(GET|HEAD|POST|PUT|DELETE|PATCH) (/\S*) HTTP/1\.1\r\n")
CHUNK_BYTES = 65_536


class Eavesdropper:
    """`calls` are the method and path of every request so far."""

    def __init__(self, path: Path, engine: str) -> None:
        self.calls: set[tuple[str, str]] = set()
        self._engine = engine
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for line in (self._listener, *self._lines):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._lines += [caller, engine]
                engine.connect(self._engine)
                for source, sink, noted in ((caller, engine, True), (engine, caller, False)):
                    threading.Thread(
                        target=self._pass, args=(source, sink, noted), daemon=True
                    ).start()

    def _pass(self, source: socket.socket, sink: socket.socket, noted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                if noted:
                    for method, path in REQUEST.findall(data):
                        self.calls.add((method.decode(), path.decode()))
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def eavesdrop(path: Path, engine: str) -> Iterator[Eavesdropper]:
    """Listen at `path` for what is meant for the engine, whose Unix socket is at `engine`."""
    ear = Eavesdropper(path, engine)
    try:
        yield ear
    finally:
        ear.close()

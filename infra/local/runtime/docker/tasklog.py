"""A container's output, followed into the log file that `infra.local.runtime.logs` reads."""

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.runtime.docker.engine import ERRORS, is_absent

FILE_BYTES = 8 * 1024 * 1024  # of one file; the one before it is kept as LOG.1
LINE_BYTES = 65_536  # longer lines are split
AGAIN_S = 0.5  # after the connection broke off, while the container lives
END_LIMIT_S = 2.0


class Follower:
    """Copies what a container writes, line by line with its time, until the container is gone.

    It runs in a thread of its own: the SDK's streams block.
    """

    def __init__(self, client: Any, container_id: str, log: Path) -> None:  # noqa: ANN401 - untyped SDK
        self._client = client
        self._id = container_id
        self._log = log
        self._file = _LogFile(log)
        self._last = ""  # the stamp of the last line taken, in the engine's own form
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"log-{container_id[:8]}")
        self._thread.daemon = True
        self._thread.start()

    def end(self) -> None:
        """Wait until the last lines of an ended container are there, for two seconds at most."""
        self._closing.set()
        self._thread.join(END_LIMIT_S)

    def _run(self) -> None:
        while True:
            try:
                self._copy()
                state = self._client.inspect_container(self._id)["State"]
                if not (state["Running"] or state["Paused"] or state["Status"] == "created"):
                    return
            except ERRORS as error:
                if is_absent(error):
                    return
            if self._closing.wait(AGAIN_S):
                return

    def _copy(self) -> None:
        since_s = _seconds(self._last) if self._last else _last_stamp_s(self._log)
        stream = self._client.logs(
            self._id, stream=True, follow=True, timestamps=True, since=max(1, int(since_s))
        )
        for line in lines(stream):
            stamp, _, text = line.partition(" ")
            at_s = _seconds(stamp)
            if stamp <= self._last or at_s < since_s:
                continue  # `since` knows whole seconds only
            self._last = stamp
            self._file.write(int(at_s * 1000), text)


class _LogFile:
    """Appends `<epoch ms> <line>`, and begins anew when the file is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", buffering=1)
        self._size = path.stat().st_size

    def write(self, at_ms: int, text: str) -> None:
        line = f"{at_ms} {text}\n"
        if self._size + len(line) > FILE_BYTES:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file, self._size = self._path.open("a", buffering=1), 0
        self._file.write(line)
        self._size += len(line)


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a stream of chunks, without their ends; an unended last one too."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > LINE_BYTES:
            whole.append(rest)
            rest = b""
        for line in whole:
            yield line.decode(errors="replace").rstrip("\r")
    if rest:
        yield rest.decode(errors="replace")


def _seconds(stamp: str) -> float:
    """Seconds since the epoch of the engine's RFC 3339 time with nanoseconds; 0 if it is none."""
    head, _, fraction = stamp.rstrip("Z").partition(".")
    try:
        whole = datetime.fromisoformat(head + "+00:00").timestamp()
        return whole + float(f"0.{fraction or 0}")
    except ValueError:
        return 0.0


def _last_stamp_s(log: Path) -> float:
    """When the last line of the file was written: an adopted container's follower goes on there."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LINE_BYTES))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except OSError:
        return 0.0
    stamp = last.partition(b" ")[0]
    return (int(stamp) + 1) / 1000 if stamp.isdigit() else 0.0

"""A container's output, followed into the log file that `infra.local.runtime.logs` reads."""

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.runtime.docker.engine import ERRORS, is_absent

FILE_BYTES = 8 * 1024 * 1024  # of one file; the one before it is kept as LOG.1
LINE_BYTES = 65_536  # longer lines are split
TAIL_BYTES = 4 * LINE_BYTES  # enough for all lines of one millisecond
AGAIN_S = 0.5  # after the connection broke off, while the container lives
END_LIMIT_S = 2.0


class Follower:
    """Copies what a container writes, line by line with its time, until the container is gone.

    It runs in a thread of its own: the SDK's streams block. It goes on after the last line of the
    file, so that what another plane wrote there is neither doubled nor followed by a gap.
    """

    def __init__(self, client: Any, container_id: str, log: Path) -> None:  # noqa: ANN401 - untyped SDK
        self._client = client
        self._id = container_id
        self._file = _LogFile(log)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"log-{container_id[:8]}")
        self._thread.daemon = True
        self._thread.start()

    def stop(self) -> None:
        """Do not look for the container again once its output has ended."""
        self._closing.set()

    def join(self, limit_s: float) -> None:
        """Wait until the last lines of an ended container are there."""
        self._thread.join(limit_s)

    def _run(self) -> None:
        with self._file:
            while True:
                try:
                    self._copy(follow=True)
                    if self._has_ended():
                        self._copy(follow=False)  # the engine may stop short of the last lines
                        return
                except ERRORS as error:
                    if is_absent(error):
                        return
                if self._closing.wait(AGAIN_S):
                    return

    def _has_ended(self) -> bool:
        state = self._client.inspect_container(self._id)["State"]
        return not (state["Running"] or state["Paused"] or state["Status"] == "created")

    def _copy(self, *, follow: bool) -> None:
        last_ms, known = self._file.last_ms, self._file.count
        stream = self._client.logs(
            self._id, stream=True, follow=follow, timestamps=True, since=max(1, last_ms // 1000)
        )
        for stamp, text in lines(stream):
            at_ms = milliseconds(stamp)
            if last_ms and at_ms <= last_ms:  # the engine knows whole seconds only
                known -= at_ms == last_ms
                if at_ms < last_ms or known >= 0:
                    continue
            self._file.write(at_ms, text)


def end_all(followers: Iterable[Follower]) -> None:
    """Wait until the last lines of ended containers are there, for two seconds at most."""
    waited = list(followers)
    for follower in waited:
        follower.stop()
    deadline = time.monotonic() + END_LIMIT_S
    for follower in waited:
        follower.join(max(0.0, deadline - time.monotonic()))


class _LogFile:
    """Appends `<epoch ms> <line>`, and begins anew when the file is full.

    Its times never go back. last_ms: the time of the last line; count: of how many lines.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.last_ms, self.count = _last_lines(path)
        self._file = path.open("ab", buffering=0)
        self._size = path.stat().st_size

    def __enter__(self) -> "_LogFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, at_ms: int, text: bytes) -> None:
        self.count = 1 if at_ms > self.last_ms else self.count + 1
        self.last_ms = max(self.last_ms, at_ms)
        line = b"%d %b\n" % (self.last_ms, text)
        if self._size + len(line) > FILE_BYTES:
            self._file.close()
            self._path.replace(_older(self._path))
            self._file, self._size = self._path.open("ab", buffering=0), 0
        self._file.write(line)
        self._size += len(line)


def lines(frames: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The stamps and lines, without their ends, of the engine's frames `<stamp> <text>`.

    A long line comes in several frames of one stamp, of which the last has the line's end.
    """
    stamp, rest = b"", b""
    for frame in frames:
        own, _, text = frame.partition(b" ")
        if rest and own != stamp:  # its end never came, or comes after another stream's line
            yield stamp, rest
            rest = b""
        stamp, rest = own, rest + text
        if rest.endswith(b"\n") or len(rest) >= LINE_BYTES:
            yield stamp, rest.removesuffix(b"\n").removesuffix(b"\r")
            rest = b""
    if rest:
        yield stamp, rest


def milliseconds(stamp: bytes) -> int:
    """Milliseconds since the epoch of the engine's RFC 3339 time in UTC; 0 if it is none."""
    head, _, fraction = stamp.decode(errors="replace").rstrip("Z").partition(".")
    try:
        seconds = int(datetime.fromisoformat(head + "+00:00").timestamp())
        return seconds * 1000 + int(fraction[:3].ljust(3, "0"))
    except ValueError:
        return 0


def _last_lines(log: Path) -> tuple[int, int]:
    """The time of the log's last line, and how many lines have it; (0, 0) for a log without."""
    for path in (log, _older(log)):
        stamps = [int(s) for s in _last_stamps(path) if s.isdigit()]
        if stamps:
            return stamps[-1], stamps.count(stamps[-1])
    return 0, 0


def _last_stamps(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return [line.partition(b" ")[0] for line in file.read().split(b"\n")]
    except OSError:
        return []


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")

"""Reading the log files that launchers write: `<epoch milliseconds> <line>` in LOG.1, then LOG.

Times never go back within one start of a container, so that the first line of a period is found
by bisection: reading the end of a full log costs a few seeks.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

LEAP_BYTES = 65_536  # bisection stops here: the rest is read line by line


def read(
    path: Path, start_ms: int = 0, end_ms: int | None = None, limit: int = 10_000
) -> list[tuple[int, str]]:
    """The first `limit` lines from `start_ms` to `end_ms`, both included, as (epoch ms, text).

    A line that is still being written is left for the next call. No file: no lines.
    """
    found: list[tuple[int, str]] = []
    with ExitStack() as stack:
        for file in _files(path, stack):
            for at_ms, text in _lines_from(file, start_ms):
                if len(found) >= limit or (end_ms is not None and at_ms > end_ms):
                    return found
                found.append((at_ms, text))
    return found


def _files(path: Path, stack: ExitStack) -> list[BinaryIO]:
    """The files, older first; each once, even if the log is rotated between the two opens."""
    files: list[BinaryIO] = []
    for name in (path, path.with_name(path.name + ".1")):
        with suppress(FileNotFoundError):
            files.insert(0, stack.enter_context(name.open("rb")))
    if len(files) == 2 and os.path.sameopenfile(files[0].fileno(), files[1].fileno()):
        return files[:1]
    return files


def _lines_from(file: BinaryIO, start_ms: int) -> Iterator[tuple[int, str]]:
    _seek(file, start_ms)
    for line in file:
        if not line.endswith(b"\n"):
            return
        at_ms = _stamp(line)
        if at_ms is not None and at_ms >= start_ms:
            yield at_ms, line.partition(b" ")[2].rstrip(b"\n").decode(errors="replace")


def _seek(file: BinaryIO, start_ms: int) -> None:
    """Go to the start of a line that is at most a leap before the first one of `start_ms`."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > LEAP_BYTES:
        middle = (low + high) // 2
        at_ms = _stamp_after(file, middle)
        if at_ms is not None and at_ms < start_ms:
            low = middle
        else:
            high = middle
    file.seek(low)
    if low:
        file.readline()


def _stamp_after(file: BinaryIO, offset: int) -> int | None:
    file.seek(offset)
    file.readline()
    return _stamp(file.readline())


def _stamp(line: bytes) -> int | None:
    """None for a line that a full disk cut short."""
    stamp = line.partition(b" ")[0]
    return int(stamp) if stamp.isdigit() else None

"""Reading and bounding the access log that Envoy writes."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

LOG_BYTES_MAX = 32 * 1024 * 1024
CLIENT_LEFT = 460  # ELB's code for a client that closed the connection before any answer


def old(path: Path) -> Path:
    """Where the one earlier log is kept."""
    return path.with_suffix(".old.jsonl")


def rotate(path: Path, limit_bytes: int = LOG_BYTES_MAX) -> bool:
    """Move a log that has grown too long away; True if Envoy must now open it anew."""
    if not path.exists() or path.stat().st_size < limit_bytes:
        return False
    path.replace(old(path))
    return True


def read(path: Path, since_ms: float) -> Iterator[dict[str, Any]]:
    """Requests that arrived at or after `since_ms` (epoch), in the order in which they ended.

    Lines carry at_ms (arrival), duration_ms, method, path, status (460: the client left first),
    flags, details, failure, upstream (`ip:port` or None), target_group, request_id, listener.
    Blocks on the disk: call it in a thread when the log may be long.
    """
    seen: set[int] = set()
    logs = [log for log in (_open(path), _open(old(path))) if log]
    try:
        for log in reversed(logs):
            inode = os.fstat(log.fileno()).st_ino
            if inode not in seen:
                seen.add(inode)
                yield from _lines(log, since_ms)
    finally:
        for log in logs:
            log.close()


def _open(path: Path) -> IO[bytes] | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _lines(log: IO[bytes], since_ms: float) -> Iterator[dict[str, Any]]:
    log.seek(_first_end(log, since_ms))
    for line in log:
        if not line.endswith(b"\n"):
            return  # Envoy is still writing it
        entry = _entry(line)
        if entry and entry["at_ms"] >= since_ms:
            yield entry


def _first_end(log: IO[bytes], since_ms: float) -> int:
    """The offset of a line before which every request had ended by `since_ms`: bisection.

    Lines are in the order of their ends, and a request arrived no later than it ended.
    """
    low, high = 0, os.fstat(log.fileno()).st_size
    while high - low > 65_536:
        middle = (low + high) // 2
        log.seek(middle)
        log.readline()
        entry = _entry(log.readline())
        if entry and entry["at_ms"] + entry["duration_ms"] < since_ms - 1000:
            low = middle
        else:
            high = middle
    log.seek(low)
    if low:
        log.readline()
    return log.tell()


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        raw = json.loads(line)
        at_ms = int(raw.pop("at_us")) / 1000
    except (ValueError, KeyError):
        return None
    status = raw["status"] or (CLIENT_LEFT if "DC" in (raw["flags"] or "") else 0)
    return {"at_ms": at_ms, **raw, "duration_ms": raw["duration_ms"] or 0, "status": status}

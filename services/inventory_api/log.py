"""One JSON object per line on stdout, for machines: requests, start, listening, SIGTERM."""

import contextlib
import json
import os
from datetime import UTC, datetime

STDOUT = 1


def write_event(event: str, **fields: object) -> None:
    """Write one line at once, unbuffered: a line survives SIGKILL right after it.

    Safe in a signal handler: one write(2), no buffer that an interrupted write could hold.
    """
    line = json.dumps({"event": event, **fields}, separators=(",", ":"), default=str)
    with contextlib.suppress(OSError):  # a log reader that is gone must not fail requests
        os.write(STDOUT, line.encode() + b"\n")


def now_text() -> str:
    """The time in RFC 3339 with milliseconds, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""What the plane and the edge say to each other: one JSON line each way per connection.

A question is {"do": NAME, ...}, an answer {"ok": {...}} or {"refused": KIND, "why": TEXT}, where
KIND is one of `REFUSALS`.
"""

import json
from typing import Any

from infra.local.runtime.protocol import CannotStartContainerError

LINE_BYTES_MAX = 65_536

# By what the edge raises; the plane raises the same.
REFUSALS: dict[str, type[Exception]] = {
    "not-started": CannotStartContainerError,
    "forbidden": PermissionError,
    "ended": ProcessLookupError,
    "wrong": ValueError,
}


def encode(message: dict[str, Any]) -> bytes:
    """One line. ValueError if it is too long for the other side to read."""
    line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
    if len(line) > LINE_BYTES_MAX:
        raise ValueError(f"a message of {len(line)} bytes, at most {LINE_BYTES_MAX} are allowed")
    return line


def decode(line: bytes) -> dict[str, Any]:
    """ValueError if it is not an object on a whole line."""
    message = json.loads(line)
    if not line.endswith(b"\n") or not isinstance(message, dict):
        raise ValueError(f"not a message: {line[:80]!r}")
    return message


def refusal(error: Exception) -> dict[str, Any]:
    """The answer that carries an error of one of the kinds."""
    kind = next(k for k, known in REFUSALS.items() if isinstance(error, known))
    return {"refused": kind, "why": str(error)}


def result(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer says; raises what it carries."""
    if "refused" in answer:
        raise REFUSALS[answer["refused"]](answer["why"])
    found: dict[str, Any] = answer["ok"]
    return found

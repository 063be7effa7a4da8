"""One time base: integer milliseconds since the epoch that never jump.

The wall clock is read once, at the start; after that time only follows the monotonic clock.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Something that tells the time in integer milliseconds since the epoch, never going back."""

    def now_ms(self) -> int: ...


class SteadyClock:
    """The monotonic clock, offset to the wall clock at construction.

    It begins no earlier than `since_ms`, should the wall clock have been set back meanwhile.
    """

    def __init__(self, since_ms: int = 0) -> None:
        begin_ns = max(time.time_ns(), since_ms * 1_000_000)
        self._offset_ns = begin_ns - time.monotonic_ns()

    def now_ms(self) -> int:
        return (time.monotonic_ns() + self._offset_ns) // 1_000_000


def to_datetime(at_ms: int) -> datetime:
    """An aware UTC datetime with millisecond precision, as the AWS APIs return."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)

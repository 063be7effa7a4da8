"""One time base for a run: UTC epoch milliseconds that never jump."""

import time
from datetime import UTC, datetime


class Clock:
    """The monotonic clock, offset to the wall clock at construction."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ms(self) -> float:
        """Milliseconds since the epoch, to a microsecond."""
        return (time.monotonic_ns() + self._offset_ns) // 1000 / 1000


def to_ms(moment: datetime) -> float:
    """An aware datetime as epoch milliseconds."""
    return moment.timestamp() * 1000


def to_text(at_ms: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""One time base: UTC epoch milliseconds that never jump."""

import time

_OFFSET_NS = time.time_ns() - time.monotonic_ns()


def now_ms() -> float:
    """Milliseconds since the epoch: the wall clock at import, plus monotonic time since."""
    return (time.monotonic_ns() + _OFFSET_NS) / 1e6

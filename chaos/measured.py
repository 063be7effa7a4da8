"""What a run measured, and the settings that such measures support."""

import math

from chaos.causes import failed_requests
from chaos.history import History

MARGIN = 1.2  # a setting must allow this much more than the longest that was seen
ROUND_SECONDS = 5


def longest_seen_seconds(history: History) -> float | None:
    """The longest request, as unscaled seconds: the longest good one, or the intended length.

    Long exports are modelled durations and count times the scale; any other time is real.
    """
    scale = history.run.time_scale
    found = [
        (row.service_ms or 0.0) * (scale if row.length_ms is not None else 1.0)
        for row in history.records.requests
        if row.error is None
    ]
    found += [row.length_ms * scale for row in failed_requests(history) if row.length_ms]
    return max(found) / 1000 if found else None


def supported_seconds(longest_seconds: float) -> int:
    """The setting that a longest request supports: a fifth more, rounded up to 5 s."""
    return math.ceil(longest_seconds * MARGIN / ROUND_SECONDS) * ROUND_SECONDS


def unscaled_seconds(history: History, real_ms: float) -> float:
    return real_ms * history.run.time_scale / 1000

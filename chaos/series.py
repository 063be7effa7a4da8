"""Numbers over time: percentiles and buckets."""

import math
from collections.abc import Sequence

ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # ends of axes, times a power of ten


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile; values must not be empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def nice_ceiling(value: float) -> float:
    """The next round number: the end of an axis."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        factor * power
        for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
        if factor * power >= value * 0.999
    )


def ticks(end: float, about: int) -> list[float]:
    """Round steps from 0 to at most `end`, about as many as asked for."""
    raw = end / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    return [index * step for index in range(math.floor(end / step + 1e-9) + 1)]

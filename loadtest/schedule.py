"""When requests arrive: at a constant rate, whatever becomes of them (an open loop)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Arrival number n is due at `start_ms + n * 1000 / rate`; computed from n, it cannot drift.

    `rate` is arrivals per real second of all processes together. Of `share` processes, the one
    with `index` has the numbers index, index + share, index + 2 share and so on; its `step` counts
    them 0, 1, 2. Times are real milliseconds; no `duration_ms` means no end.
    """

    start_ms: float
    rate: float
    duration_ms: float | None = None
    index: int = 0
    share: int = 1

    def number(self, step: int) -> int:
        return self.index + step * self.share

    def due_ms(self, step: int) -> float:
        return self.start_ms + self._offset_ms(step)

    def ended(self, step: int) -> bool:
        """True if arrival `step` would be due at the end of the duration or later."""
        return self.duration_ms is not None and self._offset_ms(step) >= self.duration_ms

    def _offset_ms(self, step: int) -> float:
        return self.number(step) * 1000 / self.rate

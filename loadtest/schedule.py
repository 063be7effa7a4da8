"""When requests arrive, whatever becomes of them (an open loop), and who makes which."""

from dataclasses import dataclass

from loadtest.shapes import Shape


@dataclass(frozen=True, slots=True)
class Schedule:
    """Arrival number n is due at `start_ms` plus what the shape says of n; it cannot drift.

    Of `share` processes, the one with `index` has the numbers index, index + share, index +
    2 share and so on; its `step` counts them 0, 1, 2. Times are real milliseconds.
    """

    start_ms: float
    shape: Shape
    index: int = 0
    share: int = 1

    def number(self, step: int) -> int:
        return self.index + step * self.share

    def due_ms(self, step: int) -> float:
        return self.start_ms + self.shape.offset_ms(self.number(step))

    def ended(self, step: int) -> bool:
        """True if arrival `step` would be due at the end of the shape or later."""
        return not self.shape.has(self.number(step))

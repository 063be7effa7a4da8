"""The one time axis of the picture, and where things are on the page."""

from dataclasses import dataclass

from chaos.history import History

WIDTH = 1180.0
LEFT = 172.0
RIGHT = 1140.0


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps UTC milliseconds to x. Its labels are unscaled seconds since the load was started."""

    start_ms: float
    end_ms: float
    time_scale: float

    def x(self, at_ms: float) -> float:
        """The x of a moment, kept inside the plot."""
        share = (at_ms - self.start_ms) / (self.end_ms - self.start_ms)
        return LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT)

    def seconds(self, at_ms: float) -> float:
        """Unscaled seconds since the start."""
        return (at_ms - self.start_ms) * self.time_scale / 1000

    def at(self, seconds: float) -> float:
        return self.start_ms + seconds * 1000 / self.time_scale

    @property
    def length_seconds(self) -> float:
        return self.seconds(self.end_ms)

    @property
    def real_seconds(self) -> float:
        return (self.end_ms - self.start_ms) / 1000


def make_axis(history: History) -> Axis:
    """From the start of the load to the last thing known."""
    start_ms = history.origin_ms
    return Axis(start_ms, max(history.end_ms, start_ms + 100), history.run.time_scale)

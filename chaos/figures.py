"""The figures of a run that fit in one row of a table."""

from dataclasses import dataclass

from chaos.causes import failed_requests
from chaos.history import History
from chaos.series import percentile

NOTHING = "-"  # stands for what was not recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """None: nothing was recorded. `p99_ms` is that of good requests, long exports left out.

    `seconds` is how long the run took, in real seconds.
    """

    requests: int | None
    failed: int | None
    p99_ms: float | None
    seconds: float | None

    def named(self) -> tuple[tuple[str, str], ...]:
        """Each figure with its name, in words."""
        return (
            ("requests", NOTHING if self.requests is None else f"{self.requests:,}"),
            ("failed", self.failed_words),
            ("p99", NOTHING if self.p99_ms is None else milliseconds(self.p99_ms)),
            ("duration", NOTHING if self.seconds is None else duration(self.seconds)),
        )

    @property
    def failed_words(self) -> str:
        """How many failed, and the share where any did."""
        if not self.failed or not self.requests:
            return NOTHING if self.failed is None else "0"
        return f"{self.failed:,} ({100 * self.failed / self.requests:.2g} %)"


def read_figures(history: History) -> Figures:
    """The figures of a recorded run."""
    run, rows = history.run, history.records.requests
    good = [row.latency_ms for row in rows if row.error is None and row.length_ms is None]
    return Figures(
        requests=len(rows) if rows else None,
        failed=len(failed_requests(history)) if rows else None,
        p99_ms=percentile(good, 99) if good else None,
        seconds=None if run.ended_ms is None else (run.ended_ms - run.started_ms) / 1000,
    )


def milliseconds(value: float) -> str:
    """`0.8 ms`, `14 ms`, `1.25 s`."""
    if value >= 1000:
        return f"{value / 1000:.2f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def duration(seconds: float) -> str:
    """`34 s`, `2 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"

"""When a threshold is broken beyond hope: the rest of the load could not mend it.

Pure: counts of a load under way, against what the whole load may have.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chaos.loads.thresholds import Threshold

TIMES = 10.0  # what the whole load may have of bad requests, before half is lost
LEAST = 20  # bad requests: fewer say nothing


@dataclass(frozen=True, slots=True)
class Seen:
    """What a load under way recorded of one request."""

    name: str
    latency_ms: float
    failed: bool
    long: bool


@dataclass(slots=True)
class Hope:
    """Counts what is bad by one threshold; `planned` arrivals are all that the load will make.

    How many of them an endpoint gets is not known before, so its hope is lost later than it might.
    """

    threshold: Threshold
    planned: int
    baseline: float | None = None
    _bad: int = field(default=0, init=False)
    _all: int = field(default=0, init=False)

    def add(self, rows: Iterable[Seen]) -> None:
        limit = self.threshold.limit.value(self.baseline)
        for row in rows:
            if self.threshold.endpoint in (None, row.name) and limit is not None:
                self._all += 1
                self._bad += self._is_bad(row, limit)

    def _is_bad(self, row: Seen, limit: float) -> bool:
        if self.threshold.kind == "errors":
            return row.failed
        counted = self.threshold.endpoint is not None or not row.long
        return counted and not row.failed and not self.threshold.holds(row.latency_ms, limit)

    @property
    def lost(self) -> str | None:
        """Why there is no hope, in a sentence; None while there is."""
        share = self._allowed_share()
        if share is None or self._bad < LEAST:
            return None
        most = min(TIMES * share, (1 + share) / 2) * max(self.planned, self._all)
        if self._bad <= most:
            return None
        what = "failed" if self.threshold.kind == "errors" else "were too slow"
        return (
            f"{self.threshold.text} is broken beyond hope: {self._bad} of {self._all} requests"
            f" {what}, and {self.planned} planned may have {share * self.planned:.0f}"
        )

    @property
    def may_fail(self) -> float:
        """Which percentage of all requests the threshold lets fail; 0 if it is about others."""
        share = self._allowed_share() if self.threshold.kind == "errors" else None
        return 100 * (share or 0.0) if self.threshold.endpoint is None else 0.0

    def _allowed_share(self) -> float | None:
        """Which share of all requests may be bad; None where that is not how it is judged."""
        limit = self.threshold.limit.value(self.baseline)
        if self.threshold.kind == "errors":
            return None if limit is None else max(0.0, limit / 100)
        if self.threshold.kind == "latency" and self.threshold.figure not in ("mean", "max"):
            return 1 - self.threshold.percent / 100
        return None

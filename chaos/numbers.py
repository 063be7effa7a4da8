"""The picture's data in words: for the table below it, and for who points at it."""

from collections.abc import Iterator
from dataclasses import dataclass

from chaos.figures import NOTHING, milliseconds
from chaos.history import History
from chaos.plots import Buckets, done, scheduled
from chaos.series import percentile
from chaos.svg import element, escaped

PERCENTS = (50, 99, 100)


@dataclass(frozen=True, slots=True)
class Slice:
    """The arrivals of a slice of time, and what failed in it. Rates are per real second.

    `start_seconds` is unscaled; `latencies_ms` are p50, p99 and maximum, empty without a good one.
    """

    first: int
    last: int
    start_seconds: float
    rate: float
    failed_rate: float
    latencies_ms: tuple[float, ...]

    def __str__(self) -> str:
        """One sentence."""
        text = f"from {self.start_seconds:.1f} s: {self.rate:.0f} requests/s"
        text += f", {self.failed_rate:.1f} failed/s" if self.failed_rate else ", none failed"
        if not self.latencies_ms:
            return text
        p50, p99, most = (milliseconds(value) for value in self.latencies_ms)
        return f"{text}, p50 {p50}, p99 {p99}, max {most}"


def read_slices(history: History, buckets: Buckets, most: int) -> Iterator[Slice]:
    """The whole time in at most so many slices, of one or more buckets each."""
    rows = history.records.requests
    arrivals = buckets.group(rows, scheduled)
    failed = buckets.group((row for row in rows if row.error is not None), done)
    step = max(1, -(-buckets.count // most))
    for start in range(0, buckets.count, step):
        span = range(start, min(start + step, buckets.count))
        seconds = len(span) * buckets.seconds
        here = [row for index in span for row in arrivals[index]]
        good = [r.latency_ms for r in here if r.error is None and r.length_ms is None]
        yield Slice(
            first=span[0],
            last=span[-1],
            start_seconds=start * buckets.seconds * buckets.axis.time_scale,
            rate=len(here) / seconds,
            failed_rate=sum(len(failed[index]) for index in span) / seconds,
            latencies_ms=tuple(percentile(good, p) for p in PERCENTS) if good else (),
        )


def draw_columns(history: History, buckets: Buckets, top: float, bottom: float, most: int) -> str:
    """Invisible columns that tell their values when pointed at; no script is needed."""
    columns = []
    for part in read_slices(history, buckets, most):
        x, end = buckets.edge(part.first), buckets.edge(part.last + 1)
        title = element("title", escaped(str(part)))
        shape = f"M{x:.0f} {top:.0f}H{end:.0f}V{bottom:.0f}H{x:.0f}"
        columns.append(element("path", title, d=shape))
    return element("g", *columns, cls="columns")


def make_table(history: History, buckets: Buckets, most: int) -> str:
    """The same for those who do not see the picture."""
    names = ("from (s)", "requests/s", "failed/s", "p50 ms", "p99 ms", "max ms")
    head = element("tr", *(element("th", escaped(name), scope="col") for name in names))
    rows = []
    for part in read_slices(history, buckets, most):
        times = [f"{value:.1f}" for value in part.latencies_ms] or [NOTHING] * len(PERCENTS)
        cells = (f"{part.start_seconds:.1f}", f"{part.rate:.0f}", f"{part.failed_rate:.1f}", *times)
        rows.append(element("tr", *(element("td", cell) for cell in cells)))
    return element("table", element("thead", head), element("tbody", *rows))

"""The lower part of the picture: requests per second, errors per second, latency."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from chaos.axis import LEFT, RIGHT, Axis
from chaos.history import History
from chaos.lanes import Lane
from chaos.records import Request
from chaos.series import nice_ceiling, percentile
from chaos.svg import element, line, number, polyline, rectangle, text

BUCKETS_MAX = 110
BUCKET_LEAST_SECONDS = 0.5
UNSEEN_MAX = 12  # tasks that have a layer without having been seen; there are so many colours
SAMPLES = 200  # requests a bucket should have at least, or its p99 is its maximum


@dataclass(frozen=True, slots=True)
class Panel:
    """A plot's place: `top` is its upper edge, values grow from `top + height` upwards."""

    top: float
    height: float

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def y(self, share: float) -> float:
        return self.bottom - min(1.0, max(0.0, share)) * self.height


@dataclass(frozen=True, slots=True)
class Buckets:
    """Equal slices of the axis, in real seconds."""

    axis: Axis
    seconds: float
    count: int

    def index(self, at_ms: float) -> int:
        return min(self.count - 1, max(0, int((at_ms - self.axis.start_ms) / 1000 / self.seconds)))

    def edge(self, index: int) -> float:
        return self.axis.x(self.axis.start_ms + index * self.seconds * 1000)

    def middle(self, index: int) -> float:
        return (self.edge(index) + self.edge(index + 1)) / 2

    def group(
        self, rows: Iterable[Request], moment: Callable[[Request], float]
    ) -> list[list[Request]]:
        found: list[list[Request]] = [[] for _ in range(self.count)]
        for row in rows:
            found[self.index(moment(row))].append(row)
        return found

    def rates(self, rows: Iterable[Request], moment: Callable[[Request], float]) -> list[float]:
        """Per real second."""
        return [len(group) / self.seconds for group in self.group(rows, moment)]


def make_buckets(
    history: History, axis: Axis, samples: int = 0, most: int = BUCKETS_MAX
) -> Buckets:
    """As fine as can be drawn: at most so many, and wide enough for so many requests each."""
    rate = max(history.run.rate, 0.01)
    wanted = max(axis.real_seconds / most, BUCKET_LEAST_SECONDS, samples / rate)
    seconds = math.ceil(wanted * 4) / 4
    return Buckets(axis, seconds, max(1, math.ceil(axis.real_seconds / seconds)))


def scheduled(row: Request) -> float:
    return row.scheduled_ms


def done(row: Request) -> float:
    return row.done_ms


def draw_rates(
    history: History,
    lanes: Sequence[Lane],
    buckets: Buckets,
    panel: Panel,
    busy: Sequence[float] = (),
) -> str:
    """Arrivals per real second, stacked by the task that served them, failures on top.

    `busy` are the x that no label should lie on.
    """
    top = nice_ceiling(max(buckets.rates(history.records.requests, scheduled), default=1.0))
    floor = [0.0] * buckets.count
    shapes, labels = [], []
    for colour, label, members in _layers(history.records.requests, lanes):
        rates = buckets.rates(members, scheduled)
        ceiling = [low + rate for low, rate in zip(floor, rates, strict=True)]
        shapes.append(_area(floor, ceiling, top, buckets, panel, colour))
        labels += _label(floor, ceiling, top, buckets, panel, label, busy)
        floor = ceiling
    return _grid(panel, (0, top / 2, top), top) + "".join((*shapes, *labels))


def _layers(
    rows: Sequence[Request], lanes: Sequence[Lane]
) -> Iterator[tuple[str, str, list[Request]]]:
    """Colour, label and requests of each layer, from the bottom up; none is empty.

    Where no task was seen, the answers still say who served them.
    """
    served: dict[str | None, list[Request]] = {}
    for row in rows:
        if row.error is None:
            served.setdefault(row.task, []).append(row)
    for lane in lanes:
        if members := served.pop(lane.life.task, None):
            yield lane.colour, lane.letter, members
    if not lanes:
        for index, task in enumerate(sorted(task for task in served if task)[:UNSEEN_MAX]):
            yield f"t{index % 4}{index // 4}", task[:8], served.pop(task)
    if rest := [row for members in served.values() for row in members]:
        yield "t-other", "unknown task", rest
    if failed := [row for row in rows if row.error is not None]:
        yield "failed", "failed", failed


def _area(
    low: list[float], high: list[float], top: float, buckets: Buckets, panel: Panel, colour: str
) -> str:
    """Steps along the upper edge, back along the lower one; only where there is something."""
    path, index = [], 0
    while index < buckets.count:
        end = index
        while end < buckets.count and high[end] > low[end]:
            end += 1
        if end > index:
            path.append(_outline(low, high, top, buckets, panel, index, end))
        index = end + 1
    return element("path", d="".join(path), cls=f"area {colour}")


def _outline(
    low: list[float],
    high: list[float],
    top: float,
    buckets: Buckets,
    panel: Panel,
    start: int,
    end: int,
) -> str:
    parts = [f"M{number(buckets.edge(start))} {number(panel.y(low[start] / top))}"]
    parts += [
        f"V{number(panel.y(high[index] / top))}H{number(buckets.edge(index + 1))}"
        for index in range(start, end)
    ]
    parts += [
        f"V{number(panel.y(low[index] / top))}H{number(buckets.edge(index))}"
        for index in reversed(range(start, end))
    ]
    return "".join(parts) + "Z"


def _label(
    low: list[float],
    high: list[float],
    top: float,
    buckets: Buckets,
    panel: Panel,
    word: str,
    busy: Sequence[float],
) -> list[str]:
    """The layer's letter in its longest thick stretch, as near to the middle as is free."""
    needed = top * 11 / panel.height
    best, run = (0, 0), 0
    for index in range(buckets.count):
        run = run + 1 if high[index] - low[index] >= needed else 0
        if run > best[1]:
            best = (index - run + 1, run)
    half = 4 + 3 * len(word)
    free = [
        index
        for index in range(best[0], sum(best))
        if not any(abs(buckets.middle(index) - x) < half + 3 for x in busy)
    ]
    if not free or best[1] * (buckets.edge(1) - buckets.edge(0)) < 2 * half:
        return []
    centre = best[0] + best[1] / 2
    chosen = min(free, key=lambda index: abs(index + 0.5 - centre))
    y = panel.y((low[chosen] + high[chosen]) / 2 / top) + 4
    return [text(buckets.middle(chosen), y, word, "k", "middle")]


def _grid(panel: Panel, values: Iterable[float], top: float) -> str:
    parts = []
    for value in values:
        y = panel.y(value / top)
        parts.append(line(LEFT, y, RIGHT, y, "grid"))
        parts.append(text(LEFT - 8, y + 4, f"{value:g}", "s", "end"))
    return "".join(parts)


def draw_errors(history: History, buckets: Buckets, panel: Panel) -> str:
    """Failed requests per real second, at the moment they failed."""
    bad = [row for row in history.records.requests if row.error is not None]
    rates = buckets.rates(bad, done)
    top = nice_ceiling(max(rates, default=0.0))
    parts = [_grid(panel, (0, top), top)]
    for index, rate in enumerate(rates):
        if rate:
            x, y = buckets.edge(index), panel.y(rate / top)
            width = buckets.edge(index + 1) - x - 0.6
            parts.append(rectangle(x, y, width, panel.bottom - y, "failed", f"{rate:g} failed/s"))
    if not bad:
        parts.append(
            text((LEFT + RIGHT) / 2, panel.top + panel.height / 2 + 4, "none", "s", "middle")
        )
    return "".join(parts)


LINES = (("p50", 50.0), ("p99", 99.0), ("max", 100.0))


def draw_latency(history: History, buckets: Buckets, panel: Panel) -> str:
    """p50, p99 and maximum of good requests on a log axis; long exports are left out."""
    rows = [row for row in history.records.requests if row.error is None and row.length_ms is None]
    groups = buckets.group(rows, scheduled)
    worst = max((row.latency_ms for row in rows), default=10.0)
    decades = max(2, math.ceil(math.log10(max(worst, 10.0)) - 1e-9))
    parts = []
    for decade in range(decades + 1):
        y = panel.y(decade / decades)
        parts += [line(LEFT, y, RIGHT, y, "grid"), text(LEFT - 8, y + 4, _ms(decade), "s", "end")]
    ends: list[tuple[float, str]] = []
    for name, percent in LINES:
        points = [
            (
                buckets.middle(index),
                panel.y(math.log10(max(1.0, percentile(values, percent))) / decades),
            )
            for index, group in enumerate(groups)
            if (values := [row.latency_ms for row in group])
        ]
        parts.append(polyline(points, f"line {name}"))
        if points:
            ends.append((points[-1][1], name))
    return "".join([*parts, *_line_labels(ends)])


def _line_labels(ends: Sequence[tuple[float, str]]) -> Iterable[str]:
    """Each line's name beside the plot at the height of its end, none on another."""
    lowest = float("-inf")
    for y, name in sorted(ends, key=lambda end: (end[0], end[1] != "max", end[1] != "p99")):
        lowest = max(y + 4, lowest + 11)
        yield text(RIGHT + 6, lowest, name, "s")


def _ms(decade: int) -> str:
    return f"{10**decade} ms" if decade < 3 else f"{10 ** (decade - 3)} s"

"""The picture of a run: an SVG that tells the story on one time axis."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from chaos.axis import LEFT, RIGHT, WIDTH, Axis, make_axis
from chaos.causes import find_causes
from chaos.history import History
from chaos.lanes import Lane, draw_lanes, lanes_height, make_lanes
from chaos.lives import read_lives
from chaos.marks import Mark, draw_marks, find_steps, marks_height, place_marks
from chaos.numbers import draw_columns
from chaos.plots import (
    BUCKETS_MAX,
    SAMPLES,
    Panel,
    draw_errors,
    draw_latency,
    draw_rates,
    make_buckets,
)
from chaos.series import ticks
from chaos.svg import element, line, text

PICTURE_STYLE = "picture.css"
TITLE = 30.0  # room for a panel's title
MARGIN = 8.0
COLUMNS_MAX = 60
MANY = 16  # tasks; the page stays small with more of them
STACK_LEAST, STACK_MOST = 150.0, 320.0
LATENCY = "good requests from their scheduled time, real; long exports left out"

PATTERNS = (
    '<pattern id="p-fail" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="6" height="6" class="fail-bg"/>'
    '<rect width="2" height="6" class="fail-fg"/></pattern>'
    '<pattern id="p-drain" width="5" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(-45)"><rect width="5" height="6" class="drain-bg"/>'
    '<rect width="2" height="6" class="drain-fg"/></pattern>'
    '<pattern id="p-stop" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="6" height="6" class="stop-bg"/>'
    '<rect width="1.6" height="6" class="stop-fg"/></pattern>'
)


def read_style(name: str) -> str:
    """A style sheet of this package, without what only people need."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8").replace("\n", "")


def draw_timeline(history: History) -> str:
    """The whole figure, of what was recorded; "" if neither tasks nor requests were.

    Colours come from a style sheet (picture.css).
    """
    axis, lanes = make_axis(history), make_lanes(read_lives(history))
    if not lanes and not history.records.requests:
        return ""
    marks = place_marks(find_steps(history), axis)
    lanes_top = MARGIN + marks_height(marks) + MARGIN
    lanes_bottom = lanes_top + lanes_height(lanes)
    panels = _Panels(lanes_bottom, len(lanes)) if history.records.requests else None
    bottom = panels.latency.bottom if panels else lanes_bottom + MARGIN
    parts = [
        *_ticks(axis, lanes_top, bottom),
        draw_lanes(lanes, find_causes(history), axis, lanes_top),
        *(_plots(history, lanes, axis, panels, marks) if panels else ()),
        draw_marks(marks, MARGIN, bottom),
        *(_titles(panels) if panels else ()),
        text((LEFT + RIGHT) / 2, bottom + 36, _axis_title(history, axis), "s", "middle"),
    ]
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:.0f} {bottom + 46:.0f}",
        role="group",
        aria_label=f"Timeline of {history.run.drill} ({history.run.variant})",
    )


class _Panels:
    """Where the plots of the requests are, below `top`; more tasks get a higher stack."""

    def __init__(self, top: float, tasks: int) -> None:
        self.rates = Panel(top + TITLE, min(STACK_MOST, max(STACK_LEAST, 100.0 + 6 * tasks)))
        self.errors = Panel(self.rates.bottom + TITLE, 44.0)
        self.latency = Panel(self.errors.bottom + TITLE, 120.0)


def _plots(
    history: History, lanes: Sequence[Lane], axis: Axis, panels: _Panels, marks: Sequence[Mark]
) -> Iterator[str]:
    most = BUCKETS_MAX if len(lanes) <= MANY else BUCKETS_MAX // 2
    fine, coarse = make_buckets(history, axis, most=most), make_buckets(history, axis, SAMPLES)
    yield draw_rates(history, lanes, fine, panels.rates, [mark.x for mark in marks])
    yield draw_errors(history, fine, panels.errors)
    yield draw_latency(history, coarse, panels.latency)
    yield draw_columns(history, coarse, panels.rates.top, panels.latency.bottom, COLUMNS_MAX)


def _titles(panels: _Panels) -> Iterator[str]:
    explained = "arrivals per real second, by the task that served them"
    yield _title(panels.rates, "requests/s", explained)
    yield _title(panels.errors, "errors/s", "per real second, at the moment they failed")
    yield _title(panels.latency, "latency", LATENCY)


def _axis_title(history: History, axis: Axis) -> str:
    began = "the load was started" if history.records.requests else "the record began"
    return f"seconds since {began}, unscaled (time scale {axis.time_scale:g})"


def _title(panel: Panel, name: str, explanation: str) -> str:
    heading = text(20, panel.top - 10, name, "h")
    return heading + text(LEFT + 5, panel.top - 10, explanation, "s")


def _ticks(axis: Axis, top: float, bottom: float) -> list[str]:
    parts = []
    for seconds in ticks(axis.length_seconds, 12):
        x = axis.x(axis.at(seconds))
        parts.append(line(x, top, x, bottom + 5, "tick"))
        parts.append(text(x, bottom + 19, f"{seconds:g}", "s", "middle"))
    return parts

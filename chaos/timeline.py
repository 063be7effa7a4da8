"""The picture of a run: an SVG that tells the story on one time axis."""

from chaos.axis import LEFT, RIGHT, WIDTH, Axis, make_axis
from chaos.causes import find_causes
from chaos.entries import Step
from chaos.history import History
from chaos.lanes import draw_lanes, lanes_height, make_lanes
from chaos.lives import read_lives
from chaos.marks import draw_marks, marks_height, place_marks
from chaos.plots import SAMPLES, Panel, draw_errors, draw_latency, draw_rates, make_buckets
from chaos.series import ticks
from chaos.svg import element, line, text

TITLE = 30.0  # room for a panel's title
MARGIN = 8.0
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


def draw_timeline(history: History) -> str:
    """The whole figure. Colours come from the page's style sheet (report.css)."""
    axis = make_axis(history)
    lanes = make_lanes(read_lives(history))
    marks = place_marks(history.of(Step), axis)
    lanes_top = MARGIN + marks_height(marks) + MARGIN
    rates = Panel(lanes_top + lanes_height(lanes) + TITLE, 150.0)
    errors = Panel(rates.bottom + TITLE, 44.0)
    latency = Panel(errors.bottom + TITLE, 120.0)
    buckets = make_buckets(history, axis)
    parts = [
        *_ticks(axis, lanes_top, latency.bottom),
        draw_lanes(lanes, find_causes(history), axis, lanes_top),
        draw_rates(history, lanes, buckets, rates),
        draw_errors(history, buckets, errors),
        draw_latency(history, make_buckets(history, axis, SAMPLES), latency),
        draw_marks(marks, MARGIN, latency.bottom),
        _title(rates, "requests/s", "arrivals per real second, by the task that served them"),
        _title(errors, "errors/s", "per real second, at the moment they failed"),
        _title(latency, "latency", LATENCY),
        text((LEFT + RIGHT) / 2, latency.bottom + 36, _axis_title(axis), "s", "middle"),
    ]
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:.0f} {latency.bottom + 46:.0f}",
        role="group",
        aria_label=f"Timeline of {history.run.drill} ({history.run.variant})",
    )


def _axis_title(axis: Axis) -> str:
    return f"seconds since the load was started, unscaled (time scale {axis.time_scale:g})"


def _title(panel: Panel, name: str, explanation: str) -> str:
    heading = text(20, panel.top - 10, name, "h")
    return heading + text(LEFT, panel.top - 10, explanation, "s")


def _ticks(axis: Axis, top: float, bottom: float) -> list[str]:
    parts = []
    for seconds in ticks(axis.length_seconds, 12):
        x = axis.x(axis.at(seconds))
        parts.append(line(x, top, x, bottom + 5, "tick"))
        parts.append(text(x, bottom + 19, f"{seconds:g}", "s", "middle"))
    return parts

"""The lanes of a run as text, for terminals and pull requests."""

from collections.abc import Iterator, Sequence

from chaos.axis import Axis, make_axis
from chaos.causes import Verified, find_causes
from chaos.entries import Step
from chaos.history import History
from chaos.lives import HEALTHY, Life, read_lives
from chaos.marks import find_steps

COLUMNS = 64
LANES_MAX = 40
STARTING = ("PROVISIONING", "PENDING", "ACTIVATING")
LEGEND = (
    ". starting  - running  = running and healthy  ~ draining  ! unhealthy  # stopping"
    "  T SIGTERM  x failed requests"
)
TARGETS = {HEALTHY: "=", "draining": "~", "unhealthy": "!"}


def draw_text_lanes(history: History) -> str:
    """A line per task over COLUMNS columns of time; empty when no task was seen."""
    lives = read_lives(history)
    if not lives:
        return ""
    axis = make_axis(history)
    return "\n".join(_lines(history, lives, axis))


def _lines(history: History, lives: Sequence[Life], axis: Axis) -> Iterator[str]:
    verified = find_causes(history)
    width = max(len(life.service) for life in lives) + 14
    yield f"{'':{width}}{_scale(axis)}"
    steps = find_steps(history)
    if steps:
        yield f"{'steps':{width}}{_marked(steps, axis)}"
    for life in lives[:LANES_MAX]:
        age = "new" if life.new else "old" if life.old else ""
        yield f"{life.service} {life.short} {age:<4}".ljust(width) + _lane(life, verified, axis)
    if len(lives) > LANES_MAX:
        yield f"and {len(lives) - LANES_MAX} more tasks"
    failed = [row.done_ms for row in history.records.requests if row.error is not None]
    if failed:
        yield f"{'failed requests':{width}}{_crosses(failed, axis)}"
    yield LEGEND + ("  | step" if steps else "")


def _scale(axis: Axis) -> str:
    end = f"{axis.length_seconds:.0f} s"
    return f"0 s{end:>{COLUMNS - 3}}"


def _column(at_ms: float, axis: Axis) -> int:
    share = (at_ms - axis.start_ms) / (axis.end_ms - axis.start_ms)
    return min(COLUMNS - 1, max(0, int(share * COLUMNS)))


def _marked(steps: Sequence[Step], axis: Axis) -> str:
    found = {_column(step.at_ms, axis) for step in steps}
    return "".join("|" if column in found else " " for column in range(COLUMNS)).rstrip()


def _crosses(moments: Sequence[float], axis: Axis) -> str:
    found = {_column(at_ms, axis) for at_ms in moments}
    return "".join("x" if column in found else " " for column in range(COLUMNS)).rstrip()


def _lane(life: Life, verified: Sequence[Verified], axis: Axis) -> str:
    step_ms = (axis.end_ms - axis.start_ms) / COLUMNS
    middles = (axis.start_ms + (column + 0.5) * step_ms for column in range(COLUMNS))
    letters = [_letter(life, at_ms) for at_ms in middles]
    if life.sigterm is not None:
        letters[_column(life.sigterm.latest_ms, axis)] = "T"
    for group in verified:
        for case in group.cases:
            if case.life and case.life.task == life.task:
                letters[_column(case.request.done_ms, axis)] = "x"
    return "".join(letters).rstrip()


def _letter(life: Life, at_ms: float) -> str:
    """What the task was at this moment: its end counts most, then its target, then its status."""
    status = next((e.status for e in reversed(life.states) if e.at_ms <= at_ms), "")
    target = next((e.state for e in reversed(life.targets) if e.at_ms <= at_ms), "")
    if status in ("", "STOPPED", "DELETED"):
        return " "
    if status in ("STOPPING", "DEPROVISIONING"):
        return "#"
    return "." if status in STARTING else TARGETS.get(target, "-")

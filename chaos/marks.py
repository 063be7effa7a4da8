"""The drill's steps in the picture: dashed lines with labels on top."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.axis import RIGHT, Axis
from chaos.entries import EventSeen, Step
from chaos.history import History
from chaos.svg import element, escaped, line, text

ROW = 15.0  # height of a row of labels
ROWS_MAX = 4
LETTER = 6.6
LABEL_MAX = 36  # letters
CLOSE = 6.0  # steps of one name closer than this are one mark


# ECS's own words for a deployment that turns, and what the picture calls it.
TURNS = {"deployment failed": "deployment failed", "rolling back to": "rollback"}


@dataclass(frozen=True, slots=True)
class Mark:
    """One dashed line: its label starts at `start` in its row, the first at the top."""

    x: float
    start: float
    row: int
    label: str
    whole: str


def place_marks(steps: Sequence[Step], axis: Axis) -> tuple[Mark, ...]:
    """A mark per step; a label that would touch another goes to the next row."""
    ends = [float("-inf")] * ROWS_MAX
    marks = []
    for group in _grouped(steps, axis):
        x = axis.x(group[0].at_ms)
        name = group[0].name
        label = name if len(name) <= LABEL_MAX else f"{name[: LABEL_MAX - 1]}…"
        label += f" ({len(group)})" if len(group) > 1 else ""
        width = len(label) * LETTER + 10
        start = min(x, RIGHT - width + 30)
        row = next((i for i, end in enumerate(ends) if end <= start), ROWS_MAX - 1)
        ends[row] = start + width
        whole = "; ".join(f"{axis.seconds(step.at_ms):.1f} s {step.text}" for step in group)
        marks.append(Mark(x, start, row, label, whole))
    return tuple(marks)


def find_steps(history: History) -> list[Step]:
    """What the drill did, and what ECS did of its own: the events that turn a deployment."""
    turns = [
        Step(at_ms=event.at_ms, name=name, text=event.message)
        for event in history.of(EventSeen)
        for words, name in TURNS.items()
        if words in event.message
    ]
    return sorted([*history.of(Step), *turns], key=lambda step: (step.at_ms, step.name))


def _grouped(steps: Sequence[Step], axis: Axis) -> list[list[Step]]:
    groups: list[list[Step]] = []
    for step in steps:
        last = groups[-1][-1] if groups else None
        if last and last.name == step.name and axis.x(step.at_ms) - axis.x(last.at_ms) < CLOSE:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def marks_height(marks: Sequence[Mark]) -> float:
    return ROW * (max((mark.row for mark in marks), default=0) + 1)


def draw_marks(marks: Sequence[Mark], top: float, bottom: float) -> str:
    return "".join(
        element(
            "g",
            element("title", escaped(mark.whole)),
            line(mark.x, top + mark.row * ROW + 3, mark.x, bottom, "step"),
            text(mark.start + 4, top + mark.row * ROW + 11, mark.label, "h"),
        )
        for mark in marks
    )

"""The upper part of the picture: a lane per task, its state thick, its target's health thin."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chaos.axis import LEFT, Axis
from chaos.causes import Case, Verified
from chaos.entries import TaskSeen
from chaos.lives import UNUSED, Life
from chaos.svg import element, escaped, rectangle, text

E = TypeVar("E")
LANE = 31.0
HEADING = 24.0
THICK = 15.0
THIN = 6.0
LETTER = 7.4  # width of a letter of a bar's label
ENDED = ("STOPPED", "DELETED")


@dataclass(frozen=True, slots=True)
class Lane:
    """A task with the letter and the colour that stand for it in every part of the picture."""

    life: Life
    letter: str
    colour: str


def make_lanes(lives: Sequence[Life]) -> tuple[Lane, ...]:
    """Letters in order of appearance; a hue for each service's old and new tasks."""
    services = sorted({life.service for life in lives})
    counts: dict[tuple[str, bool], int] = {}
    lanes = []
    for index, life in enumerate(lives):
        key = (life.service, life.new)
        number = counts[key] = counts.get(key, -1) + 1
        hue = (services.index(life.service) * 2 + life.new) % 4
        lanes.append(Lane(life, _letter(index), f"t{hue}{number % 3}"))
    return tuple(lanes)


def _letter(index: int) -> str:
    first, last = divmod(index, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last)


def lanes_height(lanes: Sequence[Lane]) -> float:
    return len({lane.life.service for lane in lanes}) * HEADING + len(lanes) * LANE


def draw_lanes(lanes: Sequence[Lane], verified: Sequence[Verified], axis: Axis, top: float) -> str:
    """All lanes below `top`, a heading per service."""
    parts, y, service = [], top, None
    for lane in lanes:
        if lane.life.service != service:
            service = lane.life.service
            parts.append(text(20, y + 16, service, "h"))
            y += HEADING
        parts.append(_draw(lane, verified, axis, y))
        y += LANE
    return "".join(parts)


def _draw(lane: Lane, verified: Sequence[Verified], axis: Axis, y: float) -> str:
    life = lane.life
    cases = [c for group in verified for c in group.cases if c.life and c.life.task == life.task]
    age = "new" if life.new else "old" if life.old else ""
    return element(
        "g",
        element("title", escaped(_story(lane, axis, len(cases)))),
        element("rect", x=20, y=y + 2, width=17, height=17, rx=4, cls=lane.colour),
        text(28.5, y + 14.6, lane.letter, "k", "middle"),
        text(44, y + 15, life.short, "m"),
        text(LEFT - 12, y + 15, age, "s", "end"),
        *_states(life, axis, y),
        *_health(life, axis, y + THICK + 4),
        *_sigterm(life, axis, y),
        *_cuts(cases, axis, y),
        tabindex="0",
        role="img",
        cls="lane",
    )


def _story(lane: Lane, axis: Axis, failed: int) -> str:
    life = lane.life
    parts = [f"{lane.letter}: {life.service} task {life.task}, {life.revision}"]
    parts += [f"{e.status} {max(0.0, axis.seconds(e.at_ms)):.1f} s" for e in _distinct(life)]
    for name, moment in (("draining", life.draining), ("SIGTERM", life.sigterm)):
        if moment is not None:
            parts.append(f"{name} {axis.seconds(moment.latest_ms):.1f} s")
    if failed:
        parts.append(f"{failed} failed requests")
    if life.states[-1].reason:
        parts.append(life.states[-1].reason)
    return "; ".join(parts)


def _distinct(life: Life) -> list[TaskSeen]:
    """The entries at which the status changed; health and desired status leave no mark."""
    seen = life.states
    return [e for i, e in enumerate(seen) if i == 0 or seen[i - 1].status != e.status]


def _states(life: Life, axis: Axis, y: float) -> Iterable[str]:
    for entry, following in _followed(_distinct(life)):
        x = axis.x(entry.at_ms)
        if entry.status in ENDED:
            yield text(x + 5, y + 13, f"{entry.status}{_code(life)}", "s")
            return
        end = axis.x(following.at_ms if following else axis.end_ms)
        yield rectangle(x, y + 2, end - x, THICK, f"st {entry.status.lower()}", entry.status)
        if end - x > len(entry.status) * LETTER + 8:
            yield text(x + 6, y + 13.4, entry.status, f"b {entry.status.lower()}-text")


def _followed(entries: Sequence[E]) -> Iterable[tuple[E, E | None]]:
    """Each entry with the one after it."""
    following = [*entries[1:], None][: len(entries)]
    return zip(entries, following, strict=True)


def _code(life: Life) -> str:
    codes = [entry.exit_code for entry in life.states if entry.exit_code is not None]
    return f" (exit {codes[-1]})" if codes else ""


def _health(life: Life, axis: Axis, y: float) -> Iterable[str]:
    for entry, following in _followed(life.targets):
        if entry.state in UNUSED:
            continue
        x, end = axis.x(entry.at_ms), axis.x(following.at_ms if following else axis.end_ms)
        yield rectangle(x, y, end - x, THIN, f"he {entry.state}", f"target {entry.state}")


def _sigterm(life: Life, axis: Axis, y: float) -> Iterable[str]:
    if life.sigterm is not None:
        x = axis.x(life.sigterm.latest_ms)
        mark = f"M{x - 4:.1f} {y - 3:.1f}h8l-4 7z"
        yield element("path", element("title", "SIGTERM"), d=mark, cls="mark")


def _cuts(cases: Sequence[Case], axis: Axis, y: float) -> Iterable[str]:
    """Where this task's requests failed: a cross and how many, close ones together."""
    clusters: list[list[float]] = []
    for x in sorted(axis.x(case.request.done_ms) for case in cases):
        if clusters and x - clusters[-1][-1] < 14:
            clusters[-1].append(x)
        else:
            clusters.append([x])
    for found in clusters[:40]:
        x, middle = sum(found) / len(found), y + THICK + 7
        cross = f"M{x - 4:.1f} {middle - 4:.1f}l8 8m0 -8l-8 8"
        yield element("path", d=cross, cls="cross")
        yield text(x + 7, middle + 4, f"{len(found)} failed", "bad")

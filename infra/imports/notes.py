"""What a person must know of an import: to fill in, carried with a change, not carried."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    FILL = "fill in"
    CHANGED = "carried with a change"
    LEFT = "not carried"


ABOUT = {
    Kind.FILL: "What only you know. The placeholders stand in the files beside this one.",
    Kind.CHANGED: "It is there, but not as it is on AWS.",
    Kind.LEFT: "The rehearsal is without it.",
}


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One thing about a service; an empty service is the whole. Never holds a secret's value."""

    service: str
    what: str
    why: str
    do: str
    kind: Kind

    @property
    def text(self) -> str:
        """`web: mountPoints: there are no volumes; keep files ...`."""
        place = f"{self.service}: " if self.service else ""
        return " ".join(f"{place}{self.what}: {self.why}; {self.do}".split())


def fill(service: str, what: str, why: str, do: str) -> Note:
    return Note(service, what, why, do, Kind.FILL)


def changed(service: str, what: str, why: str, do: str) -> Note:
    return Note(service, what, why, do, Kind.CHANGED)


def left(service: str, what: str, why: str, do: str) -> Note:
    return Note(service, what, why, do, Kind.LEFT)


def ordered(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Without repetition, what must be filled in first."""
    kinds = list(Kind)
    found = set(notes)
    return tuple(sorted(found, key=lambda one: (kinds.index(one.kind), one)))


def as_markdown(title: str, source: str, notes: Sequence[Note], start: str) -> str:
    """The page that is written beside the settings."""
    parts = [f"# {title}", f"Imported by `rehearse import` from {source}.", start]
    for kind in Kind:
        found = [one for one in notes if one.kind is kind]
        if found:
            parts += [f"## {kind.value.capitalize()}", ABOUT[kind]]
            parts.append("\n".join(_item(one) for one in found))
    return "\n\n".join(parts) + "\n"


def _item(note: Note) -> str:
    place = f"**{note.service}** " if note.service else ""
    return f"- {place}`{_flat(note.what)}`: {_flat(note.why)}; {_flat(note.do)}"


def _flat(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")

"""The reader of a run folder: everything the judge and the picture know, parsed once."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from chaos.codec import MalformedError, decode
from chaos.entries import KINDS, Entry, Step
from chaos.errors import UsageError
from chaos.records import Records, read_records
from chaos.run import Run

E = TypeVar("E", bound=Entry)
COMPLAINTS_MAX = 10


@dataclass(frozen=True, slots=True)
class History:
    """A recorded run. `missing` has one sentence for each part that is absent or cut."""

    run: Run
    entries: tuple[Entry, ...]
    records: Records
    missing: tuple[str, ...] = ()

    def of(self, cls: type[E]) -> tuple[E, ...]:
        """The journal's entries of one class, in the order they were written."""
        return tuple(entry for entry in self.entries if isinstance(entry, cls))

    @property
    def origin_ms(self) -> float:
        """Zero of the time axis in reports and sentences: when the load was started."""
        steps = self.of(Step)
        return steps[0].at_ms if steps else self.run.started_ms

    @property
    def end_ms(self) -> float:
        """The last moment that anything is known of."""
        seen = [entry.at_ms for entry in self.entries]
        sent = [request.done_ms for request in self.records.requests]
        return max([*seen, *sent, self.run.ended_ms or self.run.started_ms])


def read_history(folder: Path) -> History:
    """Read a run folder. Only a folder without a readable run.json is refused (UsageError)."""
    run = _read_run(folder)
    entries, complaints = _read_journal(folder / "journal.jsonl")
    records = read_records(folder / "requests.sqlite") if run.rate > 0 else Records()
    return History(run, entries, records, (*complaints, *records.missing))


def _read_run(folder: Path) -> Run:
    path = folder / "run.json"
    try:
        return decode(Run, json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{folder} is no run folder ({path.name}: {error.strerror})") from error
    except ValueError as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _read_journal(path: Path) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        return (), (f"{path.name} is missing ({error.strerror})",)
    entries: list[Entry] = []
    complaints: list[str] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                entries.append(_read_line(number, line))
            except ValueError as error:
                complaints.append(f"{path.name} line {number} cannot be read: {error}")
    return tuple(entries), tuple(complaints[:COMPLAINTS_MAX])


def _read_line(number: int, line: str) -> Entry:
    document = json.loads(line)
    kind = document.get("kind") if isinstance(document, dict) else None
    if kind not in KINDS:
        raise MalformedError(f"unknown kind {kind!r}")
    return replace(decode(KINDS[kind], document), line=number)

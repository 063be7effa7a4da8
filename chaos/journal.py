"""The writer of a run folder: run.json and journal.jsonl."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from chaos.entries import KIND_OF, Entry
from chaos.run import Run

LINES_MAX = 200_000


def _ignore(_entry: Entry) -> None:
    pass


class Journal:
    """Appends entries to journal.jsonl, a line at a time; any thread may write.

    After LINES_MAX lines one note says so and the rest is dropped. `heard` is told of each entry
    that is written, in the writer's thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._lines = 0
        self.heard: Callable[[Entry], None] = _ignore
        self._file: TextIO = (folder / "journal.jsonl").open("x", encoding="utf-8", buffering=1)

    def write(self, entry: Entry) -> None:
        """Append one entry; nothing happens once the journal is closed or full."""
        with self._lock:
            if self._file.closed or self._lines > LINES_MAX:
                return
            self._lines += 1
            self._file.write(encode(entry) if self._lines <= LINES_MAX else _full(entry))
        self.heard(entry)

    def close(self) -> None:
        with self._lock:
            self._file.close()


def encode(entry: Entry) -> str:
    """One JSON line with its newline; members that are None are left out."""
    members = {k: v for k, v in asdict(entry).items() if v is not None and k != "line"}
    document = {"at_ms": members.pop("at_ms"), "kind": KIND_OF[type(entry)], **members}
    return json.dumps(document, separators=(",", ":")) + "\n"


def _full(entry: Entry) -> str:
    text = f"journal full: nothing is recorded after {LINES_MAX} lines"
    return json.dumps({"at_ms": entry.at_ms, "kind": "note", "text": text}) + "\n"


def write_run(folder: Path, run: Run) -> None:
    """Write run.json in one rename, so that a reader sees the old or the new one."""
    temporary = folder / "run.json.new"
    temporary.write_text(json.dumps(asdict(run), indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, folder / "run.json")

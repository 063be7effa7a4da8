"""The plane's history: JSON lines on one time base, bounded on disk.

Every transition, step with its reason, health change and Envoy push goes here. `at_ms` is the
plane's clock in milliseconds since the epoch.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from infra.local.clock import Clock

LIMIT_BYTES = 32 << 20  # then the file is renamed to `.1`, which replaces the one before


class Journal:
    """Appends entries to a file. The file is opened at once and closed by `close`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._file: TextIO = path.open("a", buffering=1)
        self._size = path.stat().st_size

    def write(self, kind: str, fields: Mapping[str, object]) -> None:
        """Append one entry with the time of now."""
        line = json.dumps({"at_ms": self._clock.now_ms(), "kind": kind, **fields}) + "\n"
        self._file.write(line)
        self._size += len(line)
        if self._size > LIMIT_BYTES:
            self._rotate()

    def _rotate(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._file = self._path.open("a", buffering=1)
        self._size = 0

    def close(self) -> None:
        self._file.close()

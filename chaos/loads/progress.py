"""Reading what a load has recorded so far, while it goes on: only what is new."""

import sqlite3
from collections import deque
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from chaos.loads.hope import Seen

_NEW = """
SELECT r.rowid, n.text, r.latency_ms, r.error IS NOT NULL, r.length_ms IS NOT NULL, r.scheduled_ms
FROM request r JOIN name n ON n.id = r.name WHERE r.rowid > ? ORDER BY r.rowid
"""


class Progress:
    """Follows a growing record. `recent` are the last requests, as (scheduled_ms, failed)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = 0
        self.arrivals = 0
        self.failed = 0
        self.recent: deque[tuple[float, bool]] = deque(maxlen=20_000)

    def read(self) -> list[Seen]:
        """What was recorded since the last call; nothing while the file is not there or locked."""
        uri = f"file:{quote(str(self._path.resolve()))}?mode=ro"
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=2)) as connection:
                rows = connection.execute(_NEW, (self._last,)).fetchall()
        except sqlite3.Error:
            return []
        for rowid, _, _, failed, _, scheduled_ms in rows:
            self._last = rowid
            self.failed += failed
            self.recent.append((scheduled_ms, bool(failed)))
        self.arrivals += len(rows)
        return [Seen(name, ms, bool(failed), bool(long)) for _, name, ms, failed, long, _ in rows]

    def recent_share(self, since_ms: float) -> tuple[int, float]:
        """How many requests were due since then, and the percentage of them that failed."""
        outcomes = [failed for scheduled_ms, failed in self.recent if scheduled_ms >= since_ms]
        return len(outcomes), 100 * sum(outcomes) / len(outcomes) if outcomes else 0.0

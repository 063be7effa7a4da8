"""Every request and every write of a load, in one SQLite file.

The file is readable at any moment, also after kill -9: what was flushed is there, and a flush comes
every 50 ms. Several generator processes on one machine may write to the same file.
"""

import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_AGAIN_S = 0.01
_BUSY_MS = 2_000  # how long to wait for another process's flush

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS name(id INTEGER PRIMARY KEY, text TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS request(
  scheduled_ms REAL NOT NULL, sent_ms REAL, latency_ms REAL NOT NULL, service_ms REAL,
  method INTEGER NOT NULL REFERENCES name(id), name INTEGER NOT NULL REFERENCES name(id),
  status INTEGER, task INTEGER REFERENCES name(id), error INTEGER REFERENCES name(id),
  request_id TEXT NOT NULL, length_ms REAL);
CREATE TABLE IF NOT EXISTS write(
  key TEXT PRIMARY KEY, order_id TEXT, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
  customer TEXT NOT NULL, outcome TEXT NOT NULL, at_ms REAL NOT NULL);
"""


class RequestRow(NamedTuple):
    """One arrival. Times are UTC epoch milliseconds and real milliseconds; `error` None is good.

    `latency_ms` counts from the scheduled time, `service_ms` from sending.
    """

    scheduled_ms: float
    sent_ms: float | None
    latency_ms: float
    service_ms: float | None
    method: str
    name: str
    status: int | None
    task: str | None
    error: str | None
    request_id: str
    length_ms: float | None


class WriteRow(NamedTuple):
    """One order asked for, by its Idempotency-Key, and what the client knows of it."""

    key: str
    order_id: str | None
    sku: str
    quantity: int
    customer: str
    outcome: str
    at_ms: float


class Recorder:
    """Rows are appended to lists in the hot path; `flush` writes them in one transaction."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises sqlite3.Error."""
        self.requests: list[RequestRow] = []
        self.writes: list[WriteRow] = []
        self._ids: dict[str, int] = {}
        self._database = sqlite3.connect(path, isolation_level=None)
        self._prepare()

    def _prepare(self) -> None:
        """Settings and tables. SQLite does not wait for a file that another generator switches to
        WAL at this very moment, whatever the busy timeout, so this is tried again for as long.

        WAL: who reads the file never holds up the load. No fsync: it would stall every arrival,
        and only a crash of the machine, not of the load, can lose what was written.
        """
        end = time.monotonic() + _BUSY_MS / 1000
        while True:
            try:
                for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=OFF"):
                    self._database.execute(f"PRAGMA {pragma}")
                self._database.executescript(_SCHEMA)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(_AGAIN_S)
            else:
                return

    def note(self, values: Mapping[str, object]) -> None:
        """Write `meta` rows at once; the newest value of a key counts."""
        rows = [(key, str(value)) for key, value in values.items()]
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def flush(self) -> None:
        """Write all rows appended since the last flush. Raises sqlite3.Error; rows are then kept.

        Nothing yields in here, so no row is appended meanwhile.
        """
        if not (self.requests or self.writes):
            return
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._insert()
        except BaseException:
            self._ids.clear()  # ids given in this transaction are gone
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
        self.requests.clear()
        self.writes.clear()

    def close(self) -> None:
        """Flush, fold the write-ahead log into the file and close.

        While someone else has the file open it keeps its log; the last generator to close folds it.
        """
        try:
            self.flush()
            self._database.execute("PRAGMA busy_timeout=0")
            with suppress(sqlite3.OperationalError):
                self._database.execute("PRAGMA journal_mode=DELETE")
        finally:
            self._database.close()

    def _insert(self) -> None:
        self._database.executemany(
            "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *row[:4],
                    self._id(row.method),
                    self._id(row.name),
                    row.status,
                    self._id(row.task),
                    self._id(row.error),
                    *row[9:],
                )
                for row in self.requests
            ],
        )
        self._database.executemany("INSERT INTO write VALUES (?, ?, ?, ?, ?, ?, ?)", self.writes)

    def _id(self, text: str | None) -> int | None:
        """The id of an interned string."""
        if text is None:
            return None
        known = self._ids.get(text)
        if known is None:
            self._database.execute("INSERT OR IGNORE INTO name(text) VALUES (?)", (text,))
            row = self._database.execute("SELECT id FROM name WHERE text = ?", (text,)).fetchone()
            known = self._ids[text] = int(row[0])
        return known

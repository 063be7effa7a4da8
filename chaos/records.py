"""The client's rows: requests.sqlite, written by the load, read into frozen rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Request:
    """One arrival. Epoch milliseconds; latency from the scheduled time, service from the sending.

    `length_ms` is the intended length of a long export in real milliseconds, None for any other.
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

    @property
    def done_ms(self) -> float:
        return self.scheduled_ms + self.latency_ms


@dataclass(frozen=True, slots=True)
class Write:
    """One order the load asked for; `outcome` is acknowledged, refused or unknown."""

    key: str
    order_id: str | None
    sku: str
    quantity: int
    customer: str
    outcome: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class Records:
    """Everything the load recorded; `missing` says what could not be read."""

    meta: dict[str, str] = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    writes: tuple[Write, ...] = ()
    missing: tuple[str, ...] = ()


_REQUESTS = """
SELECT r.scheduled_ms, r.sent_ms, r.latency_ms, r.service_ms, m.text, n.text, r.status, t.text,
       e.text, r.request_id, r.length_ms
FROM request r LEFT JOIN name m ON m.id = r.method LEFT JOIN name n ON n.id = r.name
LEFT JOIN name t ON t.id = r.task LEFT JOIN name e ON e.id = r.error ORDER BY r.scheduled_ms
"""
_WRITES = "SELECT key, order_id, sku, quantity, customer, outcome, at_ms FROM write ORDER BY at_ms"


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=2)) as connection:
        yield connection


def read_records(path: Path) -> Records:
    """Read the whole file. A file that is missing or broken gives empty rows and a sentence."""
    if not path.is_file():
        return Records(missing=(f"{path.name} is missing: the load recorded nothing",))
    try:
        with _open(path) as connection:
            meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
            requests = tuple(Request(*row) for row in connection.execute(_REQUESTS))
            writes = tuple(Write(*row) for row in connection.execute(_WRITES))
    except sqlite3.Error as error:
        return Records(missing=(f"{path.name} cannot be read ({error})",))
    return Records(meta, requests, writes)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many arrivals were recorded so far, and how many of the recent ones failed."""

    arrivals: int = 0
    recent: int = 0
    recent_failed: int = 0


def tally(path: Path, since_ms: float) -> Tally:
    """Count while the load is still writing; zeros while the file is not there or is locked."""
    recent = "SELECT count(*), count(error) FROM request WHERE scheduled_ms >= ?"
    try:
        with _open(path) as connection:
            (arrivals,) = connection.execute("SELECT count(*) FROM request").fetchone()
            return Tally(arrivals, *connection.execute(recent, (since_ms,)).fetchone())
    except sqlite3.Error:
        return Tally()

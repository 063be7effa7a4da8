"""requests.sqlite as the load writes it, for run folders written by hand."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from chaos.records import Request, Write

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT UNIQUE);
CREATE TABLE request(scheduled_ms REAL, sent_ms REAL, latency_ms REAL, service_ms REAL,
  method INT, name INT, status INT, task INT, error INT, request_id TEXT, length_ms REAL);
CREATE TABLE write(key TEXT PRIMARY KEY, order_id TEXT, sku TEXT, quantity INT, customer TEXT,
  outcome TEXT, at_ms REAL);
"""


def write_records(
    path: Path, requests: Iterable[Request], writes: Iterable[Write], meta: dict[str, str]
) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SCHEMA)
        ids: dict[str, int] = {}

        def intern(text: str | None) -> int | None:
            if text is None:
                return None
            if text not in ids:
                ids[text] = len(ids) + 1
                database.execute("INSERT INTO name VALUES (?, ?)", (ids[text], text))
            return ids[text]

        database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        for r in requests:
            row = (
                r.scheduled_ms,
                r.sent_ms,
                r.latency_ms,
                r.service_ms,
                intern(r.method),
                intern(r.name),
                r.status,
                intern(r.task),
                intern(r.error),
                r.request_id,
                r.length_ms,
            )
            database.execute(f"INSERT INTO request VALUES ({','.join('?' * 11)})", row)
        for w in writes:
            order = (w.key, w.order_id, w.sku, w.quantity, w.customer, w.outcome, w.at_ms)
            database.execute("INSERT INTO write VALUES (?,?,?,?,?,?,?)", order)

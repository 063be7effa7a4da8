"""The database under the store: SQLite in one file that several tasks share, or PostgreSQL."""

import contextlib
import fcntl
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

WAIT_SECONDS = 5.0  # longest wait for another task's write, or for PostgreSQL's answer
START_SECONDS = 20.0  # longest wait for the database at start
# Longest that a read on the event loop may wait for the file. In WAL mode no reader waits for a
# writer; only for the recovery after a kill, which takes milliseconds.
READ_WAIT_SECONDS = 0.25
READERS, WRITERS = 4, 6  # threads, and connections, of one process in PostgreSQL
SCHEMA_LOCK = 0x0E5A0DE5  # any number; all order-api tasks use the same

metadata = MetaData()

orders = Table(
    "orders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", String(255), unique=True),
    Column("sku", String(64), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("customer", String(100), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("orders_by_sku", "sku", "id"),
)

# The sum of open quantities, kept in the transaction that changes an order: reading it costs the
# same with ten orders and with a million.
open_totals = Table(
    "open_totals",
    metadata,
    Column("sku", String(64), primary_key=True),
    Column("quantity", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Database:
    """Engines for reading and for writing, and on how many threads each is to be used.

    No `readers`: read on the event loop, where SQLite answers in a tenth of a millisecond; the
    way to a thread and back costs three times that. One writer with SQLite, which has one at a
    time: threads that take turns in memory need not poll for the file's lock.
    """

    reading: Engine
    writing: Engine
    readers: int
    writers: int

    def close(self) -> None:
        """Give the connections back."""
        self.reading.dispose()
        self.writing.dispose()


class StartError(Exception):
    """The database cannot be used; the message is one sentence with the remedy."""


def open_database(database_url: str) -> Database:
    """The database with the schema in place; else StartError.

    Safe when several processes start together on one new database.
    """
    try:
        url = make_url(database_url)
    except (SQLAlchemyError, ValueError) as error:
        raise StartError("DATABASE_URL cannot be parsed; check its port and its escapes") from error
    try:
        if url.get_backend_name() == "sqlite":
            return _open_sqlite(url)
        return _open_postgresql(url)
    except (SQLAlchemyError, OSError, ImportError) as error:
        shown = url.render_as_string(hide_password=True)
        raise StartError(f"cannot open {shown}: {say_cause(error)}; check DATABASE_URL") from error


def say_cause(error: BaseException) -> str:
    """The first line of what the database driver said."""
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return said.splitlines()[0][:200]


def _open_sqlite(url: URL) -> Database:
    writing = _make_sqlite(url, WAIT_SECONDS).execution_options(write=True)
    # Every process makes its first connection under the lock: changing the journal mode is what
    # SQLite's busy timeout does not cover.
    with _file_lock(Path(f"{url.database}.lock")), writing.begin() as connection:
        metadata.create_all(connection)
    return Database(_make_sqlite(url, READ_WAIT_SECONDS), writing, readers=0, writers=1)


def _make_sqlite(url: URL, wait_seconds: float) -> Engine:
    engine = create_engine(url, pool_size=1, max_overflow=0, connect_args={"timeout": wait_seconds})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    raw.isolation_level = None  # no BEGIN of the driver's own: _begin_sqlite says which kind
    raw.execute("PRAGMA journal_mode=WAL").close()
    # in WAL mode NORMAL keeps every commit when a task is killed; power loss may cost the last
    raw.execute("PRAGMA synchronous=NORMAL").close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once and may wait for it. A reader that turns writer may not wait.
    write = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    deadline = time.monotonic() + START_SECONDS
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        yield


def _open_postgresql(url: URL) -> Database:
    engine = _make_postgresql(url)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _create_in_postgresql(engine)
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return Database(engine, engine, READERS, WRITERS)


def _make_postgresql(url: URL) -> Engine:
    wait_ms = int(WAIT_SECONDS * 1000)
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=READERS + WRITERS,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,  # after a failover old connections are dead
        connect_args={
            "connect_timeout": int(WAIT_SECONDS),
            "application_name": "order-api",
            "options": f"-c statement_timeout={wait_ms} -c lock_timeout={wait_ms}",
        },
    )


def _create_in_postgresql(engine: Engine) -> None:
    with engine.begin() as connection:
        # CREATE TABLE IF NOT EXISTS alone fails when two sessions race
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SCHEMA_LOCK})
        metadata.create_all(connection)

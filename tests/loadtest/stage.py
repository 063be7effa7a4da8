"""Loads and stand-in services as processes of their own: Locust patches the whole interpreter."""

import json
import select
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from subprocess import PIPE

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0


def read_line(process: subprocess.Popen[bytes]) -> str:
    """The next line of the process's output; '' if it ended. Fails after the limit."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], LIMIT_S)
    assert ready, "no line came"
    return process.stdout.readline().decode().strip()


@contextmanager
def start(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a pipe as standard input; killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serve(*faults: str) -> Iterator[str]:
    """A stand-in service with these faults; its URL."""
    with start(str(Path(__file__).with_name("server.py")), *faults) as process:
        yield f"http://127.0.0.1:{read_line(process)}"


def end(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """The process's exit code and what it said on stderr; its lifeline stays."""
    code = process.wait(LIMIT_S)
    assert process.stderr is not None
    return code, process.stderr.read().decode()


def load(url: str, record: Path, *options: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """The command under test, running."""
    return start("-m", "loadtest", "--host", url, "--record", str(record), *options)


def received(url: str) -> dict[str, int]:
    """What the stand-in counted: requests per method, and 'dropped GET' and so on."""
    with urllib.request.urlopen(f"{url}/_counts", timeout=LIMIT_S) as answer:
        return dict(json.load(answer))


def query(record: Path, statement: str) -> list[tuple[str | float | None, ...]]:
    """Rows of a record, read as the drills read it."""
    with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True)) as database:
        return database.execute(statement).fetchall()


def count(record: Path, table: str = "request") -> int:
    return int(query(record, f"SELECT count(*) FROM {table}")[0][0] or 0)


def pairs(record: Path, statement: str) -> dict[str, float | str | None]:
    """Rows of two columns as a dictionary."""
    return {str(key): value for key, value in query(record, statement)}


def errors(record: Path) -> dict[tuple[str, str | None], int]:
    """How many arrivals had each method and error class."""
    rows = query(
        record,
        "SELECT m.text, e.text, count(*) FROM request r JOIN name m ON m.id = r.method "
        "LEFT JOIN name e ON e.id = r.error GROUP BY 1, 2",
    )
    return {(str(m), None if e is None else str(e)): int(n or 0) for m, e, n in rows}


def await_rows(record: Path, wanted: int) -> None:
    """Wait until so many requests are in the file, which may have no table yet."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        with suppress(sqlite3.OperationalError):
            if count(record) >= wanted:
                return
        time.sleep(0.05)
    raise AssertionError(f"{record} never had {wanted} rows")

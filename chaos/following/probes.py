"""Light probing of a URL while watching: real client observations, rows of requests.sqlite."""

import sqlite3
import ssl
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from chaos.clock import Clock
from chaos.history import History
from chaos.records import Request

TIMEOUT_SECONDS = 5.0
WORKERS = 32  # as many probes may be waiting for an answer
_SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT UNIQUE);
CREATE TABLE request(scheduled_ms REAL, sent_ms REAL, latency_ms REAL, service_ms REAL,
  method INT, name INT, status INT, task INT, error INT, request_id TEXT, length_ms REAL);
CREATE TABLE write(key TEXT PRIMARY KEY, order_id TEXT, sku TEXT, quantity INT, customer TEXT,
  outcome TEXT, at_ms REAL);
"""


class ProbeRecord:
    """The file, in the load's own format; every row is on the disk when `write` returns."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._ids: dict[str, int] = {}

    def write(self, row: Request) -> None:
        """Append a row; any thread may, nothing happens after `close`."""
        with self._lock:
            if self._closed:
                return
            names = [self._intern(t) for t in (row.method, row.name, row.task, row.error)]
            method, name, task, error = names
            values = (
                *(row.scheduled_ms, row.sent_ms, row.latency_ms, row.service_ms),
                *(method, name, row.status, task, error, row.request_id, row.length_ms),
            )
            self._database.execute("INSERT INTO request VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)

    def _intern(self, text: str | None) -> int | None:
        if text is None:
            return None
        if text not in self._ids:
            self._ids[text] = len(self._ids) + 1
            self._database.execute("INSERT INTO name VALUES (?, ?)", (self._ids[text], text))
        return self._ids[text]

    _closed = False

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._database.close()


class Prober:
    """GETs the URL at a steady rate, whether or not answers come: a slow one delays no other.

    An answer below 500 is good: the application gave it. Each probe has a connection of its own.
    """

    def __init__(
        self, url: str, rate: float, record: ProbeRecord, clock: Clock, ca_file: str | None
    ) -> None:
        self._url, self._rate, self._record, self._clock = url, rate, record, clock
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._name = f"GET {httpx.URL(url).path}"
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="probe")
        self._thread = threading.Thread(target=self._loop, name="probes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Send no more, wait for those under way, close the record. Raises what a probe raised."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(TIMEOUT_SECONDS)
        self._pool.shutdown(wait=True)
        self._record.close()
        if self._failure is not None:
            raise self._failure

    def _loop(self) -> None:
        begun, number = time.monotonic(), 0
        while not self._ended.wait(max(0.0, begun + number / self._rate - time.monotonic())):
            sent = self._pool.submit(self.probe, self._clock.now_ms())
            sent.add_done_callback(self._keep_failure)
            number += 1

    def _keep_failure(self, sent: "Future[None]") -> None:
        """A failed probe is a row; an exception is a bug of ours, and must not go unseen."""
        self._failure = self._failure or sent.exception()

    def probe(self, scheduled_ms: float) -> None:
        """Send one and write down what came."""
        sent_ms = self._clock.now_ms()
        status, task, error = self._ask()
        done_ms = self._clock.now_ms()
        self._record.write(
            Request(
                scheduled_ms=scheduled_ms,
                sent_ms=sent_ms,
                latency_ms=done_ms - scheduled_ms,
                service_ms=done_ms - sent_ms,
                method="GET",
                name=self._name,
                status=status,
                task=task,
                error=error,
                request_id=uuid.uuid4().hex,
                length_ms=None,
            )
        )

    def _ask(self) -> tuple[int | None, str | None, str | None]:
        """(status, task, error), the error in the load's words."""
        headers = {"connection": "close", "user-agent": "rehearse-watch"}
        try:
            with httpx.Client(verify=self._tls, timeout=TIMEOUT_SECONDS) as client:
                answer = client.get(self._url, headers=headers)
        except httpx.TimeoutException:
            return None, None, "timeout"
        except httpx.ConnectError:
            return None, None, "refused"
        except httpx.HTTPError:
            return None, None, "reset"
        task = answer.headers.get("x-task-id")
        if answer.status_code < 500:
            return answer.status_code, task, None
        by = "proxy" if task is None else "app"
        return answer.status_code, task, f"{by}-{answer.status_code}"


@dataclass(frozen=True, slots=True)
class Silence:
    """Probes that failed one after another: from the last good one before to the next good one.

    Real milliseconds: at least from the first to the last that failed, at most between the good.
    """

    count: int
    begin_ms: float
    least_ms: float
    most_ms: float


def find_silences(history: History) -> tuple[Silence, ...]:
    """In the order of time."""
    rows = history.records.requests
    found, start = [], None
    for index, row in enumerate(rows):
        if row.error is not None and start is None:
            start = index
        ends = row.error is None or index + 1 == len(rows)
        if start is not None and ends:
            last = index - 1 if row.error is None else index
            found.append(_silence(rows, start, last))
            start = None
    return tuple(found)


def _silence(rows: tuple[Request, ...], first: int, last: int) -> Silence:
    before = rows[first - 1] if first else rows[first]
    after = rows[last + 1] if last + 1 < len(rows) else rows[last]
    return Silence(
        count=last - first + 1,
        begin_ms=rows[first].scheduled_ms,
        least_ms=rows[last].scheduled_ms - rows[first].scheduled_ms,
        most_ms=after.scheduled_ms - before.scheduled_ms,
    )

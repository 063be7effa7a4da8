"""What a watch judges of its probes, and how they are sent and recorded."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chaos.checks.finding import Result
from chaos.clock import Clock
from chaos.following.checks import (
    PROBES,
    watch_checks,
)
from chaos.following.probes import Prober, ProbeRecord, find_silences
from chaos.history import read_history
from chaos.records import Request, read_records
from tests.chaos.builder import (
    T0,
    RunBuilder,
    good_request,
)
from tests.chaos.test_watch_checks import SERVICE, judged, watched


def probe(at: float, error: str | None) -> Request:
    row = good_request(at, int(at), "a" * 32, SERVICE)
    return replace(row, scheduled_ms=T0 + at, error=error, status=503 if error else 200)


def probed(*rows: Request) -> RunBuilder:
    builder = watched()
    builder.run = replace(builder.run, rate=5.0, url="http://127.0.0.1:1/x")
    builder.requests = list(rows)
    return builder


def test_the_longest_outage_of_probes_is_between_the_good_ones(tmp_path: Path) -> None:
    bad = "proxy-503"
    rows = [probe(0, None), probe(200, bad), probe(400, None), probe(600, bad), probe(800, bad)]
    builder = probed(*rows, probe(1000, None))
    history = builder.history(tmp_path)
    first, second = find_silences(history)
    assert (first.count, first.least_ms, first.most_ms) == (1, 0.0, 400.0)
    assert (second.count, second.least_ms, second.most_ms) == (2, 200.0, 600.0)
    finding = PROBES.run(history)
    assert finding.result is Result.FAIL
    assert finding.sentence.startswith(
        "3 of 6 probes failed; the longest outage lasted 0.2 to 0.6 s (real)"
    )
    assert "no target to route to" in {d.cause for d in finding.diagnoses}
    assert PROBES in watch_checks(history)


def test_probes_that_all_fail_are_one_outage(tmp_path: Path) -> None:
    history = probed(probe(0, "refused"), probe(200, "refused")).history(tmp_path)
    (silence,) = find_silences(history)
    assert (silence.count, silence.least_ms, silence.most_ms) == (2, 200.0, 200.0)


def test_good_probes_pass(tmp_path: Path) -> None:
    finding = judged(probed(probe(0, None), probe(200, None)), tmp_path, PROBES)
    assert (finding.result, "0 of 2 probes" in finding.sentence) == (Result.PASS, True)


@contextmanager
def answering(*statuses: int) -> Iterator[str]:
    """A server that gives these statuses in turn, the first with a task's header."""
    given = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = given.pop(0) if len(given) > 1 else given[0]
            self.send_response(status)
            if len(given) == len(statuses) - 1:
                self.send_header("x-task-id", "t1")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/here"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_probes_are_rows_as_the_load_writes_them(tmp_path: Path, free_endpoint: str) -> None:
    file, clock = tmp_path / "requests.sqlite", Clock()
    with answering(200, 404, 503) as url:
        prober = Prober(url, 5, ProbeRecord(file), clock, None)
        for _ in range(3):
            prober.probe(clock.now_ms())
    dead = Prober(free_endpoint, 5, prober._record, clock, None)
    dead.probe(clock.now_ms())
    prober.close()
    rows = read_records(file).requests
    assert [(r.status, r.task, r.error) for r in rows] == [
        (200, "t1", None),
        (404, None, None),
        (503, None, "proxy-503"),
        (None, None, "refused"),
    ]
    assert {r.name for r in rows} == {"GET /here", "GET /"}
    assert all(r.latency_ms >= (r.service_ms or 0) > 0 for r in rows)


def test_a_prober_keeps_its_rate_and_ends(tmp_path: Path) -> None:
    file = tmp_path / "requests.sqlite"
    with answering(200) as url:
        prober = Prober(url, 50, ProbeRecord(file), Clock(), None)
        prober.start()
        threading.Event().wait(0.5)
        prober.close()
    with closing(sqlite3.connect(file)) as database:
        (count,) = database.execute("SELECT count(*) FROM request").fetchone()
    assert 10 <= count <= 27
    assert not any(thread.name.startswith("probe") for thread in threading.enumerate())


def test_a_bug_in_probing_does_not_go_unseen(tmp_path: Path, free_endpoint: str) -> None:
    record = ProbeRecord(tmp_path / "requests.sqlite")
    prober = Prober(free_endpoint, 50, record, Clock(), None)
    record._database.execute("DROP TABLE request")
    prober.start()
    threading.Event().wait(0.2)
    with pytest.raises(sqlite3.OperationalError):
        prober.close()


def test_a_record_without_requests_asked_misses_nothing(tmp_path: Path) -> None:
    watched().write(tmp_path)
    (tmp_path / "requests.sqlite").unlink()
    assert read_history(tmp_path).missing == ()
    probed(probe(0, None)).write(tmp_path / "probed")
    (tmp_path / "probed" / "requests.sqlite").unlink()
    assert read_history(tmp_path / "probed").missing != ()

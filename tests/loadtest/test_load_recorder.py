import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.recorder import Recorder, RequestRow, WriteRow
from tests.loadtest.stage import ROOT, count, errors, pairs, query

GOOD = RequestRow(1.5, 2.5, 10.0, 9.0, "GET", "GET /orders", 200, "t1", None, "r1", None)
CUT = RequestRow(2.5, 3.5, 8.0, 7.0, "GET", "GET /orders", None, None, "reset", "r2", 1500.0)
DROPPED = RequestRow(
    3.5, None, 1.0, None, "POST", "POST /orders", None, None, "dropped", "r3", None
)
WRITE = WriteRow("key-1", "order-1", "SKU-LOAD-1", 2, "customer-1", "acknowledged", 4.5)
LOST = WriteRow("key-2", None, "SKU-LOAD-1", 1, "customer-2", "unknown", 5.5)

CRASH = """
import os, signal, sys
from pathlib import Path
from loadtest.recorder import Recorder, RequestRow
row = RequestRow(1.5, 2.5, 10.0, 9.0, "GET", "GET /orders", 200, "t1", None, "r1", None)
recorder = Recorder(Path(sys.argv[1]))
recorder.requests += [row] * 700
recorder.flush()
recorder.requests += [row] * 300
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    record = tmp_path / "requests.sqlite"
    recorder = Recorder(record)
    recorder.note({"rate": 200, "seed": 1})
    recorder.note({"rate": 300})
    recorder.requests += [GOOD, CUT]
    recorder.flush()
    recorder.requests += [DROPPED]
    recorder.writes += [WRITE, LOST]
    recorder.close()
    rows = query(
        record,
        "SELECT scheduled_ms, sent_ms, latency_ms, service_ms, m.text, n.text, status, t.text,"
        " e.text, request_id, length_ms FROM request r JOIN name m ON m.id = r.method"
        " JOIN name n ON n.id = r.name LEFT JOIN name t ON t.id = r.task"
        " LEFT JOIN name e ON e.id = r.error ORDER BY scheduled_ms",
    )
    assert rows == [GOOD, CUT, DROPPED]
    assert query(record, "SELECT * FROM write ORDER BY key") == [WRITE, LOST]
    assert pairs(record, "SELECT * FROM meta") == {"rate": "300", "seed": "1"}
    assert os.listdir(tmp_path) == ["requests.sqlite"]


def test_strings_are_stored_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.sqlite")
    recorder.requests += [GOOD] * 1000
    recorder.close()
    assert count(tmp_path / "r.sqlite", "name") == 3


def test_a_crash_loses_nothing_that_was_flushed(tmp_path: Path) -> None:
    record = tmp_path / "r.sqlite"
    crashed = subprocess.run([sys.executable, "-c", CRASH, str(record)], cwd=ROOT, check=False)
    assert crashed.returncode == -signal.SIGKILL
    assert errors(record) == {("GET", None): 700}


def test_rows_that_could_not_be_written_are_kept_for_the_next_flush(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r.sqlite")
    recorder.requests += [GOOD]
    recorder.writes += [WRITE, WRITE]  # a key cannot be used twice
    with pytest.raises(sqlite3.IntegrityError):
        recorder.flush()
    recorder.writes.pop()
    recorder.close()
    assert errors(tmp_path / "r.sqlite") == {("GET", None): 1}
    assert count(tmp_path / "r.sqlite", "write") == 1


OPEN_TOGETHER = """
import sys
from pathlib import Path
from loadtest.recorder import Recorder
folder = Path(sys.argv[1])
print("ready", flush=True)
for number, _ in enumerate(sys.stdin):
    Recorder(folder / f"{number}.sqlite")
    print(number, flush=True)
"""


def test_generators_that_open_a_file_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    """SQLite says at once that it is locked while another switches it to WAL."""
    command = [sys.executable, "-c", OPEN_TOGETHER, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    openers = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(4)]  # type: ignore[call-overload] # the pipes
    try:
        for opener in openers:
            assert opener.stdout.readline() == "ready\n"
        for number in range(60):
            for opener in openers:
                opener.stdin.write("\n")
                opener.stdin.flush()
            for opener in openers:
                assert opener.stdout.readline() == f"{number}\n", opener.stderr.read()
    finally:
        for opener in openers:
            opener.kill()
            opener.communicate()


def test_two_generators_share_a_file(tmp_path: Path) -> None:
    first, second = Recorder(tmp_path / "r.sqlite"), Recorder(tmp_path / "r.sqlite")
    for _ in range(3):
        for recorder, row in ((first, GOOD), (second, CUT)):
            recorder.requests += [row]
            recorder.flush()
    first.close()
    second.close()
    assert errors(tmp_path / "r.sqlite") == {("GET", None): 3, ("GET", "reset"): 3}
    assert os.listdir(tmp_path) == ["r.sqlite"]

"""`locust -f loadtest/locustfile.py` with Locust's own options."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.loadtest.stage import LIMIT_S, ROOT, count, pairs, query, serve
from tests.loadtest.test_load_run import SECRET
from tests.plane.up import free_ports

pytestmark = pytest.mark.runtime
LOCUST = (sys.executable, "-m", "locust", "-f", str(ROOT / "loadtest" / "locustfile.py"))
SHORT = ("--longest", "0.1")


@contextmanager
def locust(folder: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Locust, running in a folder of its own."""
    folder.mkdir(exist_ok=True)
    with (folder / "locust.log").open("wb") as log:
        process = subprocess.Popen(
            [*LOCUST, *options],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def said(folder: Path) -> str:
    return (folder / "locust.log").read_text()


def test_csv_and_html_are_written(tmp_path: Path) -> None:
    options = (
        "--headless",
        "--rate",
        "40",
        "--duration",
        "2",
        "--csv",
        "load",
        "--html",
        "load.html",
    )
    with serve("--token", SECRET.lower()) as url:
        header = f"Authorization: {SECRET}"
        with locust(tmp_path, "--host", url, *options, *SHORT, "--header", header) as process:
            assert process.wait(LIMIT_S) == 0, said(tmp_path)
    rows = (tmp_path / "load_stats.csv").read_text().splitlines()
    (total,) = (row.split(",") for row in rows if row.startswith(",Aggregated,"))
    assert 30 <= int(total[2]) <= 80  # Locust writes once a second, and not at its end
    assert int(total[3]) == 0
    assert "Aggregated" in (tmp_path / "load.html").read_text()
    for path in tmp_path.iterdir():
        assert SECRET.encode() not in path.read_bytes(), path


def test_the_page_starts_and_stops_the_load_and_shows_no_secret(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    page, record = f"http://127.0.0.1:{port}", tmp_path / "r.sqlite"
    options = ("--web-host", "127.0.0.1", "--web-port", str(port), "--rate", "30", *SHORT)
    secret = ("--header", f"Authorization: {SECRET}")
    with serve("--token", SECRET.lower()) as url:
        given = ("--host", url, *options, "--record", str(record), *secret)
        with locust(tmp_path, *given) as process:
            assert SECRET not in ask(page)
            form = urllib.parse.urlencode({"user_count": 1, "spawn_rate": 1, "host": url})
            ask(f"{page}/swarm", form.encode())
            await_count(record, 30)
            assert SECRET not in ask(page)
            ask(f"{page}/stop", b"")
            process.terminate()
            process.wait(LIMIT_S)
    failed = query(record, "SELECT count(*) FROM request WHERE error IS NOT NULL")
    assert failed == [(0,)]


def ask(url: str, form: bytes | None = None) -> str:
    """The page's answer, once it is there."""
    end = time.monotonic() + LIMIT_S
    while True:
        try:
            with urllib.request.urlopen(url, form, timeout=LIMIT_S) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError:
            raise  # it is there, and says no
        except urllib.error.URLError:
            assert time.monotonic() < end, "the page does not answer"
            time.sleep(0.1)


def is_begun(record: Path) -> bool:
    """Whether the record has its tables: the file is there a moment earlier."""
    if not record.exists():
        return False
    return bool(query(record, "SELECT 1 FROM sqlite_master WHERE name = 'request'"))


def await_count(record: Path, wanted: int) -> None:
    end = time.monotonic() + LIMIT_S
    while not is_begun(record) or count(record) < wanted:
        assert time.monotonic() < end, "too few requests"
        time.sleep(0.1)


def test_master_and_workers_share_one_schedule_and_their_records_merge(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    where = ("--master-port", str(port), "--master-host", "127.0.0.1")
    master = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port))
    options = ("--headless", "--expect-workers", "2", "--rate", "60", "--duration", "3", *SHORT)
    folders = [tmp_path / name for name in ("m", "w1", "w2")]
    with serve() as url:
        given = (*master, *options, "--host", url, "--record", "r.sqlite")
        with (
            locust(folders[0], *given) as leader,
            locust(folders[1], "--worker", *where) as first,
            locust(folders[2], "--worker", *where) as second,
        ):
            for process, folder in zip((leader, first, second), folders, strict=True):
                assert process.wait(LIMIT_S) == 0, said(folder)
        records = [folder / "r.sqlite" for folder in folders[1:]]
        check_shares(records)
        merged = merge(tmp_path / "whole", url, *records)
        twice = merge(tmp_path / "twice", url, records[0], records[0])
        half = merge(tmp_path / "half", url, records[0])
    assert merged.returncode == 0, merged.stdout + merged.stderr
    (whole,) = (tmp_path / "whole").iterdir()
    assert count(whole / "requests.sqlite") == 180
    assert "PASS  load (steady)" in merged.stdout
    assert (twice.returncode, twice.stdout) == (64, "")
    assert "hint: give each record once" in twice.stderr
    assert half.returncode == 2
    assert "of 2 generators, no complete record of number" in " ".join(half.stdout.split())


def check_shares(records: list[Path]) -> None:
    """Both began at one moment, and each made every second arrival."""
    notes = [pairs(record, "SELECT key, value FROM meta") for record in records]
    assert notes[0]["started_ms"] == notes[1]["started_ms"]
    assert notes[0]["load"] == notes[1]["load"]
    assert sorted(k for note in notes for k in note if k.startswith("generator ")) == [
        "generator 0",
        "generator 1",
    ]
    start = float(str(notes[0]["started_ms"]))
    due = [
        float(at or 0) for r in records for (at,) in query(r, "SELECT scheduled_ms FROM request")
    ]
    assert sorted(due) == pytest.approx([start + n * 1000 / 60 for n in range(180)], abs=0.01)
    assert [count(record) for record in records] == [90, 90]


def merge(out: Path, url: str, *records: Path) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "rehearse", "merge", *map(str, records)]
    return subprocess.run(
        [*words, "--url", url, "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.balancing.accesslog import old, read, rotate


def line(at_ms: int, duration_ms: int = 1, **changes: Any) -> str:
    fields = {
        "at_us": str(at_ms * 1000),
        "duration_ms": duration_ms,
        "status": 200,
        "flags": "-",
        "path": f"/{at_ms}",
        "padding": "x" * 100,
    }
    return json.dumps(fields | changes) + "\n"


def arrivals(path: Path, since_ms: float) -> list[float]:
    return [entry["at_ms"] for entry in read(path, since_ms)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.jsonl"


def test_a_log_that_is_not_there_is_empty(log: Path) -> None:
    assert arrivals(log, 0) == []


def test_lines_since(log: Path) -> None:
    log.write_text("".join(line(n) for n in range(5)))
    assert arrivals(log, 3) == [3, 4]


def test_both_logs_are_read_in_order(log: Path) -> None:
    old(log).write_text(line(1))
    log.write_text(line(2))
    assert arrivals(log, 0) == [1, 2]


def test_line_being_written_is_left_for_later(log: Path) -> None:
    log.write_text(line(1) + line(2)[:20])
    assert arrivals(log, 0) == [1]


def test_long_log_is_bisected_and_nothing_is_missed(log: Path) -> None:
    lines = [line(n * 10, duration_ms=n % 7) for n in range(20_000)]
    log.write_text("".join(lines))
    assert arrivals(log, 150_000) == [n * 10 for n in range(15_000, 20_000)]


def test_request_longer_than_the_log_is_found(log: Path) -> None:
    ended = line(500, duration_ms=199_000)
    log.write_text("".join(line(n * 10) for n in range(20_000)) + ended)
    assert 500 in arrivals(log, 400)


def test_client_that_left_first_is_460(log: Path) -> None:
    log.write_text(line(1, status=0, flags="DC"))
    assert [entry["status"] for entry in read(log, 0)] == [460]


def test_rotation_keeps_one_old_log(log: Path) -> None:
    for generation in range(3):
        log.write_text(line(generation))
        assert rotate(log, limit_bytes=10)
    assert not log.exists()
    assert arrivals(log, 0) == [2]
    assert not rotate(log, limit_bytes=10)

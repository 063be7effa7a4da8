import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chaos.loads.hope import Hope, Seen
from chaos.loads.progress import Progress
from chaos.loads.thresholds import parse_threshold
from tests.chaos.builder import T0
from tests.chaos.loadrun import good_load
from tests.chaos.recordfile import write_records


def rows(count: int, *, bad: int = 0, slow: int = 0, name: str = "GET /orders") -> list[Seen]:
    """The first fail, the next take a second, the others 5 ms."""
    return [
        Seen(name, 1000.0 if bad <= n < bad + slow else 5.0, failed=n < bad, long=False)
        for n in range(count)
    ]


def hope(text: str, planned: int = 10_000, baseline: float | None = None) -> Hope:
    return Hope(parse_threshold(text), planned, baseline)


@pytest.mark.parametrize(
    ("text", "seen", "lost"),
    [
        # 0.1 % of 10,000 may fail: 10; ten times that is beyond hope
        pytest.param("errors<0.1%", rows(500, bad=100), False, id="ten times what may fail"),
        pytest.param("errors<0.1%", rows(500, bad=101), True, id="more than that"),
        pytest.param("errors<0.1%", rows(9_000), False, id="none failed"),
        pytest.param("errors<=0%", rows(500, bad=19), False, id="a few say nothing"),
        pytest.param("errors<=0%", rows(500, bad=20), True, id="none may fail, and twenty did"),
        pytest.param("errors<50%", rows(10_000, bad=7_500), False, id="half may fail: not yet"),
        pytest.param("errors<50%", rows(10_000, bad=7_501), True, id="half may fail: lost"),
        pytest.param("errors<=100%", rows(10_001, bad=10_001), False, id="all may, and one more"),
        # 1 % of 10,000 may be slower: 100
        pytest.param("p99<250ms", rows(9_000, slow=1_000), False, id="slow, and there is hope"),
        pytest.param("p99<250ms", rows(9_000, slow=1_001), True, id="too many were slow"),
        pytest.param("p50<250ms", rows(9_000, slow=7_501), True, id="the median is lost"),
        pytest.param("p99<2s", rows(9_000, slow=5_000), False, id="not slower than may be"),
        pytest.param("p99<250ms", rows(9_000, bad=5_000), False, id="failed is not slow"),
        pytest.param("rps>=1", rows(9_000, bad=9_000), False, id="a rate is judged at the end"),
        pytest.param("max<250ms", rows(9_000, slow=9_000), False, id="so is a maximum"),
        pytest.param("GET /x errors<1%", rows(9_000, bad=9_000), False, id="another endpoint"),
        pytest.param("GET /orders errors<1%", rows(2_000, bad=1_001), True, id="this endpoint"),
    ],
)
def test_hope_is_lost_when_no_rest_could_mend_it(text: str, seen: list[Seen], lost: bool) -> None:
    counted = hope(text)
    counted.add(seen)
    assert (counted.lost is not None) == lost


def test_it_is_counted_over_many_looks_and_told_in_numbers() -> None:
    counted = hope("errors<0.1%")
    for _ in range(11):
        counted.add(rows(50, bad=10))
    assert counted.lost == (
        "errors<0.1% is broken beyond hope: 110 of 550 requests failed, and 10000 planned may"
        " have 10"
    )


def test_long_exports_are_as_slow_as_they_were_asked_to_be() -> None:
    counted = hope("p99<250ms")
    counted.add([Seen("GET /orders/export", 15_000.0, failed=False, long=True)] * 5_000)
    assert counted.lost is None


def test_what_failed_slowly_is_an_error_and_no_latency() -> None:
    counted = hope("p99<250ms")
    counted.add([Seen("GET /orders", 9_000.0, failed=True, long=False)] * 5_000)
    assert counted.lost is None


def test_a_growing_record_is_read_once(tmp_path: Path) -> None:
    path, rows = tmp_path / "requests.sqlite", good_load().requests[:30]
    progress = Progress(path)
    assert progress.read() == []  # it is not there yet
    write_records(path, rows[:20], [], {})
    assert len(progress.read()) == 20
    assert progress.read() == []
    add_failed(path, 10)
    assert [(seen.name, seen.failed) for seen in progress.read()] == [("POST /orders", True)] * 10
    assert (progress.arrivals, progress.failed) == (30, 10)
    assert progress.recent_share(T0 + 100) == (20, 50.0)
    assert progress.recent_share(T0 + 9e6) == (0, 0.0)


def add_failed(path: Path, count: int) -> None:
    """As the load goes on: rows like the first, which failed."""
    with closing(sqlite3.connect(path)) as database, database:
        for number in range(count):
            database.execute(
                "INSERT INTO request SELECT ?, sent_ms, latency_ms, service_ms, method, name, 500,"
                " task, method, ?, NULL FROM request WHERE rowid = 1",
                (T0 + 200 + number * 10, f"f{number}"),
            )


def test_a_baseline_is_a_limit_here_too() -> None:
    counted = hope("p99<=baseline+100%", baseline=50.0)
    counted.add(rows(5_000, slow=2_000))
    assert counted.lost is not None
    unknown = hope("p99<=baseline+100%")
    unknown.add(rows(5_000, slow=2_000))
    assert unknown.lost is None

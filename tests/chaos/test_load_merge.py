import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.errors import UsageError
from chaos.loads.merge import (
    merge_meta,
    merge_records,
    read_parts,
    read_stages_text,
)
from chaos.loads.setup import RateStage
from chaos.records import Request, Write, read_records
from tests.chaos.builder import T0
from tests.chaos.loadrun import good_load
from tests.chaos.recordfile import write_records

WHOLE = good_load().requests


def meta(index: int, **more: str) -> dict[str, str]:
    return {
        "load": "load-1",
        "started_ms": str(T0),
        "ended_ms": str(T0 + 10_000 + index),
        "generators": "2",
        f"generator {index}": "ended",
        "self_test": "passed",
        **more,
    }


def part(folder: Path, index: int, rows: list[Request] | None = None, **more: str) -> Path:
    """What generator `index` of two recorded: every second arrival."""
    path = folder / f"{index}-{len(list(folder.iterdir()))}.sqlite"
    order = Write(f"k{index}", f"order-{index}", "SKU", 1, "customer-1", "acknowledged", T0)
    chosen = WHOLE[index::2] if rows is None else rows
    write_records(path, chosen, [order], meta(index, **more))
    return path


def merged(*paths: Path, folder: Path) -> Path:
    parts = read_parts(paths)
    merge_records(parts, merge_meta(parts), folder / "merged.sqlite")
    return folder / "merged.sqlite"


def test_the_whole_is_what_one_generator_would_have_recorded(tmp_path: Path) -> None:
    path = merged(part(tmp_path, 0), part(tmp_path, 1), folder=tmp_path)
    records = read_records(path)
    assert list(records.requests) == WHOLE
    assert sorted(write.order_id or "" for write in records.writes) == ["order-0", "order-1"]
    assert records.meta["ended_ms"] == str(T0 + 10_001)
    assert {"generator 0", "generator 1"} <= records.meta.keys()


def test_names_of_different_ids_are_the_same_names(tmp_path: Path) -> None:
    """The second record met another name first."""
    odd = [replace(row, error="app-500") for row in reversed(WHOLE[1::2])]
    path = merged(part(tmp_path, 0), part(tmp_path, 1, odd), folder=tmp_path)
    records = read_records(path)
    assert {row.name for row in records.requests} == {"POST /orders", "GET /orders/{id}"}
    assert sum(row.error == "app-500" for row in records.requests) == 500
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM name").fetchone() == (6,)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        pytest.param("the same file", "both have generator 0", id="one file twice"),
        pytest.param("a copy", "both have generator 0", id="a copy of it"),
        pytest.param("another load", "of different loads", id="another load"),
        pytest.param("overlap", "requests that another record has", id="a request twice"),
        pytest.param("text", "is no record of a load", id="no database"),
        pytest.param("nothing", "is no record of a load", id="nothing"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path: Path, second: str, said: str) -> None:
    first = part(tmp_path, 0)
    other = tmp_path / "other.sqlite"
    match second:
        case "the same file":
            other = first
        case "a copy":
            other.write_bytes(first.read_bytes())
        case "another load":
            other = part(tmp_path, 1, load="load-2")
        case "overlap":
            other = part(tmp_path, 1, WHOLE[1::2] + WHOLE[:1])
        case "text":
            other.write_text("no database")
        case _:
            other = tmp_path / "nowhere"
    with pytest.raises(UsageError, match=said):
        merged(first, other, folder=tmp_path)


def test_a_part_that_was_killed_leaves_the_whole_unended(tmp_path: Path) -> None:
    first, second = part(tmp_path, 0), part(tmp_path, 1)
    with closing(sqlite3.connect(second)) as database, database:
        database.execute("DELETE FROM meta WHERE key = 'ended_ms'")
    whole = merge_meta(read_parts([first, second]))
    assert "ended_ms" not in whole


def test_a_part_without_self_test_spoils_the_whole(tmp_path: Path) -> None:
    paths = [part(tmp_path, 0), part(tmp_path, 1, self_test="failed")]
    assert merge_meta(read_parts(paths))["self_test"] != "passed"
    assert merge_meta(read_parts(paths[::-1]))["self_test"] != "passed"


def test_stages_are_read_as_the_load_writes_them() -> None:
    assert read_stages_text("30@0-200,60.5@200", 0) == (
        RateStage(seconds=30, first=0, last=200),
        RateStage(seconds=60.5, first=200, last=200),
    )
    assert read_stages_text("inf@5", 12.0) == (RateStage(seconds=12.0, first=5, last=5),)

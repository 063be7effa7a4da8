"""The bounded log: what a launcher writes, and what `logs.read` gives back."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from infra.local.runtime import launcher, logs
from infra.local.runtime.launch import LaunchedProcess

Run = Callable[..., Awaitable[LaunchedProcess]]


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_lines_of_a_period_come_back_with_their_times(tmp_path: Path) -> None:
    written(tmp_path / "log.1", "10 a", "20 b")
    log = written(tmp_path / "log", "20 c d", "30 e", "40 f")
    assert logs.read(log, 20, 30) == [(20, "b"), (20, "c d"), (30, "e")]
    assert logs.read(log, limit=2) == [(10, "a"), (20, "b")]
    assert logs.read(log, 41) == []


def test_no_log_has_no_lines(tmp_path: Path) -> None:
    assert logs.read(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b"1 a\n2 b", [(1, "a")], id="a line still being written waits"),
        pytest.param(b"1 a\nx\n2 b\n", [(1, "a"), (2, "b")], id="a line without a time is skipped"),
        pytest.param(b"1 \n", [(1, "")], id="an empty line is a line"),
        pytest.param(b"1 \xff\n", [(1, "\N{REPLACEMENT CHARACTER}")], id="no UTF-8 is replaced"),
    ],
)
def test_odd_lines(tmp_path: Path, content: bytes, lines: list[tuple[int, str]]) -> None:
    (tmp_path / "log").write_bytes(content)
    assert logs.read(tmp_path / "log") == lines


@pytest.mark.parametrize("start", [0, 1, 1499, 75_000, 149_999, 150_000])
def test_bisection_misses_no_line(tmp_path: Path, start: int) -> None:
    stamps = [number // 3 * 3 for number in range(150_000)]
    log = written(tmp_path / "log", *(f"{stamp} line" for stamp in stamps))
    found = logs.read(log, start, limit=200_000)
    assert [at for at, _ in found] == [stamp for stamp in stamps if stamp >= start]


def test_a_log_has_two_files_of_bounded_size(tmp_path: Path) -> None:
    log = launcher.Log(str(tmp_path / "log"))
    for number in range(400):
        log.feed(f"{number} ".encode() + b"x" * 60_000 + b"\n")
    log.close()
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sorted(sizes) == ["log", "log.1"]
    assert all(size <= launcher.LOG_BYTES for size in sizes.values())
    kept = [int(text.split()[0]) for _, text in logs.read(tmp_path / "log")]
    assert kept == list(range(kept[0], 400))


def test_a_line_without_end_is_split_and_the_rest_is_kept(tmp_path: Path) -> None:
    log = launcher.Log(str(tmp_path / "log"))
    log.feed(b"x" * launcher.CHUNK_BYTES)
    log.feed(b"y")
    log.close()
    assert [text[0] + text[-1] for _, text in logs.read(tmp_path / "log")] == ["xx", "yy"]


def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    log = launcher.Log("/dev/full")
    log.feed(b"lost\n")
    log.close()


@pytest.mark.runtime
@pytest.mark.anyio
async def test_both_outputs_are_logged_to_the_last_line(run: Run, tmp_path: Path) -> None:
    before = time.time() * 1000
    process = await run("sh", "-c", "echo out; echo err >&2; printf 'no newline'")
    assert await process.wait() == 0
    lines = logs.read(tmp_path / "log")
    assert [text for _, text in lines] == ["out", "err", "no newline"]
    assert all(before - 50 <= at <= time.time() * 1000 + 50 for at, _ in lines)


@pytest.mark.runtime
@pytest.mark.anyio
async def test_a_flood_is_bounded_and_its_end_is_kept(run: Run, tmp_path: Path) -> None:
    program = "import sys\nfor n in range(400_000): sys.stdout.write(f'{n} {\"x\" * 60}\\n')"
    process = await run(sys.executable, "-I", "-S", "-c", program)
    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert set(os.listdir(tmp_path)) == {"hosts", "log", "log.1"}
    assert max(entry.stat().st_size for entry in os.scandir(tmp_path)) <= launcher.LOG_BYTES
    kept = [int(text.split()[0]) for _, text in logs.read(tmp_path / "log", limit=400_000)]
    assert kept == list(range(kept[0], 400_000))

"""A container's output: from the engine's frames to the lines of a log file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.runtime import logs
from infra.local.runtime.docker import tasklog
from infra.local.runtime.docker.tasklog import Follower, lines, milliseconds

A, B = b"2026-11-28T14:00:00.000000001Z", b"2026-11-28T14:00:00.000000002Z"
AT_MS = 1_795_874_400_000  # 2026-11-28T14:00:00Z


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([b"a one\n", b"b two\n"], [(b"a", b"one"), (b"b", b"two")]),
        ([b"a \n"], [(b"a", b"")]),
        ([b"a one\r\n"], [(b"a", b"one")]),
        ([b"a lo", b"a ng\n", b"b x\n"], [(b"a", b"long"), (b"b", b"x")]),
        ([b"a out", b"b err\n"], [(b"a", b"out"), (b"b", b"err")]),
        ([b"a one\n", b"b two"], [(b"a", b"one"), (b"b", b"two")]),
        ([b"a two words \n"], [(b"a", b"two words ")]),
    ],
    ids=[
        "a frame is a line",
        "an empty line",
        "a carriage return belongs to the end",
        "a long line comes in frames of one stamp",
        "another stream's line comes between",
        "the last line has no end",
        "spaces are the line's own",
    ],
)
def test_lines(frames: list[bytes], expected: list[tuple[bytes, bytes]]) -> None:
    assert list(lines(frames)) == expected


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, 40_000), max_size=8))
def test_no_byte_is_lost_however_a_line_is_cut_and_no_line_grows_without_end(
    sizes: list[int],
) -> None:
    frames = [b"a " + b"x" * size for size in sizes]
    found = [text for _, text in lines([*frames, b"a \n"])]
    assert sum(map(len, found)) == sum(sizes)
    assert all(len(text) < tasklog.LINE_BYTES + 40_000 for text in found)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (b"2026-11-28T14:00:00.123456789Z", AT_MS + 123),
        (b"2026-11-28T14:00:00.999999999Z", AT_MS + 999),
        (b"2026-11-28T14:00:00Z", AT_MS),
        (b"2026-11-28T14:00:00.5Z", AT_MS + 500),
        (b"no time", 0),
    ],
    ids=["nanoseconds", "is never rounded up", "whole seconds", "a short fraction", "nonsense"],
)
def test_stamps(stamp: bytes, expected: int) -> None:
    assert milliseconds(stamp) == expected


class Engine:
    """An engine that has written `said`, whatever whole second it is asked from on."""

    def __init__(self, *said: tuple[int, str]) -> None:
        self.said = list(said)
        self.breaks_after: int | None = None
        self.follows_until: int | None = None

    def logs(self, _: str, *, since: int, follow: bool, **__: object) -> Iterator[bytes]:
        frames = [frame(ms, text) for ms, text in self.said if ms >= since * 1000 or since == 1]
        cut, self.breaks_after = self.breaks_after, None
        yield from frames[: self.follows_until if follow and cut is None else cut]
        if cut is not None:
            raise requests.ConnectionError("gone")

    def inspect_container(self, _: str) -> dict[str, Any]:
        if self.follows_until is not None:
            return {"State": {"Running": False, "Paused": False, "Status": "exited"}}
        answer = requests.Response()
        answer.status_code = 404
        raise APIError("no such container", response=answer)


def frame(ms: int, text: str) -> bytes:
    seconds, rest = divmod(ms - AT_MS, 1000)
    return f"2026-11-28T14:00:{seconds:02}.{rest:03}000000Z {text}\n".encode()


Follow = Callable[[Engine], list[tuple[int, str]]]


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    def run(engine: Engine) -> list[tuple[int, str]]:
        follower = Follower(engine, "c" * 64, tmp_path / "app.log")
        follower.join(5)
        return logs.read(tmp_path / "app.log")

    return run


SAID = [(AT_MS + 10, "a"), (AT_MS + 10, "b"), (AT_MS + 10, "c"), (AT_MS + 20, "d")]


@pytest.mark.parametrize("count", range(5))
def test_the_next_plane_goes_on_after_the_last_line(count: int, follow: Follow) -> None:
    """Also within one millisecond, in which the file cannot tell lines apart."""
    assert follow(Engine(*SAID[:count])) == SAID[:count]
    assert follow(Engine(*SAID)) == SAID


@pytest.mark.parametrize("cut", range(5))
def test_after_the_connection_broke_nothing_is_doubled_or_lost(
    cut: int, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasklog, "AGAIN_S", 0.01)
    engine = Engine(*SAID)
    engine.breaks_after = cut
    assert follow(engine) == SAID


@pytest.mark.parametrize("short", range(5))
def test_an_engine_that_stops_short_of_the_last_lines_is_asked_again(
    short: int, follow: Follow
) -> None:
    """Engine 20.10 does, now and then, when a container ends right after much output."""
    engine = Engine(*SAID)
    engine.follows_until = short
    assert follow(engine) == SAID


def test_a_line_stamped_before_the_one_it_follows_is_kept(follow: Follow) -> None:
    """Both streams are stamped before they are written; times in the file never go back."""
    found = follow(Engine((AT_MS + 20, "err"), (AT_MS + 10, "out"), (AT_MS + 30, "x")))
    assert found == [(AT_MS + 20, "err"), (AT_MS + 20, "out"), (AT_MS + 30, "x")]


def test_the_files_are_bounded_and_the_newest_lines_stay(
    follow: Follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasklog, "FILE_BYTES", 1000)
    found = follow(Engine(*((AT_MS + n, f"{n} é") for n in range(200))))
    sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    assert len(sizes) == 2
    assert max(sizes) <= 1000
    assert found[-1] == (AT_MS + 199, "199 é")
    assert [at for at, _ in found] == sorted(at for at, _ in found)

"""A run folder is read once; what is missing or cut is said, and nothing crashes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.entries import KINDS, Entry, Note, Step, TargetSeen
from chaos.errors import UsageError
from chaos.history import read_history
from chaos.journal import LINES_MAX, Journal
from chaos.outcome import Outcome
from chaos.run import UNFINISHED
from chaos.suite import judge_folder
from chaos.watch import Changes
from tests.chaos.builder import T0, RunBuilder, deployment, make_run


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    builder = deployment()
    history = builder.history(tmp_path)
    assert history.run == builder.run
    assert history.missing == ()
    assert len(history.entries) == len(builder.entries)
    assert [entry.line for entry in history.entries] == list(range(1, len(history.entries) + 1))
    assert len(history.records.requests) == len(builder.requests)
    assert history.records.requests[3] == builder.requests[3]
    assert history.records.writes == tuple(builder.writes)


def test_every_line_has_a_time_and_a_kind(tmp_path: Path) -> None:
    lines = (deployment().write(tmp_path) / "journal.jsonl").read_text().splitlines()
    kinds = {json.loads(line)["kind"] for line in lines}
    assert all(json.loads(line)["at_ms"] > 0 for line in lines)
    assert kinds <= set(KINDS)
    assert {"step", "task", "target", "service", "log", "setting", "orders"} <= kinds


def cut_journal(folder: Path) -> None:
    path = folder / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-20])


def no_journal(folder: Path) -> None:
    (folder / "journal.jsonl").unlink()


def odd_lines(folder: Path) -> None:
    with (folder / "journal.jsonl").open("a") as file:
        file.write('{"at_ms":1,"kind":"nonsense"}\n[]\n{"at_ms":"x","kind":"note","text":"t"}\n')


def no_requests(folder: Path) -> None:
    (folder / "requests.sqlite").unlink()


def cut_requests(folder: Path) -> None:
    path = folder / "requests.sqlite"
    path.write_bytes(path.read_bytes()[:6000])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(cut_journal, "cannot be read", id="a journal cut in its last line"),
        pytest.param(no_journal, "journal.jsonl is missing", id="no journal"),
        pytest.param(odd_lines, "unknown kind 'nonsense'", id="lines that are no entries"),
        pytest.param(no_requests, "requests.sqlite is missing", id="no requests"),
        pytest.param(cut_requests, "requests.sqlite cannot be read", id="requests cut short"),
    ],
)
def test_damage_is_data_missing_and_invalid(
    damage: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    damage(deployment().write(tmp_path))
    history, verdict = judge_folder(tmp_path)
    assert words in " ".join(history.missing)
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reason.startswith("data missing: ")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"drill": "x"}', '{"drill": 1}'])
def test_a_folder_without_a_run_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(UsageError, match=r"run\.json"):
        read_history(tmp_path)


def test_a_run_whose_runner_was_killed_is_invalid(tmp_path: Path) -> None:
    builder = RunBuilder(make_run(ending=UNFINISHED, ended_ms=None))
    builder.write(tmp_path)
    _, verdict = judge_folder(tmp_path)
    assert verdict.outcome is Outcome.INVALID
    assert "the runner was killed" in verdict.reason


def test_the_journal_is_bounded_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaos.journal.LINES_MAX", 3)
    journal = Journal(tmp_path)
    for number in range(10):
        journal.write(Note(at_ms=T0, text=str(number)))
    journal.close()
    journal.write(Note(at_ms=T0, text="after the end"))
    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert "journal full" in lines[-1]
    assert LINES_MAX > 10_000


def test_none_is_left_out_and_read_back_as_none(tmp_path: Path) -> None:
    target = TargetSeen(at_ms=T0, service="s", group="g", address="a:1", state="healthy")
    builder = RunBuilder(entries=[Step(at_ms=T0, name="load", text="t"), target])
    lines = (builder.write(tmp_path) / "journal.jsonl").read_text().splitlines()
    assert "reason" not in json.loads(lines[1])
    (read,) = read_history(tmp_path).of(TargetSeen)
    assert (read.reason, read.error_ms) == (None, None)


def test_changes_know_how_late_they_may_be() -> None:
    changes: Changes[str, int] = Changes()
    assert changes.update({"a": 1, "b": 1}, 0, 10) == (None, [("a", 1), ("b", 1)])
    assert changes.update({"a": 1, "b": 1}, 100, 110) == (110, [])
    assert changes.update({"a": 2}, 200, 215) == (115, [("a", 2), ("b", None)])
    assert (changes.polls, changes.worst_error_ms) == (3, 115)


def test_every_kind_can_be_told_apart() -> None:
    assert len(set(KINDS.values())) == len(KINDS)
    assert all(issubclass(cls, Entry) for cls in KINDS.values())

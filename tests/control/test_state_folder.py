"""The state directory, the tempo profiles and the journal."""

import json
from pathlib import Path

import pytest

from infra.local import journal as journal_module
from infra.local.folder import AlreadyRunningError, StateFolder, find_pid, read_plane
from infra.local.journal import Journal
from infra.local.tempo import WrongProfileError, load_profile
from tests.control.fakes import TickingClock


def test_a_directory_has_one_plane_and_says_which(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert find_pid(tmp_path) is not None
    assert read_plane(tmp_path) is None  # held, but not ready
    folder.publish({"endpoint": "http://here"})
    with pytest.raises(AlreadyRunningError, match="http://here"):
        StateFolder(tmp_path)
    folder.close()
    assert (find_pid(tmp_path), read_plane(tmp_path)) == (None, None)
    StateFolder(tmp_path).close()


def test_a_killed_planes_word_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "plane.json").write_text('{"pid": 1}')
    assert read_plane(tmp_path) is None


def test_a_profile_draws_the_same_for_the_same_seed_within_its_range() -> None:
    profile = load_profile("aws")
    drawn = [profile.draw("register", f"{n}", 10) for n in range(50)]
    assert drawn == [profile.draw("register", f"{n}", 10) for n in range(50)]
    assert 300 <= min(drawn) < max(drawn) <= 1300


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pull = [0, 0]", "missing or unknown knob"),
        ("pull = 3", "missing or unknown knob"),
        ("pull = [", "neither 'fast' nor 'aws'"),
    ],
)
def test_wrong_profiles_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(text)
    with pytest.raises(WrongProfileError, match=expected):
        load_profile(str(path))


def test_the_journal_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "LIMIT_BYTES", 1000)
    journal = Journal(tmp_path / "j.jsonl", TickingClock())
    for n in range(200):
        journal.write("note", {"n": n})
    journal.close()
    kept = [
        json.loads(line)["n"]
        for name in ("j.jsonl.1", "j.jsonl")
        for line in (tmp_path / name).read_text().splitlines()
    ]
    assert kept == list(range(kept[0], 200))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2200

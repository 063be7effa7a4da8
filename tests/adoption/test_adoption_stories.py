"""The plane is killed at every moment of a rolling deployment, and the next one finishes it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.adoption.planted_adoption import BUGS, PlantedBug, planted
from tests.adoption.story import Story, tell

STORIES = (
    pytest.param(Story(0), 1, id="3 tasks"),
    pytest.param(Story(3), 1, id="2 tasks, no drain, a slow engine"),
    pytest.param(Story(1, flaky=True), 1, id="some tasks do not start"),
    pytest.param(Story(2, crash=True), 2, id="a task crashes while no plane runs"),
    pytest.param(Story(6, hasty=True), 2, id="a deployment replaces the one before"),
)
AGAIN = (3, 26)  # at which entries of the second plane it is killed, too


@pytest.mark.parametrize(("story", "step"), STORIES)
def test_killed_at_any_journal_entry(story: Story, step: int, folder: Path) -> None:
    count = tell(story, folder)
    assert count > 40
    for entry in range(0, count, step):
        told = replace(story, kills=(entry,))
        try:
            tell(told, folder)
        except BaseException as error:
            error.add_note(repr(told))
            raise


@pytest.mark.parametrize("again", AGAIN)
def test_killed_twice(again: int, folder: Path) -> None:
    for entry in range(0, tell(Story(4), folder), 3):
        tell(Story(4, kills=(entry, again)), folder)


def kill_that_fails(story: Story, folder: Path) -> int | None:
    """The first entry after whose kill the story ends badly."""
    for entry in range(tell(story, folder)):
        try:
            tell(replace(story, kills=(entry,)), folder)
        except Exception:  # noqa: BLE001 - a mutant may fail in any way
            return entry
    return None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_planted_bug_is_caught(bug: PlantedBug, folder: Path) -> None:
    with planted(bug):
        assert kill_that_fails(bug.story, folder) is not None


def test_planted_bugs_leave_no_trace(folder: Path) -> None:
    before = tell(Story(0), folder)
    for bug in BUGS:
        with planted(bug):
            pass
    assert tell(Story(0), folder) == before


def test_bugs_have_names_of_their_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 15

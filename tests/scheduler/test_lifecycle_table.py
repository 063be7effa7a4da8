"""The task's state machine: every pair of status and event moves, comes late or is impossible."""

import itertools

import pytest

from infra.local.scheduler.lifecycle import (
    LATE,
    TRANSITIONS,
    IllegalTransitionError,
    TaskEvent,
    advance,
    is_active,
)
from infra.local.scheduler.model import TaskStatus

# One row for a status, one column for an event, written from R1.1-R1.12 and not from the code:
# a number is the status it moves to, "-" comes late, "!" cannot happen.
COLUMNS = [
    "provisioned",
    "pulled",
    "started",
    "stop_asked",
    "stopping",
    "died",
    "exited",
    "released",
]
TABLE = """
0 PROVISIONING    1 ! ! 4 ! 5 ! !
1 PENDING         ! 2 ! 4 ! 5 ! !
2 ACTIVATING      ! ! 3 4 ! 5 ! !
3 RUNNING         ! ! ! 4 ! 5 ! !
4 DEACTIVATING    - - - - 5 5 ! !
5 STOPPING        - - - - - - 6 !
6 DEPROVISIONING  - - - - - - - 7
7 STOPPED         - - - - - - - -
"""
ROWS = [line.split() for line in TABLE.split("\n") if line]
CELLS = [
    (TaskStatus(row[1]), TaskEvent(column.replace("_", " ")), cell)
    for row in ROWS
    for column, cell in zip(COLUMNS, row[2:], strict=True)
]


@pytest.mark.parametrize(("status", "event", "cell"), CELLS)
def test_pair_of_status_and_event(status: TaskStatus, event: TaskEvent, cell: str) -> None:
    if cell == "!":
        with pytest.raises(IllegalTransitionError, match=f"{status}.*{event}"):
            advance(status, event)
    else:
        after = status if cell == "-" else TaskStatus(ROWS[int(cell)][1])
        assert advance(status, event) is after


def test_table_covers_every_pair_and_no_pair_both_moves_and_is_late() -> None:
    pairs = set(itertools.product(TaskStatus, TaskEvent))
    assert {(status, event) for status, event, _ in CELLS} == pairs
    assert not LATE & TRANSITIONS.keys()
    assert LATE | TRANSITIONS.keys() <= pairs


def test_no_event_leads_back() -> None:
    order = [TaskStatus(row[1]) for row in ROWS]
    for (before, _), after in TRANSITIONS.items():
        assert order.index(after) > order.index(before)


def test_active_ends_with_running() -> None:
    assert [s for s in TaskStatus if is_active(s)] == [TaskStatus(row[1]) for row in ROWS[:4]]

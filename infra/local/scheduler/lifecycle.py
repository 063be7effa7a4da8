"""The task state machine: one table, and `advance`, which alone may change a task's status.

Every pair of status and event either moves, comes late (listed, no effect) or is impossible
(raises). Source: R1.1-R1.12; the diagram in docs/concepts/tasks.md is drawn from this table.
"""

from enum import StrEnum

from infra.local.scheduler.model import TaskStatus as S


class TaskEvent(StrEnum):
    """What can happen to a task.

    PROVISIONED: it has its ENI. PULLED: its images are there. STARTED: all its containers run.
    STOP_ASKED: desiredStatus became STOPPED. STOPPING: its containers are being told to stop.
    DIED: an essential container ended unasked, or the task cannot start. EXITED: no container is
    left. RELEASED: its ENI is gone.
    """

    PROVISIONED = "provisioned"
    PULLED = "pulled"
    STARTED = "started"
    STOP_ASKED = "stop asked"
    STOPPING = "stopping"
    DIED = "died"
    EXITED = "exited"
    RELEASED = "released"


class IllegalTransitionError(Exception):
    """An event that cannot happen in this status: a bug of ours, never the caller's."""


E = TaskEvent

TRANSITIONS: dict[tuple[S, TaskEvent], S] = {
    (S.PROVISIONING, E.PROVISIONED): S.PENDING,
    (S.PROVISIONING, E.STOP_ASKED): S.DEACTIVATING,
    (S.PROVISIONING, E.DIED): S.STOPPING,
    (S.PENDING, E.PULLED): S.ACTIVATING,
    (S.PENDING, E.STOP_ASKED): S.DEACTIVATING,
    (S.PENDING, E.DIED): S.STOPPING,
    (S.ACTIVATING, E.STARTED): S.RUNNING,
    (S.ACTIVATING, E.STOP_ASKED): S.DEACTIVATING,
    (S.ACTIVATING, E.DIED): S.STOPPING,
    (S.RUNNING, E.STOP_ASKED): S.DEACTIVATING,
    (S.RUNNING, E.DIED): S.STOPPING,
    (S.DEACTIVATING, E.STOPPING): S.STOPPING,
    (S.DEACTIVATING, E.DIED): S.STOPPING,
    (S.STOPPING, E.EXITED): S.DEPROVISIONING,
    (S.DEPROVISIONING, E.RELEASED): S.STOPPED,
}

# A stop overtakes the start: what the start still reports then has no effect.
_ENDING = (S.DEACTIVATING, S.STOPPING, S.DEPROVISIONING, S.STOPPED)
LATE: frozenset[tuple[S, TaskEvent]] = frozenset(
    {(status, event) for status in _ENDING for event in (E.PROVISIONED, E.PULLED, E.STARTED)}
    | {(status, E.STOP_ASKED) for status in _ENDING}
    | {(status, event) for status in _ENDING[1:] for event in (E.STOPPING, E.DIED)}
    | {(status, E.EXITED) for status in _ENDING[2:]}
    | {(S.STOPPED, E.RELEASED)}
)


def advance(status: S, event: TaskEvent) -> S:
    """The status after the event; the same one if the event comes late.

    Raises IllegalTransitionError for a pair that cannot happen.
    """
    if (status, event) in LATE:
        return status
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransitionError(f"a task that is {status} cannot have {event}") from None


ORDER = tuple(S)


def is_active(status: S) -> bool:
    """Whether a task in this status is on its way to, or at, RUNNING."""
    return ORDER.index(status) <= ORDER.index(S.RUNNING)

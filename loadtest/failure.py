"""What counts as a failure, and what a failed write means for the order that it asked for."""

from collections.abc import Collection
from enum import StrEnum


class Failure(StrEnum):
    """Why an arrival got no whole answer."""

    REFUSED = "refused"  # no connection: the request was never sent
    RESET = "reset"  # the connection ended before an answer began
    TIMEOUT = "timeout"  # the client gave up
    TRUNCATED = "truncated"  # the answer began and did not end
    DROPPED = "dropped"  # the load had no free slot: the request was never sent


class Outcome(StrEnum):
    """What the client knows of a write."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"  # surely not carried out
    UNKNOWN = "unknown"  # may have been carried out


def error_class(
    failure: Failure | None, status: int | None, task: str | None, expected: Collection[int]
) -> str | None:
    """The error class of an arrival; None if it is good.

    An answer of the application carries the header x-task-id; one of the load balancer's own (or
    of a proxy in the task) does not.
    """
    if failure is not None:
        return failure.value
    if status in expected:
        return None
    if status is not None and status >= 500:
        return f"proxy-{status}" if task is None else f"app-{status}"
    return f"status-{status}"


def write_outcome(error: str | None) -> Outcome:
    """The outcome of a POST with this error class; what may have been carried out is unknown."""
    if error is None:
        return Outcome.ACKNOWLEDGED
    if error == Failure.REFUSED or error.startswith("status-"):
        return Outcome.REFUSED
    return Outcome.UNKNOWN

"""The five outcomes of a drill (and our own failure), their exit codes and their order."""

from collections.abc import Iterable
from enum import StrEnum

USAGE_EXIT_CODE = 64


class Outcome(StrEnum):
    """From good to bad: the worst of several is the one furthest down."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    INVALID = "INVALID"
    FAIL = "FAIL"
    ABORTED = "ABORTED"
    INTERRUPTED = "INTERRUPTED"
    ERROR = "ERROR"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self]


EXIT_CODES = {
    Outcome.PASS: 0,
    Outcome.FAIL: 1,
    Outcome.INVALID: 2,
    Outcome.ABORTED: 3,
    Outcome.ERROR: 70,
    Outcome.INTERRUPTED: 130,
}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several: internal, interrupted, aborted, fail, invalid, pass."""
    order = list(Outcome)
    return max(outcomes, key=order.index, default=Outcome.PASS)

"""What can go wrong in a drill.

DrillError
├── UsageError      the caller is wrong: exit 64, nothing was done
├── InvalidError    the run can prove nothing: INVALID
├── StoppedError    a guard, the deadline or a signal ended the run: ABORTED or INTERRUPTED
└── TargetError     the target did not do what it was asked to: INVALID
"""

from chaos.outcome import Outcome


class DrillError(Exception):
    """Any failure of a drill that is not a bug of ours."""


class UsageError(DrillError):
    """The caller asked for something that cannot be done; the message ends with what to do."""


class InvalidError(DrillError):
    """The run cannot be judged: not steady before, no load, nothing to act on."""


class TargetError(DrillError):
    """A call to the target's API failed after its retries."""


class StoppedError(DrillError):
    """The run was ended early."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason

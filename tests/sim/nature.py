"""What a revision and its tasks are really like, which the scheduler cannot see."""

from dataclasses import dataclass

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Nature:
    """How the tasks of one revision behave. Chances in percent, times in milliseconds."""

    provision_ms: Range = (0, 2_000)
    pull_ms: Range = (0, 5_000)
    start_ms: Range = (0, 2_000)
    probe_ms: Range = (0, 20_000)
    exit_ms: Range = (0, 3_000)
    release_ms: Range = (0, 5_000)
    fails_to_start: int = 0
    sick: int = 0
    deaf: int = 0
    crashes: int = 0
    crash_ms: Range = (0, 300_000)


@dataclass(slots=True)
class Body:
    """What a task is really like, which the scheduler cannot see."""

    nature: Nature
    sick: bool
    deaf: bool
    generation: int = 0

"""Service deployments: what each change of a service deployed, and what became of it (R3.14-R3.17).

ECS keeps them for 90 days. They say what DescribeServices forgets: that a deployment was rolled
back, and why. Times are milliseconds of the plane's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """`status` of a service deployment (R3.14)."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    STOP_REQUESTED = "STOP_REQUESTED"
    ROLLBACK_REQUESTED = "ROLLBACK_REQUESTED"
    ROLLBACK_IN_PROGRESS = "ROLLBACK_IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    STOPPED = "STOPPED"
    ROLLBACK_SUCCESSFUL = "ROLLBACK_SUCCESSFUL"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"


S = Status

# Source: "View service history using Amazon ECS service deployments", ECS Developer Guide.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    S.PENDING: frozenset({S.IN_PROGRESS, S.ROLLBACK_REQUESTED, S.STOP_REQUESTED, S.STOPPED}),
    S.IN_PROGRESS: frozenset(
        {
            S.SUCCESSFUL,
            S.STOP_REQUESTED,
            S.ROLLBACK_REQUESTED,
            S.ROLLBACK_IN_PROGRESS,
            S.STOPPED,
        }
    ),
    S.STOP_REQUESTED: frozenset({S.STOPPED}),
    S.ROLLBACK_REQUESTED: frozenset({S.ROLLBACK_IN_PROGRESS}),
    S.ROLLBACK_IN_PROGRESS: frozenset({S.ROLLBACK_SUCCESSFUL, S.ROLLBACK_FAILED}),
    S.SUCCESSFUL: frozenset(),
    S.STOPPED: frozenset(),
    S.ROLLBACK_SUCCESSFUL: frozenset(),
    S.ROLLBACK_FAILED: frozenset(),
}


class IllegalStatusError(Exception):
    """A change of status that ECS does not know: a bug of ours, never the caller's."""


@dataclass(frozen=True, slots=True)
class ServiceRevision:
    """What a deployment deploys. `document` is the service's at that time, in botocore's names."""

    arn: str
    deployment: str  # id
    task_definition: str  # ARN
    created_ms: int
    document: dict[str, Any]  # JSON of the caller's, returned as it came


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a service deployment goes back to."""

    reason: str
    started_ms: int
    deployment: str  # id
    revision: str  # ARN


@dataclass(slots=True)
class ServiceDeployment:
    """One entry of a service's history. `failures` is the circuit breaker's count, the latest."""

    arn: str
    deployment: str  # id
    target: str  # service revision ARN
    sources: tuple[str, ...]  # service revision ARNs
    created_ms: int
    updated_ms: int
    configuration: dict[str, Any]  # deploymentConfiguration, as the caller gave it
    status: Status = Status.PENDING
    reason: str = ""
    started_ms: int | None = None
    finished_ms: int | None = None
    stopped_ms: int | None = None
    failures: int = 0
    threshold: int = 0
    triggered: bool = False
    rollback: Rollback | None = None

    @property
    def over(self) -> bool:
        return not TRANSITIONS[self.status]


def advance(entry: ServiceDeployment, status: Status, now_ms: int, reason: str = "") -> None:
    """Change the status, with its timestamps. Raises IllegalStatusError."""
    if status not in TRANSITIONS[entry.status]:
        raise IllegalStatusError(f"{entry.arn} is {entry.status} and cannot become {status}")
    entry.status, entry.updated_ms = status, now_ms
    entry.reason = reason or entry.reason
    if status is S.IN_PROGRESS:
        entry.started_ms = now_ms
    elif status is S.STOPPED:
        entry.stopped_ms = now_ms
    if not TRANSITIONS[status]:
        entry.finished_ms = now_ms

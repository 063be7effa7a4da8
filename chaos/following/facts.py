"""What is known of a deployment that is followed."""

from dataclasses import dataclass
from enum import StrEnum

from chaos.target import ServiceView


class Fate(StrEnum):
    """How a deployment ended, for the one who asks."""

    SUCCESSFUL = "SUCCESSFUL"
    ROLLED_BACK = "ROLLED_BACK"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"
    FAILED = "FAILED"  # and nothing to go back to, or rollback is off
    STOPPED = "STOPPED"
    SUPERSEDED = "SUPERSEDED"
    TIMED_OUT = "TIMED_OUT"
    NOT_KNOWN = "NOT_KNOWN"


@dataclass(frozen=True, slots=True)
class Ending:
    fate: Fate
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The deployment to follow. `deployment` is DescribeServices' id, `ecs-svc/N`.

    `former` are the ids that were listed before it: a rollback leads to one of them.
    """

    service: str
    deployment: str
    task_definition: str
    former: tuple[str, ...] = ()
    since_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A service deployment (DescribeServiceDeployments). `deployment` is `ecs-svc/N`: a service
    revision has the number of the deployment that it was made for (R3.16).
    """

    arn: str
    deployment: str
    status: str
    created_ms: float
    reason: str = ""
    failures: int = 0
    threshold: int | None = None
    breaker: str = ""
    back_to: str = ""  # ecs-svc/N
    back_reason: str = ""


@dataclass(frozen=True, slots=True)
class Exit:
    """A container of a task that ended."""

    container: str
    code: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFact:
    """A task. `deployment` is its startedBy; `task_definition` is family:revision."""

    task: str
    deployment: str
    task_definition: str
    status: str
    desired: str
    stop_code: str = ""
    reason: str = ""
    exits: tuple[Exit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One look at the service. `releases` None: this endpoint does not list them.

    `tasks` are those that run, or should; `ended` those of the followed deployment that ended.
    """

    service: ServiceView
    releases: tuple[Release, ...] | None
    tasks: tuple[TaskFact, ...]
    ended: tuple[TaskFact, ...] = ()

    def release_of(self, deployment: str) -> Release | None:
        """The latest service deployment that brings this deployment."""
        found = [r for r in self.releases or () if r.deployment == deployment]
        return max(found, key=lambda release: release.created_ms, default=None)

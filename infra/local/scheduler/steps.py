"""The verbs of the scheduler: what a plan may ask the shell to do. Each says why."""

from dataclasses import dataclass

from infra.local.scheduler.model import FailCause, StopCode, Target


@dataclass(frozen=True, slots=True)
class StartTask:
    """Start a task of the deployment in the zone; `unhealthy`: it replaces an unhealthy one."""

    deployment: str
    zone: str
    why: str
    unhealthy: bool = False


@dataclass(frozen=True, slots=True)
class RegisterTargets:
    """Register the task with these target groups (ARNs)."""

    task: str
    groups: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class StopTask:
    """Set the task's desiredStatus to STOPPED; `failed_target`, `failed_check`: what failed."""

    task: str
    code: StopCode
    reason: str
    why: str
    failed_target: Target | None = None
    failed_check: bool = False


@dataclass(frozen=True, slots=True)
class DeregisterTargets:
    """Deregister the task from these target groups: draining begins."""

    task: str
    groups: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class BeginStop:
    """The task's containers are now to be stopped: it becomes STOPPING."""

    task: str
    why: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """Send SIGTERM to the container."""

    task: str
    container: str
    why: str


@dataclass(frozen=True, slots=True)
class Kill:
    """Send SIGKILL to the container."""

    task: str
    container: str
    why: str


@dataclass(frozen=True, slots=True)
class CompleteDeployment:
    """The deployment's rolloutState becomes COMPLETED; those that have ended leave the list."""

    deployment: str
    why: str


@dataclass(frozen=True, slots=True)
class CountFailure:
    """The task is one more failure of its deployment, for the circuit breaker (R3.3)."""

    task: str
    deployment: str
    why: str


@dataclass(frozen=True, slots=True)
class ResetFailures:
    """A task became healthy: the circuit breaker counts from 0 again (R3.4)."""

    deployment: str
    why: str


@dataclass(frozen=True, slots=True)
class FailDeployment:
    """The deployment's rolloutState becomes FAILED. `back_to` becomes PRIMARY and IN_PROGRESS
    again, under its own id (R3.6, R3.7); None: nothing is rolled back."""

    deployment: str
    cause: FailCause
    back_to: str | None
    why: str


@dataclass(frozen=True, slots=True)
class MarkSteady:
    """The service is (or is no longer) in a steady state; becoming steady is announced."""

    steady: bool
    why: str


@dataclass(frozen=True, slots=True)
class MarkStuck:
    """The deployment configuration leaves no legal step: announced once per deployment (R2.1)."""

    why: str


@dataclass(frozen=True, slots=True)
class MarkThrottled:
    """Launches of this deployment fail again and again: announced once (R2.11)."""

    deployment: str
    why: str


@dataclass(frozen=True, slots=True)
class MarkInactive:
    """A deleted service has no task left that is not stopping (R2.20)."""

    why: str


Step = (
    StartTask
    | RegisterTargets
    | StopTask
    | DeregisterTargets
    | BeginStop
    | Terminate
    | Kill
    | CompleteDeployment
    | CountFailure
    | ResetFailures
    | FailDeployment
    | MarkSteady
    | MarkStuck
    | MarkThrottled
    | MarkInactive
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, why (an empty plan too says why), and when to look again at the latest.

    `look_again_at_ms` is None when only an event from outside can change anything.
    """

    steps: tuple[Step, ...]
    why: str
    look_again_at_ms: int | None = None

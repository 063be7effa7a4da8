"""The nouns of the scheduler: what a service asks for and what is there.

All times are integer milliseconds on one time base, already divided by the time scale. Statuses
are ECS's and ELB's own words. Sources: rules R1.1-R1.24, R2.1-R2.13, R4.30 (docs/concepts).
"""

from dataclasses import dataclass
from enum import StrEnum


class TaskStatus(StrEnum):
    """`lastStatus` and `desiredStatus` of a task, in the order a task passes them (R1.1)."""

    PROVISIONING = "PROVISIONING"
    PENDING = "PENDING"
    ACTIVATING = "ACTIVATING"
    RUNNING = "RUNNING"
    DEACTIVATING = "DEACTIVATING"
    STOPPING = "STOPPING"
    DEPROVISIONING = "DEPROVISIONING"
    STOPPED = "STOPPED"


class HealthStatus(StrEnum):
    """`healthStatus` of a task: its essential containers' checks together (R1.31)."""

    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"


class TargetState(StrEnum):
    """A target's state in one target group (section 4.2)."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"
    UNUSED = "unused"


class RolloutState(StrEnum):
    """`rolloutState` of a deployment (R3.11)."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class StopOrder(StrEnum):
    """What StopTask does first: sources disagree, so it is a setting (R1.21)."""

    DEREGISTER_FIRST = "deregister_first"
    SIGTERM_FIRST = "sigterm_first"


class StopCode(StrEnum):
    """`stopCode` of a task (section 1.2)."""

    TASK_FAILED_TO_START = "TaskFailedToStart"
    ESSENTIAL_CONTAINER_EXITED = "EssentialContainerExited"
    USER_INITIATED = "UserInitiated"
    SERVICE_SCHEDULER_INITIATED = "ServiceSchedulerInitiated"


class ThresholdType(StrEnum):
    """How `value` becomes the circuit breaker's threshold (R3.2)."""

    COUNT = "COUNT"
    BOUNDED_PERCENT = "BOUNDED_PERCENT"
    UNBOUNDED_PERCENT = "UNBOUNDED_PERCENT"


class FailCause(StrEnum):
    """Why a deployment is failed: the circuit breaker tripped, or StopServiceDeployment asked."""

    BREAKER = "circuit breaker"
    REQUESTED = "requested"


@dataclass(frozen=True, slots=True)
class Breaker:
    """The deployment circuit breaker as configured (R3.1, R3.2, R3.4).

    `value` is failures for COUNT, percent of the desired count otherwise. `count_exits`: a task
    that ends by itself after it was RUNNING is a failure too (R3.5: sources disagree).
    """

    enabled: bool = False
    rollback: bool = False
    kind: ThresholdType = ThresholdType.BOUNDED_PERCENT
    value: int = 50
    reset_on_healthy: bool = True
    count_exits: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """One task in one target group; `since_ms` is when `state` was entered."""

    group: str
    state: TargetState
    since_ms: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A started container of a task. `depends_on` names containers that must outlive it (R1.33)."""

    name: str
    alive: bool = True
    stop_timeout_ms: int = 30_000
    depends_on: tuple[str, ...] = ()
    terminated_ms: int | None = None
    killed: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A task as observed.

    `since_ms` is when `status` was entered, `started_ms` when the task first was RUNNING,
    `stop_asked_ms` when `desired` became STOPPED, and `died_ms` when an essential container ended
    unasked or the task failed to start. `checked`: an essential container has a health check.
    `condemned`: the scheduler stopped it for its health. `counted`: the circuit breaker knows of
    its failure.
    """

    id: str
    deployment: str
    zone: str
    status: TaskStatus
    desired: TaskStatus
    since_ms: int
    created_ms: int = 0
    started_ms: int | None = None
    stop_asked_ms: int | None = None
    died_ms: int | None = None
    health: HealthStatus = HealthStatus.UNKNOWN
    health_ms: int = 0
    checked: bool = False
    targets: tuple[Target, ...] = ()
    containers: tuple[Container, ...] = ()
    stop_code: StopCode | None = None
    condemned: bool = False
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment as observed; `id` has the form `ecs-svc/<19 digits>`.

    `launch_failures` counts tasks in a row that stopped without having been RUNNING, the last of
    them at `last_failure_ms` (R2.11). `failures` is what the circuit breaker counted, the last of
    them at `failed_ms`; `ran`: one of its tasks has been RUNNING (R3.3). `begun_ms` is when it
    became IN_PROGRESS, as a rollback too. `stop_asked`: StopServiceDeployment was called.
    """

    id: str
    primary: bool
    rollout: RolloutState
    created_ms: int
    launch_failures: int = 0
    last_failure_ms: int = 0
    throttled: bool = False
    failures: int = 0
    failed_ms: int = 0
    ran: bool = False
    begun_ms: int = 0
    stop_asked: bool = False


@dataclass(frozen=True, slots=True)
class Tempo:
    """The control plane's own latencies, in milliseconds, already scaled. All zero: no latency.

    stop_tick_ms: "has stopped" to "deregistered" (R1.25); register_ms: a task RUNNING to its
    target registered (R1.4); stop_old_ms: a replacement healthy to the stop of the task it
    replaces, in a deployment (R2.4); replace_ms: a task dead or unhealthy to its replacement's
    start (R1.23); terminate_ms: target unused to SIGTERM (R1.20); complete_ms: last old task
    stopped to "deployment completed" (R2.13); unchecked_ms: a task with neither target nor check
    counts as healthy after this long RUNNING (R2.2); throttle_ms and throttle_max_ms: the first
    and the longest pause between launches that fail (R2.11).
    """

    stop_tick_ms: int = 0
    register_ms: int = 0
    stop_old_ms: int = 0
    replace_ms: int = 0
    terminate_ms: int = 0
    complete_ms: int = 0
    unchecked_ms: int = 40_000
    throttle_ms: int = 10_000
    throttle_max_ms: int = 1_620_000


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """What the service asks for. `groups` are target group ARNs; `zones` is never empty.

    `draining`: DeleteService was called; desired_count is 0 from then on, until the service is
    `inactive` (R2.20).
    """

    name: str
    desired_count: int
    minimum_healthy_percent: int
    maximum_percent: int
    grace_ms: int
    groups: tuple[str, ...]
    zones: tuple[str, ...]
    tempo: Tempo
    stop_order: StopOrder = StopOrder.DEREGISTER_FIRST
    draining: bool = False
    inactive: bool = False
    breaker: Breaker = Breaker()


@dataclass(frozen=True, slots=True)
class Observed:
    """What is there: deployments still listed, tasks not yet forgotten.

    `steady` says that a steady state was announced and nothing has disturbed it since; `stuck`
    that "was unable to stop or start tasks" was said of the present deployment.
    """

    deployments: tuple[Deployment, ...]
    tasks: tuple[Task, ...]
    steady: bool = False
    stuck: bool = False

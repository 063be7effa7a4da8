"""Small builders for situations: what the scheduler is asked for and what it sees.

All times are relative to `NOW_MS`; `ms_ago` arguments count back from it. Deployments are called
`old` (COMPLETED), `mid` (IN_PROGRESS, superseded) and `new` (IN_PROGRESS, primary).
"""

from dataclasses import replace

from infra.local.scheduler.model import (
    Container,
    Deployment,
    HealthStatus,
    Observed,
    RolloutState,
    ServiceSpec,
    StopCode,
    StopOrder,
    Target,
    TargetState,
    Task,
    TaskStatus,
    Tempo,
)

NOW_MS = 1_000_000_000
HOUR_MS = 3_600_000
WEB = ("web",)


def service(
    desired: int = 2,
    floor: int = 100,
    ceiling: int = 200,
    *,
    grace_ms: int = 0,
    groups: tuple[str, ...] = WEB,
    zones: tuple[str, ...] = ("a", "b"),
    tempo: Tempo | None = None,
    stop_order: StopOrder = StopOrder.DEREGISTER_FIRST,
    draining: bool = False,
    inactive: bool = False,
) -> ServiceSpec:
    """A service behind one target group in two zones, with a control plane without latency."""
    return ServiceSpec(
        "shop", desired, floor, ceiling, grace_ms, groups, zones, tempo or Tempo(), stop_order,
        draining, inactive,
    )  # fmt: skip


def coming(
    name: str, deployment: str = "new", zone: str = "a", status: TaskStatus = TaskStatus.PENDING
) -> Task:
    """A task on its way to RUNNING."""
    since_ms = NOW_MS - 5_000
    return Task(name, deployment, zone, status, TaskStatus.RUNNING, since_ms, since_ms)


def running(name: str, deployment: str = "new", zone: str = "a", *, ms_ago: int = HOUR_MS) -> Task:
    """A RUNNING task with one container and no target yet."""
    at_ms = NOW_MS - ms_ago
    return replace(
        coming(name, deployment, zone),
        status=TaskStatus.RUNNING,
        since_ms=at_ms,
        created_ms=at_ms,
        started_ms=at_ms,
        containers=(Container("app"),),
    )


def routed(
    task: Task, state: TargetState, *, ms_ago: int = 60_000, groups: tuple[str, ...] = WEB
) -> Task:
    """The task as a target in this state in each of the groups."""
    targets = tuple(Target(group, state, NOW_MS - ms_ago) for group in groups)
    return replace(task, targets=targets)


def healthy(name: str, deployment: str = "old", zone: str = "a", *, ms_ago: int = 60_000) -> Task:
    """A RUNNING task that its target group has called healthy for `ms_ago`."""
    return routed(running(name, deployment, zone), TargetState.HEALTHY, ms_ago=ms_ago)


def initial(name: str, deployment: str = "new", zone: str = "a") -> Task:
    """A RUNNING task, registered, not checked yet."""
    return routed(running(name, deployment, zone), TargetState.INITIAL)


def sick(name: str, deployment: str = "old", zone: str = "a", *, ms_ago: int = 60_000) -> Task:
    """A RUNNING task that its target group has called unhealthy for `ms_ago`."""
    return routed(running(name, deployment, zone), TargetState.UNHEALTHY, ms_ago=ms_ago)


def probed(task: Task, health: HealthStatus, *, ms_ago: int = 60_000) -> Task:
    """The task with a container health check in this state."""
    return replace(task, checked=True, health=health, health_ms=NOW_MS - ms_ago)


def leaving(
    task: Task,
    status: TaskStatus = TaskStatus.DEACTIVATING,
    *,
    ms_ago: int = 60_000,
    code: StopCode = StopCode.SERVICE_SCHEDULER_INITIATED,
) -> Task:
    """The task, asked to stop `ms_ago` and in this status since."""
    at_ms = NOW_MS - ms_ago
    return replace(
        task,
        status=status,
        desired=TaskStatus.STOPPED,
        since_ms=at_ms,
        stop_asked_ms=at_ms,
        stop_code=code,
    )


def dead(task: Task, status: TaskStatus = TaskStatus.STOPPED, *, ms_ago: int = 60_000) -> Task:
    """The task after its essential container ended unasked."""
    at_ms = NOW_MS - ms_ago
    return replace(
        task,
        status=status,
        desired=TaskStatus.STOPPED,
        since_ms=at_ms,
        died_ms=at_ms,
        stop_code=StopCode.ESSENTIAL_CONTAINER_EXITED,
        containers=tuple(replace(c, alive=False) for c in task.containers),
    )


OLD = Deployment("old", False, RolloutState.COMPLETED, NOW_MS - 5 * HOUR_MS)
MID = Deployment("mid", False, RolloutState.IN_PROGRESS, NOW_MS - 2 * HOUR_MS)
NEW = Deployment("new", True, RolloutState.IN_PROGRESS, NOW_MS - HOUR_MS)
ONLY = replace(OLD, primary=True)


def quiet(*tasks: Task, steady: bool = False) -> Observed:
    """No deployment is going on: `old` is primary and completed."""
    return Observed((ONLY,), tasks, steady)


def deploying(*tasks: Task, new: Deployment = NEW, stuck: bool = False) -> Observed:
    """`new` replaces `old`."""
    return Observed((new, OLD), tasks, stuck=stuck)


def overtaking(*tasks: Task) -> Observed:
    """`new` came while `mid` was still replacing `old`."""
    return Observed((NEW, MID, OLD), tasks)

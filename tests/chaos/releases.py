"""Run folders of releases that should not succeed, written by hand: how each can end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chaos.effect import BREAKER, GRACE, HEALTHY_COUNT, INTERVAL, ROLLBACK, THRESHOLD
from chaos.entries import (
    GONE,
    DeploymentSeen,
    LogSeen,
    RevisionMade,
    ServiceDeploymentSeen,
    ServiceSeen,
    SettingSeen,
    Step,
    TargetSeen,
    TaskSeen,
)
from tests.chaos.builder import (
    POLL_MS,
    T0,
    Cast,
    RunBuilder,
    cast_of,
    definition_arn,
    group_arn,
    make_run,
    offer_load,
    perform,
    seal,
)

SERVICE = "order-api"
DEPLOYED = 3000.0
SICK = f"Task failed ELB health checks in (target-group {group_arn(SERVICE)})"
EXITED = "Essential container in task exited"
ROLLED_BACK = "Service deployment rolled back because the circuit breaker threshold was exceeded."
# How each end of a release shows: (service deployment, rolloutState of the new deployment)
ROLLED, FAILED, HANGS, DONE = "rolled back", "failed", "hangs", "deployed"
STATUS = {
    ROLLED: "ROLLBACK_SUCCESSFUL",
    FAILED: "STOPPED",
    HANGS: "IN_PROGRESS",
    DONE: "SUCCESSFUL",
}


@dataclass(frozen=True)
class Fault:
    """One failing task: times in real ms after its start; None for what does not happen."""

    reason: str = SICK
    stop_code: str = "ServiceSchedulerInitiated"
    ended: float = 6100.0
    listening: float | None = 700.0
    unhealthy: float | None = 2100.0


NEVER_HEALTHY = Fault()
CRASH = Fault(EXITED, "EssentialContainerExited", 300.0, None, None)
NO_IMAGE = Fault("CannotPullContainerError: not found", "TaskFailedToStart", 300.0, None, None)
SLOW = Fault(ended=2100.0, listening=3600.0, unhealthy=2050.0)


def release(
    fault: Fault = NEVER_HEALTHY,
    *,
    ends: str = ROLLED,
    failures: int = 3,
    enable: bool = True,
    rollback: bool = True,
    grace: int = 60,
) -> RunBuilder:
    """A release of order-api whose tasks fail one after another; nobody notices."""
    builder = RunBuilder(make_run(drill="never-healthy"))
    cast = [_settled(member) for member in cast_of() if not member.new]
    for member in cast:
        perform(builder, member)
    builder.add(Step(at_ms=T0, name="load", text="200 requests/s"))
    _settings(builder, enable=enable, rollback=rollback, grace=grace)
    builder.add(
        deployments_seen(-100, [deployment(1)]),
        Step(at_ms=T0 + DEPLOYED, name="deploy", text=f"UpdateService {SERVICE} to {SERVICE}:2"),
        made(),
        deployments_seen(DEPLOYED + 90, [deployment(2, "IN_PROGRESS"), deployment(1, old=True)]),
        told(DEPLOYED + 90, "IN_PROGRESS", breaker="MONITORING" if enable else "DISABLED"),
    )
    starts = [DEPLOYED + 100 + number * (fault.ended + 20) for number in range(failures)]
    for number, start in enumerate(starts):
        fail(builder, number, start, fault)
    _end(builder, ends, failures, starts[-1] + fault.ended if starts else DEPLOYED + 4000)
    offer_load(builder, cast)
    seal(builder)
    return builder


def _settled(member: Cast) -> Cast:
    """An old task that nothing happens to."""
    return replace(member, stop=None, draining=None, left=None, sigterm=None, stopped=None)


def made(revision: int = 2) -> RevisionMade:
    return RevisionMade(
        at_ms=T0 + DEPLOYED, service=SERVICE, task_definition=definition_arn(SERVICE, revision)
    )


def _settings(builder: RunBuilder, *, enable: bool, rollback: bool, grace: int) -> None:
    for name, value in (
        (GRACE, str(grace)),
        (BREAKER, str(enable).lower()),
        (ROLLBACK, str(rollback).lower()),
        (THRESHOLD, "BOUNDED_PERCENT 50"),
        (INTERVAL, "10"),
        (HEALTHY_COUNT, "2"),
    ):
        builder.add(SettingSeen(at_ms=T0 - 90, service=SERVICE, name=name, value=value))


def deployment(revision: int, rollout: str = "COMPLETED", *, old: bool = False) -> DeploymentSeen:
    return DeploymentSeen(
        id=f"ecs-svc/{revision}",
        status="ACTIVE" if old else "PRIMARY",
        task_definition=definition_arn(SERVICE, revision),
        rollout=rollout,
    )


def deployments_seen(
    at: float, deployments: Sequence[DeploymentSeen], running: int = 2
) -> ServiceSeen:
    return ServiceSeen(
        at_ms=T0 + at,
        service=SERVICE,
        desired=2,
        running=running,
        pending=0,
        deployments=tuple(deployments),
        error_ms=POLL_MS,
    )


def told(
    at: float, status: str, *, breaker: str = "MONITORING", failures: int = 0
) -> ServiceDeploymentSeen:
    """What DescribeServiceDeployments says of the new revision's deployment."""
    back = status == STATUS[ROLLED]
    return ServiceDeploymentSeen(
        at_ms=T0 + at,
        service=SERVICE,
        id="abc",
        status=status,
        task_definition=definition_arn(SERVICE, 2),
        reason=ROLLED_BACK if back else None,
        breaker=breaker,
        failures=failures,
        threshold=3,
        rolled_back_to=definition_arn(SERVICE, 1) if back else None,
        error_ms=300.0,
    )


def fail(builder: RunBuilder, number: int, start: float, fault: Fault) -> None:
    """Write down one failing task."""
    task = f"{number}bad".ljust(32, "f")
    address = f"127.10.1.{number + 50}"
    ran = fault.stop_code != "TaskFailedToStart"
    seen = TaskSeen(
        at_ms=T0 + start,
        service=SERVICE,
        task=task,
        status="RUNNING" if ran else "PENDING",
        desired="RUNNING",
        health="UNKNOWN",
        task_definition=f"{SERVICE}:2",
        address=address,
        error_ms=POLL_MS,
        started_ms=T0 + start if ran else None,
    )
    ending = replace(
        seen,
        at_ms=T0 + start + fault.ended,
        status="DEACTIVATING" if ran else "STOPPED",
        desired="STOPPED",
        reason=fault.reason,
        stop_code=fault.stop_code,
    )
    builder.add(seen, ending, replace(ending, at_ms=ending.at_ms + 3200, status="STOPPED"))
    if fault.listening is not None:
        at_ms = T0 + start + fault.listening
        builder.add(LogSeen(at_ms=at_ms, service=SERVICE, task=task, event="listening"))
    if fault.unhealthy is not None:
        for after, state in ((50.0, "initial"), (fault.unhealthy, "unhealthy")):
            builder.add(target(start + after, address, state))
        builder.add(target(start + fault.ended + 3000, address, GONE))


def target(at: float, address: str, state: str) -> TargetSeen:
    return TargetSeen(
        at_ms=T0 + at,
        service=SERVICE,
        group=group_arn(SERVICE),
        address=f"{address}:8080",
        state=state,
        error_ms=POLL_MS,
    )


def _end(builder: RunBuilder, ends: str, failures: int, at: float) -> None:
    """How it ends, right after the last failure; a deployment that is DONE has a good task."""
    after = at + 200
    if ends == HANGS:
        return
    if ends == DONE:
        builder.add(deployments_seen(after, [deployment(2)]), told(after, STATUS[DONE]))
        healthy_task(builder, DEPLOYED + 120)
        return
    rolling = "ROLLBACK_IN_PROGRESS" if ends == ROLLED else STATUS[FAILED]
    builder.add(told(after, rolling, breaker="TRIGGERED", failures=failures))
    if ends == FAILED:
        listed = [deployment(2, "FAILED"), deployment(1, old=True)]
        builder.add(deployments_seen(after, listed))
        return
    builder.add(
        deployments_seen(after + 300, [deployment(1)]),
        told(after + 300, STATUS[ROLLED], breaker="TRIGGERED", failures=failures),
    )


def healthy_task(builder: RunBuilder, start: float) -> None:
    """A new task that is slow and comes up: healthy 5 s (50 s unscaled) after its start."""
    seen = TaskSeen(
        at_ms=T0 + start,
        service=SERVICE,
        task="g00d".ljust(32, "b"),
        status="RUNNING",
        desired="RUNNING",
        health="HEALTHY",
        task_definition=f"{SERVICE}:2",
        address="127.10.1.90",
        error_ms=POLL_MS,
        started_ms=T0 + start,
    )
    log = LogSeen(at_ms=T0 + start + 3500, service=SERVICE, task=seen.task, event="listening")
    builder.add(seen, log)
    for after, state in ((50.0, "initial"), (2100.0, "unhealthy"), (5000.0, "healthy")):
        builder.add(target(start + after, "127.10.1.90", state))

"""One look at a service from what a watch holds, live or recorded."""

from collections.abc import Iterable, Sequence

from chaos.entries import EventSeen, RevisionMade, ServiceDeploymentSeen, ServiceSeen, TaskSeen
from chaos.following.facts import Exit, Followed, Release, Sight, TaskFact
from chaos.history import History
from chaos.target import EventView, ServiceDeploymentView, ServiceView, TaskView, revision_of

# A view and its journal entry have the same members.
AnyTask = TaskView | TaskSeen
AnyRelease = ServiceDeploymentView | ServiceDeploymentSeen
STOPPED = "STOPPED"


def make_sight(
    followed: Followed,
    service: ServiceView,
    releases: Sequence[AnyRelease] | None,
    tasks: Iterable[AnyTask],
) -> Sight:
    """`releases` None: the endpoint does not list service deployments."""
    facts = [_task(task) for task in tasks]
    return Sight(
        service=service,
        releases=None if releases is None else tuple(map(_release, releases)),
        tasks=tuple(fact for fact in facts if fact.status != STOPPED),
        ended=tuple(
            fact
            for fact in facts
            if fact.status == STOPPED and fact.deployment == followed.deployment
        ),
    )


def _task(seen: AnyTask) -> TaskFact:
    exits = () if seen.exit_code is None else (Exit("a container", seen.exit_code, ""),)
    return TaskFact(
        task=seen.task,
        deployment=seen.started_by or "",
        task_definition=seen.task_definition,
        status=seen.status,
        desired=seen.desired,
        stop_code=seen.stop_code or "",
        reason=seen.reason or "",
        exits=exits,
    )


def _release(seen: AnyRelease) -> Release:
    return Release(
        arn=seen.id,
        deployment=seen.deployment or "",
        status=seen.status,
        created_ms=0.0,
        reason=seen.reason or "",
        failures=seen.failures,
        threshold=seen.threshold,
        breaker=seen.breaker or "",
        back_to=revision_of(seen.rolled_back_to) if seen.rolled_back_to else "",
        back_reason=seen.rollback_reason or "",
    )


def read_followed(history: History) -> Followed | None:
    """The deployment that a recorded watch followed: the first that it saw; None for none."""
    for made in history.of(RevisionMade):
        return Followed(
            service=made.service,
            deployment=made.deployment or "",
            task_definition=made.task_definition,
            former=_former(history, made),
            since_ms=_since(history, made),
        )
    return None


def _since(history: History, made: RevisionMade) -> float:
    """When the deployment was not seen yet, and a second more: events carry ECS's own time."""
    for seen in history.of(ServiceSeen):
        if any(d.id == made.deployment for d in seen.deployments):
            return min(made.at_ms, seen.at_ms - (seen.error_ms or 0.0)) - 1000
    return made.at_ms - 1000


def _former(history: History, made: RevisionMade) -> tuple[str, ...]:
    """The other deployments that were listed until this one was first seen."""
    found: dict[str, None] = {}
    for seen in history.of(ServiceSeen):
        if seen.service == made.service:
            found |= dict.fromkeys(d.id for d in seen.deployments if d.id != made.deployment)
            if any(d.id == made.deployment for d in seen.deployments):
                break
    return tuple(found)


def last_sight(history: History, followed: Followed) -> Sight | None:
    """The service as it was last seen; None if it never was."""
    services = [e for e in history.of(ServiceSeen) if e.service == followed.service]
    if not services:
        return None
    tasks = {e.task: e for e in history.of(TaskSeen) if e.service == followed.service}
    releases = {e.id: e for e in history.of(ServiceDeploymentSeen) if e.service == followed.service}
    view = _service(services[-1], history)
    return make_sight(followed, view, list(releases.values()) or None, tasks.values())


def _service(seen: ServiceSeen, history: History) -> ServiceView:
    events = [e for e in history.of(EventSeen) if e.service == seen.service]
    return ServiceView(
        name=seen.service,
        status="ACTIVE",
        task_definition="",
        desired=seen.desired,
        running=seen.running,
        pending=seen.pending,
        minimum_healthy_percent=100,
        groups=(),
        deployments=seen.deployments,
        events=tuple(EventView(str(e.line), e.at_ms, e.message) for e in reversed(events)),
    )

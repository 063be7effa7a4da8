"""When a drill has seen enough: what is still awaited, from the latest observations."""

from chaos.drill import Stage
from chaos.failures import is_failure, trips_at
from chaos.target import ServiceView, group_name, revision_of
from chaos.watch import Observed

OVER = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
PATIENCE_SECONDS = 1800.0  # unscaled; a bad image takes AWS 8-12 minutes to give up (R3.13)
PATIENCE_EXTRA_REAL_SECONDS = 30.0  # starts and polls are not scaled


def deployed(stage: Stage, observed: Observed) -> str | None:
    """One completed deployment of any revision, and old tasks gone."""
    for service in observed.services:
        revision = stage.revisions.get(service.name)
        if revision is not None:
            if (service.name, revision) not in observed.primaries:
                return f"{service.name} to begin deploying {revision_of(revision)}"
            awaited = _deploying(service) or _leaving(service, observed)
            if awaited is not None:
                return awaited
    return None


def ended(stage: Stage, observed: Observed) -> str | None:
    """The release is over, or it is plain that nothing will end it.

    Over: deployed or rolled back, and told so; or failed for good. Nothing will end it: without a
    breaker, so many tasks have failed that one would have tripped. Or patience is at its end.
    """
    for service in observed.services:
        revision = stage.revisions.get(service.name)
        if revision is None or _impatient(stage, service.name):
            continue
        if (service.name, revision) not in observed.primaries:
            return f"{service.name} to begin deploying {revision_of(revision)}"
        if _stays(service, revision, observed):
            continue
        awaited = _deploying(service) or _leaving(service, observed) or _untold(revision, observed)
        if awaited is not None:
            return f"{awaited}; {_failed(revision, observed)} tasks failed"
    return None


def _impatient(stage: Stage, service: str) -> bool:
    extra = PATIENCE_EXTRA_REAL_SECONDS * stage.target.place.time_scale
    return stage.passed_seconds(service) > PATIENCE_SECONDS + extra


def _stays(service: ServiceView, revision: str, observed: Observed) -> bool:
    """Whether the failing release will neither succeed nor be undone by ECS."""
    primary = next((d for d in service.deployments if d.status == "PRIMARY"), None)
    if primary is None or primary.task_definition != revision:
        return False
    if primary.rollout == "FAILED":
        return not service.breaker.rollback or _told(revision, observed) in OVER
    breaker = service.breaker
    limit = trips_at(breaker.threshold_type, breaker.threshold_value, service.desired)
    return not breaker.enable and _failed(revision, observed) >= limit


def _failed(revision: str, observed: Observed) -> int:
    return sum(
        task.task_definition == revision_of(revision) and is_failure(task.stop_code, task.reason)
        for task in observed.tasks
    )


def _told(revision: str, observed: Observed) -> str | None:
    """The status of the revision's service deployment; None where it is not observable."""
    found = (d for d in observed.service_deployments if d.task_definition == revision)
    return next((deployment.status for deployment in found), None)


def _untold(revision: str, observed: Observed) -> str | None:
    status = _told(revision, observed)
    return None if status is None or status in OVER else f"the service deployment is {status}"


def _deploying(service: ServiceView) -> str | None:
    primary = next((d for d in service.deployments if d.status == "PRIMARY"), None)
    if primary is None:
        return f"{service.name} has no PRIMARY deployment"
    if primary.rollout == "FAILED" and len(service.deployments) == 1:
        return None  # it will not get better: let the judge say so
    if len(service.deployments) > 1 or primary.rollout not in ("COMPLETED", ""):
        return f"{service.name}: {service.running} running, deployment {primary.rollout}"
    if service.running != service.desired:
        return f"{service.name} runs {service.running} of {service.desired} tasks"
    return None


def _leaving(service: ServiceView, observed: Observed) -> str | None:
    for group in service.groups:
        draining = [view for view in observed.health.get(group, ()) if view.state == "draining"]
        if draining:
            return f"{len(draining)} targets of {group_name(group)} are draining"
    running = revision_of(service.task_definition)
    old = [
        task.task[:8]
        for task in observed.tasks
        if task.service == service.name
        and task.task_definition != running
        and task.status != "STOPPED"
    ]
    return f"old tasks of {service.name} to stop: {', '.join(old)}" if old else None

"""Service deployments and revisions as ECS describes them, in botocore's member names (R3.16)."""

from collections import Counter

from infra.local.api.ecs.deployments import SERVICE_DEFAULTS
from infra.local.api.ecs.taskdocuments import PLATFORM_VERSION
from infra.local.clock import to_datetime
from infra.local.releases import ServiceDeployment, ServiceRevision, Status
from infra.local.scheduler.model import TaskStatus
from infra.local.store import Document, Service, Store

_PENDING = (TaskStatus.PROVISIONING, TaskStatus.PENDING, TaskStatus.ACTIVATING)
_REVISION = (
    "capacityProviderStrategy",
    "launchType",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
)


def brief(service: Service, entry: ServiceDeployment) -> Document:
    """A ServiceDeploymentBrief."""
    return _head(service, entry) | {"targetServiceRevisionArn": entry.target}


def describe_deployment(store: Store, service: Service, entry: ServiceDeployment) -> Document:
    """A ServiceDeployment; counts are of the tasks that are there now."""
    document = _head(service, entry) | {
        "updatedAt": to_datetime(entry.updated_ms),
        "sourceServiceRevisions": [_counted(store, service, arn) for arn in entry.sources],
        "targetServiceRevision": _counted(store, service, entry.target)
        | {"requestedTestTrafficWeight": 0.0, "requestedProductionTrafficWeight": 100.0},
        "deploymentConfiguration": entry.configuration,
        "deploymentCircuitBreaker": {
            "status": _breaker(entry),
            "failureCount": entry.failures,
            "threshold": entry.threshold,
        },
    }
    if entry.stopped_ms is not None:
        document["stoppedAt"] = to_datetime(entry.stopped_ms)
    if entry.rollback is not None:
        document["rollback"] = {
            "reason": entry.rollback.reason,
            "startedAt": to_datetime(entry.rollback.started_ms),
            "serviceRevisionArn": entry.rollback.revision,
        }
    return document


def _head(service: Service, entry: ServiceDeployment) -> Document:
    times = {"startedAt": entry.started_ms, "finishedAt": entry.finished_ms}
    return {
        "serviceDeploymentArn": entry.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster,
        "createdAt": to_datetime(entry.created_ms),
        "status": entry.status,
        **({"statusReason": entry.reason} if entry.reason else {}),
        **{name: to_datetime(ms) for name, ms in times.items() if ms is not None},
    }


def _breaker(entry: ServiceDeployment) -> str:
    if entry.triggered:
        return "TRIGGERED"
    if not entry.configuration.get("deploymentCircuitBreaker", {}).get("enable", False):
        return "DISABLED"
    watched = entry.status in (Status.PENDING, Status.IN_PROGRESS)
    return "MONITORING" if watched else "MONITORING_COMPLETE"


def _counted(store: Store, service: Service, revision: str) -> Document:
    """A ServiceRevisionSummary without its weights."""
    deployment = service.revisions[revision].deployment
    primary = service.primary.id == deployment
    tasks = [t for t in store.tasks_of(service) if t.started_by == deployment]
    counts = Counter(t.status for t in tasks if t.desired is TaskStatus.RUNNING)
    return {
        "arn": revision,
        "requestedTaskCount": service.desired_count if primary else 0,
        "runningTaskCount": counts[TaskStatus.RUNNING],
        "pendingTaskCount": sum(counts[status] for status in _PENDING),
    }


def current_revisions(store: Store, service: Service) -> Document:
    """`currentServiceDeployment`, while one is under way, and `currentServiceRevisions`."""
    listed = {d.id for d in service.deployments}
    arns = [arn for arn, r in service.revisions.items() if r.deployment in listed]
    revisions = [_counted(store, service, arn) for arn in reversed(arns)]
    under_way = [entry.arn for entry in service.history if not entry.over]
    document: Document = {"currentServiceRevisions": revisions}
    return document | ({"currentServiceDeployment": under_way[-1]} if under_way else {})


def describe_revision(store: Store, service: Service, revision: ServiceRevision) -> Document:
    """A ServiceRevision: what was asked for, with the images of its task definition."""
    definition = store.definitions[revision.task_definition]
    chosen = SERVICE_DEFAULTS | revision.document
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster,
        "taskDefinition": revision.task_definition,
        "platformVersion": PLATFORM_VERSION,
        "platformFamily": "Linux",
        "createdAt": to_datetime(revision.created_ms),
        "containerImages": [
            {"containerName": c.name, "image": c.image} for c in definition.containers
        ],
        **{name: chosen[name] for name in _REVISION if name in chosen},
    }

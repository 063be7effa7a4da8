"""Services and deployments as DescribeServices returns them.

Counts are of tasks that are to run: runningCount those RUNNING, pendingCount those on their way.
A task whose desiredStatus is STOPPED counts in neither, although its process may still be there
(R2.3): ECS counts it neither for the lower nor for the upper bound.
"""

from collections import Counter
from collections.abc import Iterable

from infra.local.api.ecs.connect import connect_namespace, discovery_name
from infra.local.api.ecs.deployments import SERVICE_DEFAULTS
from infra.local.api.ecs.releasedocuments import current_revisions
from infra.local.api.ecs.taskdocuments import PLATFORM_VERSION
from infra.local.api.errors import ApiError
from infra.local.api.identifiers import derived_id
from infra.local.api.tags import ecs_tags
from infra.local.clock import to_datetime
from infra.local.scheduler.model import TaskStatus
from infra.local.store import Deployment, Document, Service, Store, Task

_PENDING = (TaskStatus.PROVISIONING, TaskStatus.PENDING, TaskStatus.ACTIVATING)

# What is returned as it was set
_VERBATIM = (
    *SERVICE_DEFAULTS,
    "launchType",
    "capacityProviderStrategy",
    "networkConfiguration",
    "availabilityZoneRebalancing",
    "deploymentConfiguration",
)


def describe_service(store: Store, service: Service, *, with_tags: bool = False) -> Document:
    """A service with its deployments, newest first, and its events, newest first."""
    counts = _count(store.tasks_of(service))
    settings = SERVICE_DEFAULTS | service.document
    document: Document = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster,
        "status": service.status,
        "desiredCount": service.desired_count,
        **_totals(counts),
        "platformFamily": "Linux",
        "taskDefinition": service.task_definition,
        "deployments": [_deployment(store, service, d, counts) for d in service.deployments],
        "roleArn": f"arn:aws:iam::{store.account}:role/aws-service-role/ecs.amazonaws.com/"
        "AWSServiceRoleForECS",
        "events": _events(service),
        "createdAt": to_datetime(service.created_ms),
        "createdBy": f"arn:aws:iam::{store.account}:root",
        **{name: settings[name] for name in _VERBATIM if name in settings},
        **current_revisions(store, service),
    }
    if service.load_balancers or "healthCheckGracePeriodSeconds" in service.document:
        document["healthCheckGracePeriodSeconds"] = service.grace_period
    if with_tags:
        document["tags"] = ecs_tags(service.tags)
    return document


def _events(service: Service) -> list[Document]:
    return [
        {"id": event.id, "createdAt": to_datetime(event.created_ms), "message": event.message}
        for event in service.events
    ]


def _deployment(
    store: Store, service: Service, deployment: Deployment, counts: Counter[tuple[str, str]]
) -> Document:
    own = Counter({key: n for key, n in counts.items() if key[0] == deployment.id})
    document = {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.task_definition,
        "desiredCount": deployment.desired_count,
        **_totals(own),
        "failedTasks": deployment.failures,
        "createdAt": to_datetime(deployment.created_ms),
        "updatedAt": to_datetime(deployment.updated_ms),
        "platformVersion": PLATFORM_VERSION,
        "platformFamily": "Linux",
        "networkConfiguration": deployment.network,
        "rolloutState": deployment.rollout,
        "rolloutStateReason": deployment.reason,
    }
    for name in ("launchType", "capacityProviderStrategy"):
        if name in service.document:
            document[name] = service.document[name]
    return document | _connect(store, service, deployment)


def _connect(store: Store, service: Service, deployment: Deployment) -> Document:
    config = deployment.service_connect
    if config is None:
        return {}
    resources = []
    if config["enabled"]:
        resources = _resources(store, service, config)
    return {"serviceConnectConfiguration": config, "serviceConnectResources": resources}


def _resources(store: Store, service: Service, config: Document) -> list[Document]:
    """The Cloud Map services of a deployment; none once its namespace is deleted."""
    try:
        namespace = connect_namespace(store, store.clusters[service.cluster], config)
    except ApiError:
        return []
    names = [discovery_name(entry) for entry in config.get("services", ())]
    return [
        {
            "discoveryName": name,
            "discoveryArn": store.arn(
                "servicediscovery", f"service/{derived_id('srv', namespace.id, name)}"
            ),
        }
        for name in names
    ]


def _count(tasks: Iterable[Task]) -> Counter[tuple[str, str]]:
    """Tasks that are to run, by deployment and by what they are counted as."""
    counts: Counter[tuple[str, str]] = Counter()
    for task in tasks:
        if task.desired is not TaskStatus.RUNNING:
            continue
        if task.status is TaskStatus.RUNNING:
            counts[task.started_by, "runningCount"] += 1
        elif task.status in _PENDING:
            counts[task.started_by, "pendingCount"] += 1
    return counts


def _totals(counts: Counter[tuple[str, str]]) -> dict[str, int]:
    return {
        name: sum(n for (_, kind), n in counts.items() if kind == name)
        for name in ("runningCount", "pendingCount")
    }

"""Finding ECS's things by the names and ARNs that callers use."""

from infra.local.api.ecs import errors
from infra.local.namespaces import Namespace
from infra.local.store import Cluster, Service, Store, Task, TaskDefinition

DEFAULT_CLUSTER = "default"


def cluster_arn(store: Store, reference: str | None) -> str:
    """The ARN that a cluster's name, ARN or absence stands for."""
    name = reference or DEFAULT_CLUSTER
    return name if name.startswith("arn:") else store.arn("ecs", f"cluster/{name}")


def find_cluster(store: Store, reference: str | None) -> Cluster:
    """An ACTIVE cluster, or ClusterNotFoundException."""
    cluster = store.clusters.get(cluster_arn(store, reference))
    if cluster is None:
        raise errors.cluster_not_found()
    if cluster.status != "ACTIVE":
        raise errors.cluster_inactive()
    return cluster


def service_arn(store: Store, cluster: Cluster, reference: str) -> str:
    """The ARN that a service's name or ARN, of the short form too, stands for."""
    return store.arn("ecs", f"service/{cluster.name}/{reference.rsplit('/', 1)[-1]}")


def find_service(store: Store, cluster: Cluster, reference: str) -> Service:
    """A service of any status, or ServiceNotFoundException."""
    service = store.services.get(service_arn(store, cluster, reference))
    if service is None:
        raise errors.service_not_found()
    return service


def task_arn(store: Store, cluster: Cluster, reference: str) -> str:
    return store.arn("ecs", f"task/{cluster.name}/{reference.rsplit('/', 1)[-1]}")


def find_task(store: Store, cluster: Cluster, reference: str) -> Task:
    task = store.tasks.get(task_arn(store, cluster, reference))
    if task is None:
        raise errors.parameter_error("The referenced task was not found.")
    return task


def match_definition(store: Store, reference: str) -> TaskDefinition | None:
    """By ARN, by `family:revision`, or by `family` for its latest ACTIVE revision."""
    if reference.startswith("arn:"):
        return store.definitions.get(reference)
    if ":" in reference:
        return store.definitions.get(store.arn("ecs", f"task-definition/{reference}"))
    active = [
        d for d in store.definitions.values() if d.family == reference and d.status == "ACTIVE"
    ]
    return max(active, key=lambda d: d.revision, default=None)


def find_runnable(store: Store, reference: str) -> TaskDefinition:
    """A task definition that can be run on Fargate, or the errors that ECS gives."""
    definition = match_definition(store, reference)
    if definition is None:
        raise errors.client_error("TaskDefinition not found.")
    if definition.status != "ACTIVE":
        raise errors.client_error("TaskDefinition is inactive")
    if "FARGATE" not in definition.document["compatibilities"]:
        raise errors.parameter_error("Task definition does not support launch_type FARGATE.")
    return definition


def find_namespace(store: Store, reference: str) -> Namespace:
    """A Cloud Map namespace by name or ARN, or NamespaceNotFoundException."""
    for namespace in store.namespaces.values():
        if reference in (namespace.name, namespace.arn):
            return namespace
    raise errors.namespace_not_found(reference)

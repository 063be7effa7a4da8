"""Clusters: create, describe, list, update, delete."""

import re

from infra.local.api.cloudmap.namespaces import create_namespace
from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.ecs.account import VALUES, effective
from infra.local.api.ecs.lookup import DEFAULT_CLUSTER, cluster_arn, find_cluster
from infra.local.api.ecs.providers import (
    check_providers,
    check_removal,
    check_strategy,
    fill_strategy,
)
from infra.local.api.errors import ApiError
from infra.local.api.pagination import check_limit, page, with_token
from infra.local.api.tags import ecs_tags, read_tags
from infra.local.scheduler.model import TaskStatus
from infra.local.store import Cluster, Document

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_INSIGHTS = "containerInsights"
_PENDING = (TaskStatus.PROVISIONING, TaskStatus.PENDING, TaskStatus.ACTIVATING)


class Clusters:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create_cluster(self, params: Document) -> Document:
        """Make a cluster. One that exists is returned as it is, as ECS does."""
        name = params.get("clusterName") or DEFAULT_CLUSTER
        if not _NAME.fullmatch(name):
            raise errors.parameter_error(f"Cluster name {name!r} contains invalid characters.")
        arn = cluster_arn(self._store, name)
        existing = self._store.clusters.get(arn)
        if existing is not None and existing.status == "ACTIVE":
            return {"cluster": self._describe(existing, {"SETTINGS", "TAGS"})}
        cluster = Cluster(
            name,
            arn,
            tags=read_tags(params.get("tags"), "InvalidParameterException"),
            settings=[{"name": _INSIGHTS, "value": effective(self._store, _INSIGHTS)}],
        )
        self._set(cluster, params)
        self._store.clusters[arn] = cluster
        return {"cluster": self._describe(cluster, {"SETTINGS", "CONFIGURATIONS", "TAGS"})}

    async def describe_clusters(self, params: Document) -> Document:
        found, failures = [], []
        for reference in params.get("clusters") or [DEFAULT_CLUSTER]:
            arn = cluster_arn(self._store, reference)
            cluster = self._store.clusters.get(arn)
            if cluster is None:
                failures.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(self._describe(cluster, set(params.get("include", ()))))
        return {"clusters": found, "failures": failures}

    async def list_clusters(self, params: Document) -> Document:
        arns = [c.arn for c in self._store.clusters.values() if c.status == "ACTIVE"]
        limit = check_limit(params.get("maxResults", 100), 100, "maxResults")
        found, token = page(arns, lambda arn: (arn,), limit, params.get("nextToken"))
        return with_token({"clusterArns": found}, "nextToken", token)

    async def update_cluster(self, params: Document) -> Document:
        cluster = find_cluster(self._store, params["cluster"])
        self._set(cluster, params)
        return {"cluster": self._describe(cluster, {"SETTINGS", "CONFIGURATIONS", "TAGS"})}

    async def update_cluster_settings(self, params: Document) -> Document:
        cluster = find_cluster(self._store, params["cluster"])
        self._set(cluster, {"settings": params["settings"]})
        return {"cluster": self._describe(cluster, {"SETTINGS", "CONFIGURATIONS", "TAGS"})}

    async def put_cluster_capacity_providers(self, params: Document) -> Document:
        """Replace the providers and the default strategy, unless a service uses one of them."""
        cluster = find_cluster(self._store, params["cluster"])
        self._set(cluster, params)
        return {"cluster": self._describe(cluster, {"SETTINGS", "TAGS"})}

    async def delete_cluster(self, params: Document) -> Document:
        """Make the cluster INACTIVE, unless it still has services or tasks."""
        cluster = find_cluster(self._store, params["cluster"])
        counts = self._counts(cluster)
        if counts["activeServicesCount"]:
            message = "The Cluster cannot be deleted while Services are active."
            raise ApiError("ClusterContainsServicesException", message)
        if counts["runningTasksCount"] or counts["pendingTasksCount"]:
            message = "The Cluster cannot be deleted while Tasks are active."
            raise ApiError("ClusterContainsTasksException", message)
        cluster.status = "INACTIVE"
        return {"cluster": self._describe(cluster, {"SETTINGS", "TAGS"})}

    def _set(self, cluster: Cluster, params: Document) -> None:
        providers = params.get("capacityProviders", cluster.capacity_providers)
        strategy = params.get("defaultCapacityProviderStrategy", cluster.default_strategy)
        check_providers(providers)
        check_strategy(providers, strategy)
        check_removal(self._store, cluster, providers)
        settings = _read_settings(params.get("settings", cluster.settings))
        namespace = params.get("serviceConnectDefaults", {}).get("namespace")
        if namespace is not None:  # an empty one takes the default away
            cluster.service_connect_namespace = self._namespace(namespace) if namespace else None
        cluster.capacity_providers = list(dict.fromkeys(providers))
        cluster.default_strategy = fill_strategy(strategy)
        cluster.settings = settings or cluster.settings
        cluster.configuration = params.get("configuration", cluster.configuration)

    def _namespace(self, reference: str) -> str:
        """The ARN of the default namespace; a name that does not exist is made."""
        for namespace in self._store.namespaces.values():
            if reference in (namespace.name, namespace.arn):
                return namespace.arn
        if reference.startswith("arn:"):
            raise errors.namespace_not_found(reference)
        return create_namespace(self._store, reference, "HTTP", self._context.now_ms()).arn

    def _describe(self, cluster: Cluster, include: set[str]) -> Document:
        document: Document = {
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "status": cluster.status,
            "registeredContainerInstancesCount": 0,
            **self._counts(cluster),
            "statistics": [],
            "tags": ecs_tags(cluster.tags) if "TAGS" in include else [],
            "settings": cluster.settings if "SETTINGS" in include else [],
            "capacityProviders": cluster.capacity_providers,
            "defaultCapacityProviderStrategy": cluster.default_strategy,
        }
        if cluster.configuration and "CONFIGURATIONS" in include:
            document["configuration"] = cluster.configuration
        if cluster.service_connect_namespace:
            document["serviceConnectDefaults"] = {"namespace": cluster.service_connect_namespace}
        return document

    def _counts(self, cluster: Cluster) -> dict[str, int]:
        tasks = [t for t in self._store.tasks.values() if t.cluster == cluster.arn]
        services = [s for s in self._store.services.values() if s.cluster == cluster.arn]
        return {
            "runningTasksCount": sum(t.status == TaskStatus.RUNNING for t in tasks),
            "pendingTasksCount": sum(t.status in _PENDING for t in tasks),
            "activeServicesCount": sum(s.status != "INACTIVE" for s in services),
        }


def _read_settings(settings: list[Document]) -> list[Document]:
    """The only setting that a cluster has is containerInsights."""
    for setting in settings:
        if setting.get("value") not in VALUES[_INSIGHTS]:
            known = ", ".join(VALUES[_INSIGHTS])
            message = f"{_INSIGHTS} is {setting.get('value')!r}, it must be {known}"
            raise errors.parameter_error(message)
    return [{"name": _INSIGHTS, **setting} for setting in settings]

"""DiscoverInstances: who is behind a name of a namespace."""

from collections.abc import Iterator, Mapping

from infra.local.api.cloudmap.instances import Instance, instances_of, task_attributes
from infra.local.api.context import Context
from infra.local.api.ecs.connect import connected_services, discovery_name
from infra.local.api.errors import ApiError
from infra.local.connect.publication import port_named, serving
from infra.local.namespaces import CloudService, Namespace
from infra.local.store import Document, Service

INSTANCES_MAX = 1000


class Discovery:
    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def discover_instances(self, params: Document) -> Document:
        """Healthy instances unless asked otherwise. Of tasks, those that callers are sent to."""
        namespace = self._find(params["NamespaceName"])
        name = params["ServiceName"]
        known = [
            instance
            for instance in self._instances(namespace, name)
            if _has(instance.attributes, params.get("QueryParameters", {}))
        ]
        optional = params.get("OptionalParameters", {})
        preferred = [i for i in known if _has(i.attributes, optional)]
        chosen = _by_health(preferred or known, params.get("HealthStatus", "HEALTHY_OR_ELSE_ALL"))
        limit = params.get("MaxResults", 100)
        found = [_describe(namespace, name, instance) for instance in chosen[:limit]]
        return {"Instances": found}

    def _find(self, name: str) -> Namespace:
        for namespace in self._store.namespaces.values():
            if namespace.name == name:
                return namespace
        raise ApiError("NamespaceNotFound", f"No namespace is named {name}")

    def _instances(self, namespace: Namespace, name: str) -> Iterator[Instance]:
        """Those of the namespace's own service of that name, or of what ECS publishes so."""
        own = self._own(namespace, name)
        if own is not None:
            return instances_of(self._store, own)
        for service in connected_services(self._store, namespace):
            for entry in (service.primary.service_connect or {}).get("services", ()):
                if discovery_name(entry) == name:
                    return self._published(service, entry["portName"])
        raise ApiError("ServiceNotFound", f"No service in {namespace.name} is named {name}")

    def _own(self, namespace: Namespace, name: str) -> CloudService | None:
        services = self._store.cloud_services.values()
        return next((s for s in services if (s.namespace, s.name) == (namespace.id, name)), None)

    def _published(self, service: Service, port_name: str) -> Iterator[Instance]:
        for task in sorted(self._store.tasks_of(service), key=lambda task: task.id):
            if serving(task):
                port = port_named(self._store.definitions[task.task_definition], port_name)
                extra = {"AWS_INSTANCE_PORT": str(port.container_port)} if port else {}
                yield Instance(task.id, task_attributes(self._store, task) | extra)


def _has(attributes: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(attributes.get(key) == value for key, value in wanted.items())


def _by_health(instances: list[Instance], wanted: str) -> list[Instance]:
    healthy = [instance for instance in instances if instance.healthy]
    if wanted == "ALL" or (wanted == "HEALTHY_OR_ELSE_ALL" and not healthy):
        return instances
    if wanted == "UNHEALTHY":
        return [instance for instance in instances if not instance.healthy]
    return healthy


def _describe(namespace: Namespace, name: str, instance: Instance) -> Document:
    return {
        "InstanceId": instance.id,
        "NamespaceName": namespace.name,
        "ServiceName": name,
        "HealthStatus": instance.health,
        "Attributes": instance.attributes,
    }

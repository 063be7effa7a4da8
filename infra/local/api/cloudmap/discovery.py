"""DiscoverInstances: the tasks behind a discovery name of Service Connect."""

from collections.abc import Iterator

from infra.local.api.context import Context
from infra.local.api.ecs.connect import connected_services, discovery_name
from infra.local.api.errors import ApiError
from infra.local.connect.publication import port_named, serving
from infra.local.store import Document, Namespace, Service, Task

INSTANCES_MAX = 1000


class Discovery:
    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def discover_instances(self, params: Document) -> Document:
        """Only tasks that callers are sent to are instances, so all of them are HEALTHY."""
        namespace = self._find(params["NamespaceName"])
        name = params["ServiceName"]
        service, entry = self._publisher(namespace, name)
        found = []
        if params.get("HealthStatus") != "UNHEALTHY":
            found = list(self._instances(namespace, name, service, entry["portName"]))
        return {"Instances": found[: params.get("MaxResults", INSTANCES_MAX)]}

    def _find(self, name: str) -> Namespace:
        for namespace in self._store.namespaces.values():
            if namespace.name == name:
                return namespace
        raise ApiError("NamespaceNotFound", f"No namespace is named {name}")

    def _publisher(self, namespace: Namespace, name: str) -> tuple[Service, Document]:
        for service in connected_services(self._store, namespace):
            for entry in (service.primary.service_connect or {}).get("services", ()):
                if discovery_name(entry) == name:
                    return service, entry
        raise ApiError("ServiceNotFound", f"No service in {namespace.name} is named {name}")

    def _instances(
        self, namespace: Namespace, name: str, service: Service, port_name: str
    ) -> Iterator[Document]:
        for task in sorted(self._store.tasks_of(service), key=lambda task: task.id):
            if serving(task):
                yield {
                    "InstanceId": task.id,
                    "NamespaceName": namespace.name,
                    "ServiceName": name,
                    "HealthStatus": "HEALTHY",
                    "Attributes": self._attributes(task, service, port_name),
                }

    def _attributes(self, task: Task, service: Service, port_name: str) -> dict[str, str]:
        definition = self._store.definitions[task.task_definition]
        port = port_named(definition, port_name)
        attributes = {
            "AVAILABILITY_ZONE": task.zone,
            "AWS_INSTANCE_IPV4": task.address or "",
            "ECS_CLUSTER_NAME": self._store.clusters[service.cluster].name,
            "ECS_SERVICE_NAME": service.name,
            "ECS_TASK_DEFINITION_FAMILY": definition.family,
            "REGION": self._store.region,
        }
        return attributes | ({"AWS_INSTANCE_PORT": str(port.container_port)} if port else {})

"""Instances of services: those that were registered, and the tasks of ECS services.

A task of an ECS service with `serviceRegistries` is an instance for as long as callers would be
sent to it. Names are not resolved by DNS here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.api.cloudmap import errors
from infra.local.api.cloudmap.lookup import find_service
from infra.local.api.cloudmap.operations import Operations
from infra.local.api.context import Context
from infra.local.api.errors import ApiError
from infra.local.api.pagination import page, with_token
from infra.local.connect.publication import serving
from infra.local.namespaces import CloudService
from infra.local.store import Document, Store, Task

INSTANCES_MAX = 1000
_NEEDED = {
    "A": ("AWS_INSTANCE_IPV4",),
    "AAAA": ("AWS_INSTANCE_IPV6",),
    "SRV": ("AWS_INSTANCE_PORT",),
    "CNAME": ("AWS_INSTANCE_CNAME",),
}


@dataclass(frozen=True, slots=True)
class Instance:
    id: str
    attributes: dict[str, str]
    healthy: bool = True

    @property
    def health(self) -> str:
        return "HEALTHY" if self.healthy else "UNHEALTHY"


class Instances:
    def __init__(self, context: Context, operations: Operations) -> None:
        self._store = context.store
        self._operations = operations

    async def register_instance(self, params: Document) -> Document:
        """Register an instance. One with the same id gets the new attributes."""
        service = find_service(self._store, params["ServiceId"])
        attributes = dict(params["Attributes"])
        _check_attributes(service, attributes)
        if params["InstanceId"] not in service.instances and (
            len(service.instances) >= INSTANCES_MAX
        ):
            message = f"The maximum number of instances of a service is {INSTANCES_MAX}"
            raise ApiError("ResourceLimitExceeded", message)
        unhealthy = attributes.pop("AWS_INIT_HEALTH_STATUS", "HEALTHY") == "UNHEALTHY"
        service.instances[params["InstanceId"]] = attributes
        _set_health(service, params["InstanceId"], healthy=not unhealthy)
        return self._done("REGISTER_INSTANCE", service, params["InstanceId"])

    async def deregister_instance(self, params: Document) -> Document:
        service = find_service(self._store, params["ServiceId"])
        if service.instances.pop(params["InstanceId"], None) is None:
            raise errors.instance_not_found(params["InstanceId"])
        _set_health(service, params["InstanceId"], healthy=True)
        return self._done("DEREGISTER_INSTANCE", service, params["InstanceId"])

    async def get_instance(self, params: Document) -> Document:
        found = self._find(params)
        return {"Instance": {"Id": found.id, "Attributes": found.attributes}}

    async def list_instances(self, params: Document) -> Document:
        found, token = self._page(params)
        briefs = [{"Id": one.id, "Attributes": one.attributes} for one in found]
        return with_token({"Instances": briefs}, "NextToken", token)

    async def get_instances_health_status(self, params: Document) -> Document:
        found, token = self._page(params)
        missing = set(params.get("Instances", ())) - {one.id for one in found}
        if missing and token is None:
            raise errors.instance_not_found(", ".join(sorted(missing)))
        return with_token({"Status": {o.id: o.health for o in found}}, "NextToken", token)

    async def update_instance_custom_health_status(self, params: Document) -> Document:
        """Say how an instance is. It shows at once; AWS waits about 30 seconds."""
        service = find_service(self._store, params["ServiceId"])
        if service.custom_check is None:
            message = f"Service {service.name} has no custom health check"
            raise ApiError("CustomHealthNotFound", message)
        found = self._find(params)
        _set_health(service, found.id, healthy=params["Status"] == "HEALTHY")
        return {}

    def _find(self, params: Document) -> Instance:
        service = find_service(self._store, params["ServiceId"])
        for instance in instances_of(self._store, service):
            if instance.id == params["InstanceId"]:
                return instance
        raise errors.instance_not_found(params["InstanceId"])

    def _page(self, params: Document) -> tuple[list[Instance], str | None]:
        service = find_service(self._store, params["ServiceId"])
        asked = params.get("Instances")
        found = (i for i in instances_of(self._store, service) if asked is None or i.id in asked)
        return page(
            found,
            lambda one: (one.id,),
            params.get("MaxResults", 100),
            params.get("NextToken"),
            error_code="InvalidInput",
        )

    def _done(self, kind: str, service: CloudService, instance: str) -> Document:
        targets = {"INSTANCE": instance, "SERVICE": service.id}
        return {"OperationId": self._operations.record(kind, targets)}


def instances_of(store: Store, service: CloudService) -> Iterator[Instance]:
    for identity, attributes in service.instances.items():
        yield Instance(identity, attributes, identity not in service.unhealthy)
    for ecs_service in store.services.values():
        registries = ecs_service.document.get("serviceRegistries", ())
        for registry in registries:
            if registry.get("registryArn") != service.arn:
                continue
            for task in sorted(store.tasks_of(ecs_service), key=lambda task: task.id):
                if serving(task):
                    healthy = task.id not in service.unhealthy
                    yield Instance(task.id, _of_task(store, task, registry), healthy)


def _of_task(store: Store, task: Task, registry: Document) -> dict[str, str]:
    port = registry.get("port") or registry.get("containerPort")
    return task_attributes(store, task) | ({"AWS_INSTANCE_PORT": str(port)} if port else {})


def task_attributes(store: Store, task: Task) -> dict[str, str]:
    """What ECS says of a task in Cloud Map."""
    service = store.services[task.service or ""]
    return {
        "AVAILABILITY_ZONE": task.zone,
        "AWS_INSTANCE_IPV4": task.address or "",
        "ECS_CLUSTER_NAME": store.clusters[service.cluster].name,
        "ECS_SERVICE_NAME": service.name,
        "ECS_TASK_DEFINITION_FAMILY": store.definitions[task.task_definition].family,
        "REGION": store.region,
    }


def _set_health(service: CloudService, instance: str, *, healthy: bool) -> None:
    others = [one for one in service.unhealthy if one != instance]
    service.unhealthy = others if healthy else [*others, instance]


def _check_attributes(service: CloudService, attributes: dict[str, str]) -> None:
    """Each record of the service needs the attribute that it is made of."""
    for record in (service.dns or {}).get("DnsRecords", ()):
        for name in _NEEDED[record["Type"]]:
            if name not in attributes and "AWS_ALIAS_DNS_NAME" not in attributes:
                raise errors.invalid(f"A service with a {record['Type']} record needs {name}")

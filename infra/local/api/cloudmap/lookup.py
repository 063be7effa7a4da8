"""Finding namespaces and services by the ids and ARNs that callers use.

What ECS services publish with Service Connect are services of the namespace, too, as on AWS. They
are read from the ECS services and stored nowhere.
"""

from collections.abc import Iterator

from infra.local.api.cloudmap import errors
from infra.local.api.ecs.connect import connected_services, discovery_name
from infra.local.api.identifiers import derived_id
from infra.local.namespaces import CloudService, Namespace
from infra.local.store import Service, Store


def find_namespace(store: Store, reference: str) -> Namespace:
    """By id or ARN."""
    namespace = store.namespaces.get(reference.rsplit("/", 1)[-1])
    if namespace is None:
        raise errors.namespace_not_found(reference)
    return namespace


def find_service(store: Store, reference: str) -> CloudService:
    """A service that CreateService made, by id or ARN."""
    service = store.cloud_services.get(reference.rsplit("/", 1)[-1])
    if service is None:
        raise errors.service_not_found(reference)
    return service


def services_of(store: Store, namespace: Namespace) -> Iterator[CloudService]:
    """The namespace's own services, and those that Service Connect has in it."""
    yield from (s for s in store.cloud_services.values() if s.namespace == namespace.id)
    names = {
        discovery_name(entry): service
        for service in connected_services(store, namespace)
        for entry in (service.primary.service_connect or {}).get("services", ())
    }
    for name, service in sorted(names.items()):
        yield _published(store, namespace, name, service)


def _published(store: Store, namespace: Namespace, name: str, service: Service) -> CloudService:
    identity = derived_id("srv", namespace.id, name)
    arn = store.arn("servicediscovery", f"service/{identity}")
    return CloudService(identity, arn, name, namespace.id, service.created_ms)

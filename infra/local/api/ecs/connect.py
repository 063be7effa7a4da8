"""Service Connect as services ask for it: what is refused, and which names a deployment knows."""

from collections.abc import Iterator

from infra.local.api.ecs import errors
from infra.local.api.ecs.lookup import find_namespace
from infra.local.namespaces import Namespace
from infra.local.store import Alias, Cluster, Document, Service, Store, TaskDefinition


def check_connect(
    store: Store, cluster: Cluster, service_arn: str, config: Document, definition: TaskDefinition
) -> None:
    """Refuse a serviceConnectConfiguration that could not work (R6.1, R6.2)."""
    if not config["enabled"]:
        return
    namespace = connect_namespace(store, cluster, config)
    names = {port.name for container in definition.containers for port in container.ports}
    for entry in config.get("services", ()):
        if entry["portName"] not in names:
            raise errors.parameter_error(
                f"Service Connect port name {entry['portName']} is not the name of a portMapping "
                f"in {definition.family}:{definition.revision}"
            )
        if len(entry.get("clientAliases", ())) != 1:
            message = f"Service Connect service {entry['portName']} needs exactly one client alias"
            raise errors.parameter_error(message)
        _check_discovery(store, namespace, service_arn, discovery_name(entry))


def _check_discovery(store: Store, namespace: Namespace, service_arn: str, name: str) -> None:
    for service in connected_services(store, namespace):
        taken = (
            discovery_name(e) for e in (service.primary.service_connect or {}).get("services", ())
        )
        if service.arn != service_arn and name in taken:
            raise errors.parameter_error(
                f"Discovery name {name} is used by {service.name} in namespace {namespace.name}"
            )


def connect_namespace(store: Store, cluster: Cluster, config: Document) -> Namespace:
    """The namespace that the configuration names, or the cluster's default."""
    reference = config.get("namespace") or cluster.service_connect_namespace
    if reference is None:
        message = "Service Connect needs a namespace: give one, or set the cluster's default"
        raise errors.parameter_error(message)
    return find_namespace(store, reference)


def discovery_name(entry: Document) -> str:
    """`discoveryName`, or portName (R6.2)."""
    return str(entry.get("discoveryName") or entry["portName"])


def connected_services(store: Store, namespace: Namespace) -> Iterator[Service]:
    """The active services whose newest deployment has Service Connect in the namespace."""
    for service in store.services.values():
        config = service.primary.service_connect if service.status == "ACTIVE" else None
        if config is None or not config["enabled"]:
            continue
        reference = (
            config.get("namespace") or store.clusters[service.cluster].service_connect_namespace
        )
        if reference in (namespace.name, namespace.arn):
            yield service


def known_aliases(
    store: Store, cluster: Cluster, service_arn: str, config: Document | None
) -> tuple[Alias, ...]:
    """The names that tasks of a deployment made now will know for its life (R6.6).

    The namespace's other services, and the service's own by its new configuration.
    """
    if config is None or not config["enabled"]:
        return ()
    namespace = connect_namespace(store, cluster, config)
    found = list(_aliases(service_arn, config, namespace))
    for service in connected_services(store, namespace):
        if service.arn != service_arn:
            found += _aliases(service.arn, service.primary.service_connect or {}, namespace)
    return tuple(sorted(found, key=lambda alias: (alias.dns_name, alias.port)))


def _aliases(service_arn: str, config: Document, namespace: Namespace) -> Iterator[Alias]:
    for entry in config.get("services", ()):
        for alias in entry.get("clientAliases", ()):
            name = alias.get("dnsName") or f"{discovery_name(entry)}.{namespace.name}"
            yield Alias(name, alias["port"], service_arn, entry["portName"])

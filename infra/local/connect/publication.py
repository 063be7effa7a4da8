"""What tasks publish and know through Service Connect, read from the plane's records."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra.local.proxy.configs.sidecar_model import AppProtocol, Endpoint
from infra.local.scheduler.model import HealthStatus, TaskStatus
from infra.local.store import Alias, Deployment, Document, Port, Store, Task, TaskDefinition

REQUEST_TIMEOUT = 15  # seconds, R6.7
HTTP_IDLE_TIMEOUT = 300
TCP_IDLE_TIMEOUT = 3_600


@dataclass(frozen=True, slots=True)
class Publication:
    """A port that a deployment offers: callers reach `port`, the application has `container_port`.

    The two differ when the service sets an ingressPortOverride; then the proxy leaves the
    container's own port alone (R6.4).
    """

    port_name: str
    port: int
    container_port: int

    @property
    def intercepted(self) -> bool:
        return self.port == self.container_port


@dataclass(frozen=True, slots=True)
class Terms:
    """How an alias is to be called: its protocol and the publisher's timeouts, in seconds."""

    protocol: AppProtocol
    request_timeout: int
    idle_timeout: int


def deployment(store: Store, task: Task) -> Deployment | None:
    """The deployment that started the task; None for a task that no listed deployment started."""
    service = store.services.get(task.service or "")
    if service is None:
        return None
    return next((d for d in service.deployments if d.id == task.started_by), None)


def connected(deployment: Deployment | None) -> bool:
    """Whether the deployment's tasks have a proxy at all."""
    if deployment is None or deployment.service_connect is None:
        return False
    return bool(deployment.service_connect.get("enabled"))


def publications(store: Store, task: Task) -> tuple[Publication, ...]:
    """The ports that the task's deployment publishes, as in serviceConnectConfiguration.services.

    A portName that the task definition lacks is skipped: ECS refuses it when it is set.
    """
    made = deployment(store, task)
    definition = store.definitions.get(task.task_definition)
    if made is None or made.service_connect is None or not connected(made) or definition is None:
        return ()
    found = ((entry, port_named(definition, entry["portName"])) for entry in entries(made))
    return tuple(_publication(entry, port) for entry, port in found if port is not None)


def entries(deployment: Deployment) -> list[Document]:
    """`serviceConnectConfiguration.services` of the deployment; empty for a client only."""
    return list((deployment.service_connect or {}).get("services") or [])


def ports(definition: TaskDefinition) -> list[Port]:
    return [port for container in definition.containers for port in container.ports]


def port_named(definition: TaskDefinition, name: str) -> Port | None:
    return next((port for port in ports(definition) if port.name == name), None)


def protocol(port: Port | None) -> AppProtocol:
    """A port mapping without appProtocol is TCP (R6.3)."""
    if port is None or port.app_protocol is None:
        return AppProtocol.TCP
    return AppProtocol(port.app_protocol)


def terms(store: Store, alias: Alias) -> Terms:
    """How the publishing service wants to be called now; TCP with defaults once it is gone."""
    service = store.services.get(alias.service)
    newest = (d for d in (service.deployments if service else ()) if d.status == "PRIMARY")
    primary = next(newest, None)
    if primary is None:
        return Terms(AppProtocol.TCP, REQUEST_TIMEOUT, TCP_IDLE_TIMEOUT)
    definition = store.definitions.get(primary.task_definition)
    spoken = protocol(port_named(definition, alias.port_name) if definition else None)
    entry = next((e for e in entries(primary) if e["portName"] == alias.port_name), {})
    timeout = entry.get("timeout") or {}
    idle = HTTP_IDLE_TIMEOUT if spoken.http else TCP_IDLE_TIMEOUT
    return Terms(
        spoken,
        timeout.get("perRequestTimeoutSeconds", REQUEST_TIMEOUT),
        timeout.get("idleTimeoutSeconds", idle),
    )


def members(store: Store, wanted: Iterable[Alias]) -> Mapping[Alias, tuple[Endpoint, ...]]:
    """The tasks that each alias leads to, in a stable order; one pass over the tasks."""
    aliases: dict[tuple[str, str], list[Alias]] = defaultdict(list)
    for alias in dict.fromkeys(wanted):
        aliases[alias.service, alias.port_name].append(alias)
    services = {service for service, _ in aliases}
    found: dict[Alias, list[Endpoint]] = {a: [] for same in aliases.values() for a in same}
    offers: dict[tuple[str, str], tuple[Publication, ...]] = {}  # the same for like tasks
    for task in store.tasks.values():
        if task.service is None or task.service not in services or not serving(task):
            continue
        kind = (task.started_by, task.task_definition)
        if kind not in offers:
            offers[kind] = publications(store, task)
        for offer in offers[kind]:
            for alias in aliases.get((task.service, offer.port_name), ()):
                found[alias].append(Endpoint(task.address or "", offer.port, task.zone))
    return {alias: tuple(sorted(ends, key=_order)) for alias, ends in found.items()}


def serving(task: Task) -> bool:
    """Whether callers are sent to the task: RUNNING and not asked to stop (R6.13 and its knob).

    With a container health check it must be HEALTHY, too (R6.14).
    """
    running = task.status is TaskStatus.RUNNING and task.desired is TaskStatus.RUNNING
    healthy = not task.checked or task.health is HealthStatus.HEALTHY
    return running and healthy and task.address is not None


def _publication(entry: Document, port: Port) -> Publication:
    outer = entry.get("ingressPortOverride") or port.container_port
    return Publication(entry["portName"], outer, port.container_port)


def _order(endpoint: Endpoint) -> tuple[str, str, int]:
    return (endpoint.zone, endpoint.address, endpoint.port)

"""Records for the tests: services that publish, tasks that run."""

from itertools import count
from typing import Any

from infra.local.runtime.protocol import Network
from infra.local.scheduler.model import HealthStatus, TaskStatus
from infra.local.store import (
    Alias,
    Container,
    Deployment,
    Document,
    Port,
    Service,
    Store,
    Task,
    TaskDefinition,
)

_numbers = count(1)


def new_store() -> Store:
    return Store(region="eu-central-1")


def add_service(
    store: Store,
    name: str,
    ports: tuple[Port, ...] = (Port(8080, "http", "http"),),
    published: tuple[Document, ...] = (),
    aliases: tuple[Alias, ...] = (),
    enabled: bool = True,
) -> Service:
    definition = f"arn:{name}:1"
    store.definitions[definition] = TaskDefinition(
        definition, name, 1, {}, (Container("app", f"{name}:1", ports=ports),), registered_ms=0
    )
    connect = {"enabled": enabled, "services": list(published)}
    deployment = Deployment(
        f"ecs-svc/{name}", definition, 0, 0, service_connect=connect, aliases=aliases
    )
    service = Service(name, f"arn:{name}", "arn:cluster", definition, 1, 0, {})
    service.deployments.append(deployment)
    store.services[service.arn] = service
    return service


def publish(port_name: str = "http", **more: Any) -> Document:
    return {"portName": port_name, "clientAliases": [{"port": 8080}], **more}


def add_task(store: Store, of: Service, at: str, /, **changes: Any) -> Task:
    number = next(_numbers)
    values: dict[str, Any] = {
        "id": f"{number:032x}"[::-1],
        "arn": f"arn:task/{number}",
        "cluster": "arn:cluster",
        "task_definition": of.primary.task_definition,
        "zone": "eu-central-1a",
        "created_ms": 0,
        "since_ms": 0,
        "started_by": of.primary.id,
        "service": of.arn,
        "status": TaskStatus.RUNNING,
        "health": HealthStatus.UNKNOWN,
        "address": at,
    }
    task = Task(**{**values, **changes})
    store.tasks[task.arn] = task
    return task


def alias(service: Service, port: int = 8080, dns_name: str = "") -> Alias:
    return Alias(dns_name or service.name, port, service.arn, "http")


def network(address: str = "127.9.0.1", inner: str = "127.9.1.1", **aliases: str) -> Network:
    return Network(address, inner, {n.replace("_", "-"): a for n, a in aliases.items()})

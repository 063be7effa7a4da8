"""One service as settings."""

from dataclasses import dataclass, field
from typing import Any

from infra.checklist.facts import Alias, Facts, Service
from infra.checklist.lookup import IDLE, PER_REQUEST, cluster_name
from infra.imports import container, uncarried
from infra.imports.balancing import Route, route
from infra.imports.container import Part, alias, application, sidecars, size
from infra.imports.naming import ALLOWED, settings_name
from infra.imports.notes import Note, changed, fill, left
from infra.imports.source import Source, definition, documents, known, needed, of


@dataclass(slots=True)
class Made:
    """A service's settings (its calls come later), and what is said of it."""

    service: Service
    settings: dict[str, Any]
    route: Route
    environment: tuple[str, ...]  # values, to look for callees' names; never written
    folder: str = ""  # the container's working directory
    notes: list[Note] = field(default_factory=list)


def make(name: str, service: Service, source: Source) -> Made:
    """Convert a service. Raises DocumentError if it cannot be known what it runs."""
    task = definition(source, service)
    containers = needed(lambda: task.containers, f"the service {name}")
    app = application(service, containers)
    listed = documents(source, task)
    document = next((one for one in listed if one.get("name") == of(app, "name", "")), {})
    part = container.convert(name, service, app, document)
    size(name, task, listed, part)
    way = route(name, service, source.facts, part.settings["container_port"])
    settings = part.settings | {
        "desired_count": of(service, "desired", 1),
        "deployment": _deployment(name, service, part),
        "target_group": way.settings,
        "service_connect": _connect(name, service, part),
        "calls": [],
    }
    part.notes += [*way.notes, *sidecars(name, containers, app)]
    part.notes += uncarried.of_container(name, _undropped(document))
    part.notes += uncarried.of_task(name, source.shape_of(task))
    part.notes += uncarried.of_service(name, source.shape_of(service))
    part.notes += _told(name, service, source.facts)
    values = tuple(of(app, "environment", {}).values())
    folder = str(document.get("workingDirectory") or "")
    return Made(service, settings, way, values, folder, part.notes)


def _undropped(document: Any) -> dict[str, Any]:  # noqa: ANN401 - ECS's JSON
    """The container without what the settings have a place for within linuxParameters."""
    linux = document.get("linuxParameters")
    if not isinstance(linux, dict):
        return dict(document)
    kept = {key: value for key, value in linux.items() if key != "initProcessEnabled"}
    if kept.get("capabilities") in ({"drop": ["ALL"]}, {"drop": ["ALL"], "add": []}):
        del kept["capabilities"]
    return {**document, "linuxParameters": kept}


def _deployment(name: str, service: Service, part: Part) -> dict[str, Any]:
    breaker = {"enable": of(service, "breaker", False)}
    breaker["rollback"] = of(service, "breaker_rollback", False)
    scheduling, controller = of(service, "scheduling", "REPLICA"), of(service, "controller", "ECS")
    if scheduling != "REPLICA":
        part.notes.append(
            changed(
                name,
                f"scheduling {scheduling}",
                "there are no instances here",
                "desired_count tasks run",
            )
        )
    if controller != "ECS":
        part.notes.append(
            changed(
                name,
                f"controller {controller}",
                "deployments are rolling here",
                "rehearse what its revisions do, not how they are shifted",
            )
        )
    return {
        "minimum_healthy_percent": of(service, "minimum", 100),
        "maximum_percent": of(service, "maximum", 200),
        "health_check_grace_period": of(service, "grace", 0),
        "circuit_breaker": breaker,
        "availability_zone_rebalancing": of(service, "rebalancing", False),
    }


def _connect(name: str, service: Service, part: Part) -> dict[str, Any] | None:
    connect = of(service, "connect", None)
    if not of(connect, "enabled", False):
        return None
    published: tuple[Alias, ...] = of(connect, "aliases", ())
    for one in published[1:]:
        part.notes.append(
            left(
                name,
                f"Service Connect name {alias(one)}",
                "a service has one name here",
                "call it by the first",
            )
        )
    if not published:
        return None
    first = published[0]
    called = alias(first) or name
    if not of(first, "dns_name", ""):
        called = f"{called}.{of(connect, 'namespace', '').rpartition('/')[2]}".rstrip(".")
    dns = called if ALLOWED.fullmatch(called) else settings_name(called.partition(".")[0])
    if dns != called:
        part.notes.append(
            fill(
                name,
                f"Service Connect name {called}",
                "names are lower case without dots, 2 to 32 characters here",
                f"it is {dns}; change it in its callers' environment",
            )
        )
    return {
        "dns_name": dns,
        "port": of(first, "port", 0) or part.settings["container_port"],
        "per_request_timeout": _seconds(of(first, "per_request", PER_REQUEST), PER_REQUEST),
        "idle_timeout": _seconds(of(first, "idle", IDLE), IDLE),
    }


def _seconds(given: int | None, default: int) -> int:
    return default if given is None else given


def _told(name: str, service: Service, facts: Facts) -> list[Note]:
    """Launch type, scaling and count."""
    notes = []
    launch = of(service, "launch_type", "FARGATE")
    if launch != "FARGATE":
        notes.append(
            changed(
                name,
                f"launch type {launch}",
                "tasks are Fargate's here: awsvpc, one address each",
                "see what it needs of its instances",
            )
        )
    cluster = known(lambda: cluster_name(facts, service), "")
    ends = f"/{cluster}/{of(service, 'name', name)}"
    if any(
        of(one, "resource", "").endswith(ends) for one in known(lambda: facts.scalable_targets, ())
    ):
        notes.append(
            left(
                name,
                "autoscaling",
                "nothing scales by itself here",
                "set desired_count; `rehearse drill scale-in` scales",
            )
        )
    if of(service, "desired", 1) == 0:
        notes.append(fill(name, "desired count 0", "no task would run", "set desired_count"))
    return notes

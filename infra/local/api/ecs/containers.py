"""containerDefinitions: what Fargate refuses, what ECS fills in, and what the plane acts on."""

from collections.abc import Iterator, Sequence

from infra.local.api.ecs import errors
from infra.local.store import Container, Document, HealthCheck, Port

# name: (lowest, highest) in seconds or counts (R1.7, R1.30, R1.32)
_CONTAINER_RANGES = {"stopTimeout": (2, 120), "startTimeout": (2, 120)}
_CHECK_RANGES = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}
_CHECK_DEFAULTS = {"interval": 30, "timeout": 5, "retries": 3}


def fill_container(document: Document) -> Document:
    """The definition as DescribeTaskDefinition returns it: ECS's defaults beside what was set."""
    filled = {
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **document,
        "portMappings": [_fill_port(port) for port in document.get("portMappings", ())],
    }
    if "healthCheck" in document:
        filled["healthCheck"] = {**_CHECK_DEFAULTS, **document["healthCheck"]}
    return filled


def _fill_port(port: Document) -> Document:
    same = {"hostPort": port["containerPort"]} if "containerPort" in port else {}
    return {"protocol": "tcp", **same, **port}


def check_containers(documents: Sequence[Document], volumes: Sequence[Document]) -> None:
    """Refuse what cannot run. `documents` are filled. Raises ClientException."""
    for problem in _problems(documents, {volume.get("name") for volume in volumes}):
        raise errors.client_error(problem)


def _problems(documents: Sequence[Document], volumes: set[str | None]) -> Iterator[str]:
    if not documents:
        yield "Container definitions should not be null or empty"
    names = [document.get("name") for document in documents]
    for document in documents:
        yield from _container_problems(document, volumes)
    if len(set(names)) < len(names):
        yield f"Container names must be unique: {', '.join(map(str, names))}"
    if not any(document["essential"] for document in documents):
        yield "At least one container must be essential in a task definition"
    ports = [port.get("name") for d in documents for port in d["portMappings"] if port.get("name")]
    if len(set(ports)) < len(ports):
        yield f"Port mapping names must be unique: {', '.join(ports)}"
    yield from _dependency_problems({str(d["name"]): d for d in documents})


def _container_problems(document: Document, volumes: set[str | None]) -> Iterator[str]:
    name = document.get("name")
    if not name:
        yield "Container.name should not be null or empty."
    if not document.get("image"):
        yield "Container.image should not be null or empty."
    yield from _range_problems(document, _CONTAINER_RANGES, f"container {name}")
    for port in document["portMappings"]:
        if port["hostPort"] not in (0, port.get("containerPort")):
            yield (
                "When networkMode=awsvpc, the host ports and container ports "
                "in port mappings must match."
            )
    for mount in document["mountPoints"]:
        if mount.get("sourceVolume") not in volumes:
            yield f"Unknown volume '{mount.get('sourceVolume')}'."
    yield from _check_problems(document.get("healthCheck"), f"container {name}'s healthCheck")
    log = document.get("logConfiguration", {})
    if log.get("logDriver") == "awslogs" and "awslogs-group" not in log.get("options", {}):
        yield "Log driver awslogs requires options: awslogs-group"


def _check_problems(check: Document | None, what: str) -> Iterator[str]:
    if check is None:
        return
    command = check["command"]
    if not command or command[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield f"{what}: command {command} must start with CMD, CMD-SHELL or NONE"
    yield from _range_problems(check, _CHECK_RANGES, what)


def _range_problems(
    document: Document, ranges: dict[str, tuple[int, int]], what: str
) -> Iterator[str]:
    for key, (least, most) in ranges.items():
        if key in document and not least <= document[key] <= most:
            yield f"{what}: {key} is {document[key]}, it must be {least} to {most}"


def _dependency_problems(documents: dict[str, Document]) -> Iterator[str]:
    """Rules of R1.32, and no circles."""
    for name, document in documents.items():
        for link in document.get("dependsOn", ()):
            other = documents.get(link["containerName"])
            if other is None:
                yield f"container {name} depends on {link['containerName']}, which is not defined"
            elif link["condition"] == "HEALTHY" and "healthCheck" not in other:
                yield f"container {link['containerName']} needs a healthCheck for condition HEALTHY"
            elif link["condition"] in ("COMPLETE", "SUCCESS") and other["essential"]:
                yield (
                    f"essential container {link['containerName']} "
                    f"cannot be depended on with {link['condition']}"
                )
    if _has_circle(documents):
        yield "Container dependencies must not be circular"


def _has_circle(documents: dict[str, Document]) -> bool:
    """Take away what waits for nobody left; a circle is what can never be taken away."""
    waiting = {
        name: {link["containerName"] for link in document.get("dependsOn", ())} & set(documents)
        for name, document in documents.items()
    }
    for _ in documents:
        free = {name for name, others in waiting.items() if not others}
        waiting = {n: others - free for n, others in waiting.items() if n not in free}
    return bool(waiting)


def read_container(document: Document) -> Container:
    """What the plane acts on in a filled and checked definition."""
    options = document.get("logConfiguration", {}).get("options", {})
    return Container(
        name=document["name"],
        image=document["image"],
        essential=document["essential"],
        command=_words(document, "command"),
        entry_point=_words(document, "entryPoint"),
        environment={e["name"]: e.get("value", "") for e in document["environment"]},
        secrets={s["name"]: s["valueFrom"] for s in document.get("secrets", ())},
        ports=tuple(map(_read_port, document["portMappings"])),
        stop_timeout=document.get("stopTimeout", 30),
        start_timeout=document.get("startTimeout"),
        health_check=_read_check(document.get("healthCheck")),
        depends_on=tuple(
            (link["containerName"], link["condition"]) for link in document.get("dependsOn", ())
        ),
        mounts=tuple(map(_read_mount, document["mountPoints"])),
        log_group=options.get("awslogs-group"),
        log_stream_prefix=options.get("awslogs-stream-prefix"),
    )


def _words(document: Document, key: str) -> tuple[str, ...] | None:
    return tuple(document[key]) if document.get(key) else None


def _read_port(port: Document) -> Port:
    return Port(port["containerPort"], port.get("name"), port.get("appProtocol"))


def _read_mount(mount: Document) -> tuple[str, str, bool]:
    return mount["sourceVolume"], mount["containerPath"], mount.get("readOnly", False)


def _read_check(check: Document | None) -> HealthCheck | None:
    if check is None or check["command"][0] == "NONE":
        return None
    return HealthCheck(
        command=tuple(check["command"]),
        interval=check["interval"],
        timeout=check["timeout"],
        retries=check["retries"],
        start_period=check.get("startPeriod", 0),
    )

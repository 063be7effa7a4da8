"""What Fargate and ECS refuse in a task definition besides its sizes.

Texts that are known to be ECS's stand in quotes in the tests; of the other limits only the rule is
documented, and the sentences are ours.
"""

import re
from collections.abc import Iterator, Sequence

from infra.local.api.ecs import errors
from infra.local.store import Document

CONTAINERS_MAX = 10
STORAGE_GIB = (21, 200)
PORT_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
# Members of a container that Fargate does not have
_CONTAINER = (
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "dockerSecurityOptions",
    "extraHosts",
    "links",
    "privileged",
)
_LINUX = ("devices", "maxSwap", "sharedMemorySize", "swappiness", "tmpfs")
_TASK = ("inferenceAccelerators", "ipcMode", "placementConstraints")


def check_limits(document: Document) -> None:
    """Refuse what cannot be registered. `document` is filled. Raises ClientException."""
    for problem in _problems(document):
        raise errors.client_error(problem)


def _problems(document: Document) -> Iterator[str]:
    containers = document["containerDefinitions"]
    if len(containers) > CONTAINERS_MAX:
        yield f"{len(containers)} containers are too many: a task definition has {CONTAINERS_MAX}"
    yield from _amounts(document, containers)
    for container in containers:
        yield from _ports(container)
    if "FARGATE" in document.get("requiresCompatibilities", ()):
        yield from _fargate(document, containers)
    else:
        yield from _memories(document, containers)


def _amounts(document: Document, containers: Sequence[Document]) -> Iterator[str]:
    """What containers have is part of what the task has."""
    for name in ("cpu", "memory"):
        total = sum(container.get(name, 0) for container in containers)
        if name in document and total > int(document[name]):
            yield f"The containers' {name} is {total} together, the task's only {document[name]}"
    for container in containers:
        hard, soft = container.get("memory"), container.get("memoryReservation")
        if hard is not None and soft is not None and soft >= hard:
            yield (
                f"Invalid setting for container '{container.get('name')}'. "
                f"memory ({hard}) must be greater than memoryReservation ({soft})."
            )


def _ports(container: Document) -> Iterator[str]:
    for port in container["portMappings"]:
        number, name = port.get("containerPort"), port.get("name")
        if number is not None and not 1 <= number <= 65_535:
            yield f"containerPort {number} must be 1 to 65535"
        if name is not None and not PORT_NAME.fullmatch(name):
            yield (
                f"Port mapping name {name!r} must have 1 to 64 lower case letters, digits, _ and -"
                ", and not begin with -"
            )


def _memories(document: Document, containers: Sequence[Document]) -> Iterator[str]:
    for container in containers:
        if not {"memory", "memoryReservation"} & {*container, *document}:
            yield (
                f"Invalid setting for container '{container.get('name')}'. "
                "At least one of 'memory' or 'memoryReservation' must be specified."
            )


def _fargate(document: Document, containers: Sequence[Document]) -> Iterator[str]:
    found = [name for name in _TASK if document.get(name)]
    if document.get("pidMode") == "host":
        found.append("pidMode host")
    for container in containers:
        found += [name for name in _CONTAINER if container.get(name)]
        linux = container.get("linuxParameters", {})
        found += [name for name in _LINUX if linux.get(name)]
        driver = container.get("logConfiguration", {}).get("logDriver", "awslogs")
        found += [] if driver in LOG_DRIVERS else [f"log driver {driver}"]
        kinds = {one.get("type") for one in container.get("resourceRequirements", ())}
        found += ["GPU resource requirements"] if "GPU" in kinds else []
    for name in found:
        yield f"Tasks using the Fargate launch type do not support {name}."
    for volume in document["volumes"]:
        if volume.get("host", {}).get("sourcePath"):
            yield "Fargate compatible task definitions do not support sourcePath"
        if volume.get("dockerVolumeConfiguration"):
            yield "Fargate compatible task definitions do not support dockerVolumeConfiguration"
    least, most = STORAGE_GIB
    size = document.get("ephemeralStorage", {}).get("sizeInGiB", least)
    if not least <= size <= most:
        yield f"ephemeralStorage.sizeInGiB is {size}, it must be {least} to {most}"

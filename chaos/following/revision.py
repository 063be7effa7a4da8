"""The next revision of a task definition: the same with an image, variables or a command other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chaos.errors import UsageError

# A task definition as boto3 answers it: the members of botocore's model, no more typed than there.
Definition = Mapping[str, Any]

# What DescribeTaskDefinition returns and RegisterTaskDefinition refuses.
NOT_REGISTERED = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is asked for; empty: nothing. `container` empty: the application's."""

    image: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None
    container: str = ""


def find_container(definition: Definition, wanted: str, balanced: str) -> str:
    """The container to change: the one asked for, the load balancer's, the first with a port.

    Raises UsageError for one that is not there.
    """
    containers = definition["containerDefinitions"]
    names = [container["name"] for container in containers]
    if wanted and wanted not in names:
        raise UsageError(f"there is no container {wanted!r}; there are: {', '.join(names)}")
    ported = [container["name"] for container in containers if container.get("portMappings")]
    known = [balanced] if balanced in names else []
    return str(wanted or next(iter([*known, *ported, *names])))


def differences(definition: Definition, name: str, change: Change) -> tuple[str, ...]:
    """What would be other than now, for people; none if it is so already."""
    now = next(c for c in definition["containerDefinitions"] if c["name"] == name)
    found = []
    if change.image is not None and change.image != now.get("image"):
        found.append(f"image {now.get('image')} -> {change.image}")
    variables = {pair["name"]: pair["value"] for pair in now.get("environment", [])}
    for key, value in change.environment.items():
        if variables.get(key) != value:
            before = variables.get(key, "(not set)")
            found.append(f"{key}: {before} -> {value}")
    if change.command is not None and list(change.command) != now.get("command", []):
        found.append(f"command {now.get('command', [])} -> {list(change.command)}")
    return tuple(found)


def next_definition(
    definition: Definition, tags: list[Definition], name: str, change: Change
) -> dict[str, Any]:
    """RegisterTaskDefinition's input. A variable that was a secret becomes a plain one."""
    request = {k: v for k, v in definition.items() if k not in NOT_REGISTERED}
    request["containerDefinitions"] = [
        _changed(container, change) if container["name"] == name else container
        for container in definition["containerDefinitions"]
    ]
    return {**request, "tags": tags} if tags else request


def _changed(container: Definition, change: Change) -> dict[str, Any]:
    changed = dict(container)
    if change.image is not None:
        changed["image"] = change.image
    if change.command is not None:
        changed["command"] = list(change.command)
    if change.environment:
        kept = [p for p in container.get("environment", []) if p["name"] not in change.environment]
        given = [{"name": name, "value": value} for name, value in change.environment.items()]
        changed["environment"] = [*kept, *given]
    if "secrets" in container:
        secrets = [s for s in container["secrets"] if s["name"] not in change.environment]
        changed["secrets"] = secrets
    return changed

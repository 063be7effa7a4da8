"""From a RegisterTaskDefinition request to a task definition's record."""

import re

from infra.local.api.ecs import errors
from infra.local.api.ecs.containers import check_containers, fill_container, read_container
from infra.local.api.ecs.limits import check_limits
from infra.local.api.ecs.sizes import check_size, is_fargate_size, read_amount
from infra.local.api.tags import read_tags
from infra.local.store import Document, Store, TaskDefinition

_FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")


def build_definition(store: Store, params: Document, now_ms: int) -> TaskDefinition:
    """The next revision of the family. Raises ClientException for what cannot be registered."""
    family = params["family"]
    if not _FAMILY.fullmatch(family):
        raise errors.client_error("Family contains invalid characters.")
    revision = 1 + max(
        (d.revision for d in store.definitions.values() if d.family == family), default=0
    )
    document = _fill(params)
    _check_fargate(document)
    check_containers(document["containerDefinitions"], document["volumes"])
    check_limits(document)
    return TaskDefinition(
        arn=store.arn("ecs", f"task-definition/{family}:{revision}"),
        family=family,
        revision=revision,
        document={**document, "compatibilities": _compatibilities(document)},
        containers=tuple(map(read_container, document["containerDefinitions"])),
        registered_ms=now_ms,
        tags=read_tags(params.get("tags"), "ClientException"),
    )


def _fill(params: Document) -> Document:
    filled = {"volumes": [], "placementConstraints": [], **params}
    filled.pop("tags", None)
    filled["containerDefinitions"] = [fill_container(c) for c in params["containerDefinitions"]]
    for name in ("cpu", "memory"):
        if name in params:
            filled[name] = str(read_amount(params[name], name))
    return filled


def _check_fargate(document: Document) -> None:
    if "FARGATE" not in document.get("requiresCompatibilities", ()):
        return
    if document.get("networkMode") != "awsvpc":
        raise errors.client_error("Fargate only supports network mode \u2018awsvpc\u2019.")
    for name in ("cpu", "memory"):
        if name not in document:
            raise errors.client_error(
                f"Fargate requires that '{name}' be defined at the task level."
            )
    check_size(int(document["cpu"]), int(document["memory"]))


def _compatibilities(document: Document) -> list[str]:
    cpu, memory = int(document.get("cpu", 0)), int(document.get("memory", 0))
    fits = document.get("networkMode") == "awsvpc" and is_fargate_size(cpu, memory)
    return ["EC2", "FARGATE"] if fits else ["EC2"]

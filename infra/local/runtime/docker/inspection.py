"""Reading back what is on the engine: how a container ended, what a killed plane left. Blocks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.runtime.docker import labels, network
from infra.local.runtime.docker.engine import ERRORS, is_absent
from infra.local.runtime.docker.sweep import remove_containers, sweep
from infra.local.runtime.protocol import Network

KILLED = 137
GONE = ("exited", "dead", "removing")
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


def verdict(client: Any, container_id: str) -> tuple[int | None, str | None]:  # noqa: ANN401 - untyped SDK
    """The exit code of a container that has ended, and ECS's reason if it was for its memory.

    None while it lives. The engine marks a container also when only a child of its main process
    died for memory: that is no end, and has no reason. Raises ERRORS if the engine does not answer.
    """
    try:
        state = client.inspect_container(container_id)["State"]
    except ERRORS as error:
        if is_absent(error):
            return KILLED, None
        raise
    if state["Status"] not in GONE:
        return None, None
    code = int(state["ExitCode"])
    return code, OUT_OF_MEMORY if state["OOMKilled"] and code == KILLED else None


@dataclass(frozen=True, slots=True)
class LeftContainer:
    name: str
    id: str
    log: Path


@dataclass(slots=True)
class LeftTask:
    """A task whose network still stands."""

    zone: str
    pause: str
    network: Network
    containers: list[LeftContainer] = field(default_factory=list)


def find_left(
    client: Any,  # noqa: ANN401 - untyped SDK
    project: str,
    wanted: Mapping[str, Collection[str]],
) -> dict[str, LeftTask]:
    """What is there of these tasks; everything else of the project is removed.

    `wanted` names the containers that are believed to run. One that has ended and is not believed
    to run is removed, so that it can be started; one that was never started has no end to tell.
    """
    sweep(client, project, keep=wanted)
    found = client.containers(all=True, filters=labels.filters(project))
    left = {
        c["Labels"][labels.TASK]: _left(c)
        for c in found
        if labels.ZONE in c["Labels"] and c["State"] == "running"
    }
    useless = []
    for one in found:
        marks = one["Labels"]
        task, name = marks.get(labels.TASK, ""), marks.get(labels.CONTAINER)
        ended = one["State"] not in ("running", "paused")
        useful = not ended or (name in wanted.get(task, ()) and one["State"] != "created")
        if task not in left or not useful:
            useless.append(one["Id"])
        elif name:
            entry = LeftContainer(name, one["Id"], Path(marks[labels.LOG]))
            left[task].containers.append(entry)
    remove_containers(client, useless)
    return left


def _left(pause: dict[str, Any]) -> LeftTask:
    marks = pause["Labels"]
    (endpoint,) = pause["NetworkSettings"]["Networks"].values()
    address = endpoint["IPAMConfig"]["IPv4Address"]
    planned = network.plan(address, labels.read_ports(marks))
    return LeftTask(marks[labels.ZONE], pause["Id"], planned)

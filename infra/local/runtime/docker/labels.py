"""The labels by which the runtime knows its containers again, after any ending."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = "rehearse.project"
TASK = "rehearse.task"
ZONE = "rehearse.zone"
CONTAINER = "rehearse.container"  # absent on a pause container
PORTS = "rehearse.ports"
LOG = "rehearse.log"
COMPOSE_SERVICE = "com.docker.compose.service"  # Compose's own: also a name in its networks
COMPOSE = "com.docker.compose.project"  # Compose's own, on all that it makes


@dataclass(frozen=True, slots=True)
class Ports:
    """What a task's network was made for: see `protocol.Runtime.provision`."""

    ingress: tuple[int, ...] = ()
    egress: tuple[tuple[str, int], ...] = ()


def of_network(project: str, task: str, zone: str, ports: Ports) -> dict[str, str]:
    """The labels of a task's pause container."""
    said = json.dumps({"ingress": ports.ingress, "egress": ports.egress})
    return {PROJECT: project, TASK: task, ZONE: zone, PORTS: said}


def of_container(project: str, task: str, name: str, log: Path) -> dict[str, str]:
    """The labels of another container of the task, with the file that its output goes to."""
    return {PROJECT: project, TASK: task, CONTAINER: name, LOG: str(log)}


def read_ports(labels: Mapping[str, str]) -> Ports:
    said = json.loads(labels[PORTS])
    return Ports(tuple(said["ingress"]), tuple((name, port) for name, port in said["egress"]))


def filters(project: str, label: str = PROJECT) -> dict[str, Sequence[str]]:
    """The engine's filter for all that belongs to the project."""
    return {"label": [f"{label}={project}"]}


def task_filters(project: str, task: str) -> dict[str, Sequence[str]]:
    """The engine's filter for all that belongs to one task."""
    return {"label": [f"{PROJECT}={project}", f"{TASK}={task}"]}

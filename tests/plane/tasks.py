"""A plane's tasks: what ECS says of them, their processes, and what the journal has of them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from tests.plane.up import Process, Up

CLUSTER = "rehearsal"


def task_arns(ecs: Any, service: str = "order-api") -> list[str]:
    """The tasks that a service wants to run."""
    arns: list[str] = ecs.list_tasks(cluster=CLUSTER, serviceName=service)["taskArns"]
    return arns


def describe(ecs: Any, arn: str) -> dict[str, Any]:
    task: dict[str, Any] = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]
    return task


def is_steady(plane: Up) -> bool:
    services = httpx.get(f"{plane.endpoint}/_rehearse/status").json()["services"]
    return all(service["steady"] for service in services)


def task_id(arn: str) -> str:
    return arn.rsplit("/", 1)[1]


def main_process(plane: Up, victim: str, arns: Iterable[str]) -> int:
    """The pid of one of these tasks' main process, or of its proxy."""
    tasks = [task_id(arn) for arn in arns]
    for pid, words in commands(plane):
        is_main = victim in words and ".probe" not in words and "launcher.py" not in words
        if not is_main:
            continue
        environment = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
        if any(f"REHEARSE_TASK={task}" in environment for task in tasks):
            return pid
    raise AssertionError(f"no {victim} among {commands(plane)}")


def commands(plane: Up) -> list[tuple[int, str]]:
    """(pid, command line) of every process of the plane."""
    return [(pid, _words((pid, start))) for pid, start in sorted(plane.family())]


def journal(plane: Up) -> list[dict[str, Any]]:
    """Everything that the plane wrote down so far."""
    lines = (plane.state / "journal.jsonl").read_text().split("\n")
    return [json.loads(line) for line in lines[:-1]]


def first(entries: Iterable[dict[str, Any]], **facts: object) -> int:
    """The place of the first entry with these facts."""
    for place, entry in enumerate(entries):
        if all(entry.get(name) == value for name, value in facts.items()):
            return place
    raise AssertionError(f"the journal has no entry with {facts}")


def _words(process: Process) -> str:
    try:
        raw = Path(f"/proc/{process[0]}/cmdline").read_bytes()
    except OSError:  # a health check's process that has just ended
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace")

"""Task records: birth, status, stop. Only here does a task's status change."""

import secrets
import uuid

from infra.local import store
from infra.local.control.context import Note
from infra.local.scheduler.lifecycle import TaskEvent, advance
from infra.local.scheduler.model import StopCode, TaskStatus


def new_task(
    records: store.Store,
    definition: store.TaskDefinition,
    cluster: str,
    zone: str,
    now_ms: int,
) -> store.Task:
    """A task in PROVISIONING in the cluster (an ARN), not yet in the store (R1.10, R7.10)."""
    task_id = secrets.token_hex(16)
    name = cluster.rsplit("/", 1)[1]
    return store.Task(
        id=task_id,
        arn=records.arn("ecs", f"task/{name}/{task_id}"),
        cluster=cluster,
        task_definition=definition.arn,
        zone=zone,
        created_ms=now_ms,
        since_ms=now_ms,
        group=f"family:{definition.family}",
        checked=any(c.essential and c.health_check for c in definition.containers),
        attachment=str(uuid.uuid4()),
        interface=f"eni-{secrets.token_hex(9)[:17]}",
        mac="02:" + ":".join(secrets.token_hex(1) for _ in range(5)),
        containers=[
            new_container(records, task_id, name, container) for container in definition.containers
        ],
    )


def new_container(
    records: store.Store, task_id: str, cluster: str, container: store.Container
) -> store.ContainerState:
    """A container of the task that is yet to start."""
    return store.ContainerState(
        name=container.name,
        arn=records.arn("ecs", f"container/{cluster}/{task_id}/{uuid.uuid4()}"),
        image=container.image,
        runtime_id=f"{task_id}-{secrets.randbelow(10**10):010d}",
        essential=container.essential,
        stop_timeout=container.stop_timeout,
        depends_on=tuple(name for name, _ in container.depends_on),
    )


def move(task: store.Task, event: TaskEvent, now_ms: int, note: Note) -> bool:
    """Let the event happen; true if the status changed. Sets the timestamps of R1.10."""
    status = advance(task.status, event)
    if status is task.status:
        return False
    note("task", {"task": task.id, "from": task.status, "to": status, "event": event})
    task.status, task.since_ms = status, now_ms
    task.version += 1
    if status is TaskStatus.RUNNING:
        task.started_ms = now_ms
    elif status is TaskStatus.STOPPED:
        task.stopped_ms = now_ms
    return True


def ask_stop(task: store.Task, code: StopCode, reason: str, now_ms: int) -> None:
    """Set desiredStatus to STOPPED; the first reason stays (R1.2, R1.10)."""
    if task.desired is TaskStatus.STOPPED:
        return
    task.desired = TaskStatus.STOPPED
    task.stop_code, task.stopped_reason = code, reason
    task.stop_asked_ms = task.stopping_ms = now_ms
    task.version += 1

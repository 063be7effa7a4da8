"""Changing task records: status and stop. Only here does a task's status change."""

from infra.local import store
from infra.local.control.context import Note
from infra.local.scheduler.lifecycle import TaskEvent, advance
from infra.local.scheduler.model import StopCode, TaskStatus


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

"""The task metadata endpoint, version 4."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from infra.local.scheduler.model import TaskStatus
from infra.local.store import Task
from tests.api.stack import Stack


def read(stack: Stack, path: str) -> Any:
    with urllib.request.urlopen(f"{stack.plane.url}/_ecs/v4/{path}", timeout=5) as answer:
        return json.load(answer)


@pytest.fixture
def task(stack: Stack) -> Task:
    stack.create()
    made = stack.run(stack.record())
    made.pull_started_ms = made.created_ms + 250
    return made


def test_a_task_reads_of_itself(stack: Stack, task: Task) -> None:
    runtime_id = task.containers[0].runtime_id
    found = read(stack, f"{runtime_id}/task")
    assert found["TaskARN"] == task.arn
    assert found["Cluster"].endswith(":cluster/c")
    assert (found["ServiceName"], found["Family"], found["Revision"]) == ("app", "app", "1")
    assert (found["DesiredStatus"], found["KnownStatus"]) == ("RUNNING", "RUNNING")
    assert found["Limits"] == {"CPU": 0.25, "Memory": 512}
    assert found["AvailabilityZone"] == task.zone
    assert found["PullStartedAt"] == "2025-10-09T08:53:20.250Z"
    assert "PullStoppedAt" not in found
    (container,) = found["Containers"]
    assert container == read(stack, runtime_id)


def test_a_container_reads_of_itself(stack: Stack, task: Task) -> None:
    found = read(stack, task.containers[0].runtime_id)
    assert found["DockerId"] == task.containers[0].runtime_id
    assert (found["Name"], found["Image"], found["Type"]) == ("app", "order-api:1", "NORMAL")
    assert found["Networks"][0]["IPv4Addresses"] == [task.address]
    assert found["Labels"]["com.amazonaws.ecs.task-arn"] == task.arn
    assert found["LogOptions"]["awslogs-group"] == "/ecs/app"


def test_a_draining_task_is_told_so(stack: Stack, task: Task) -> None:
    task.desired = TaskStatus.STOPPED
    assert read(stack, f"{task.containers[0].runtime_id}/task")["DesiredStatus"] == "STOPPED"


def test_tags_and_statistics(stack: Stack, task: Task) -> None:
    runtime_id = task.containers[0].runtime_id
    assert "TaskTags" not in read(stack, f"{runtime_id}/taskWithTags")
    task.tags["a"] = "1"
    assert read(stack, f"{runtime_id}/taskWithTags")["TaskTags"] == {"a": "1"}
    assert read(stack, f"{runtime_id}/stats") is None
    assert read(stack, f"{runtime_id}/task/stats") == {runtime_id: None}


def test_an_unknown_container_is_not_found(stack: Stack) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        read(stack, "0" * 32 + "-1/task")
    assert refusal.value.code == 404
    refusal.value.close()

"""Stops outside deployments on a real plane: StopTask, crash, hang, scale in and out."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.plane.tasks import (
    CLUSTER,
    describe,
    first,
    is_steady,
    journal,
    main_process,
    task_arns,
    task_id,
)
from tests.plane.up import Up, wait_for

pytestmark = pytest.mark.runtime

SERVICE = "order-api"
WATCHED_S = 0.5  # how long nothing may happen that must not: ten times what it would take


def until_stopped(ecs: Any, arn: str) -> dict[str, Any]:
    wait_for(lambda: describe(ecs, arn)["lastStatus"] == "STOPPED", 30)
    return describe(ecs, arn)


def health(plane: Up, address: str) -> dict[str, str]:
    """What DescribeTargetHealth says of the address; nothing once it is gone."""
    elbv2 = plane.client("elbv2")
    (group,) = elbv2.describe_target_groups(Names=[SERVICE])["TargetGroups"]
    found = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    entries = found["TargetHealthDescriptions"]
    return next((e["TargetHealth"] for e in entries if e["Target"]["Id"] == address), {})


def address_of(task: dict[str, Any]) -> str:
    details = {d["name"]: d["value"] for d in task["attachments"][0]["details"]}
    return str(details["privateIPv4Address"])


def events(plane: Up, since: int) -> list[str]:
    return [e["message"] for e in journal(plane)[since:] if e["kind"] == "event"]


def place_of(said: list[str], *parts: str) -> int:
    found = [n for n, text in enumerate(said) if all(part in text for part in parts)]
    assert found, (parts, said)
    return found[0]


@pytest.mark.parametrize("reason", ["because I can", None])
def test_stop_task_deregisters_first_and_does_not_wait_for_the_drain(
    plane: Up, reason: str | None
) -> None:
    ecs, said = plane.client("ecs"), {"reason": reason} if reason else {}
    arn = task_arns(ecs)[0]
    ecs.stop_task(cluster=CLUSTER, task=arn, **said)
    task = until_stopped(ecs, arn)
    assert task["stopCode"] == "UserInitiated"
    assert task["stoppedReason"] == (reason or "Task stopped by user")
    entries, mine = journal(plane), task_id(arn)
    deregistered = first(entries, step="DeregisterTargets", task=mine)
    signalled = first(entries, step="Terminate", task=mine, container="app")
    assert deregistered < signalled
    address = f"{address_of(task)}:8080"
    drained = [n for n, e in enumerate(entries) if e["kind"] == "drain-ended" and n > deregistered]
    assert not any(entries[n]["target"] == address for n in drained if n < signalled)
    wait_for(lambda: is_steady(plane), 30)


def test_stop_task_in_the_other_order_sends_sigterm_first(make_plane: Callable[..., Up]) -> None:
    plane = make_plane("--stop-task-order", "sigterm_first").start()
    ecs = plane.client("ecs")
    arn = task_arns(ecs)[0]
    ecs.stop_task(cluster=CLUSTER, task=arn)
    assert until_stopped(ecs, arn)["stopCode"] == "UserInitiated"
    entries, mine = journal(plane), task_id(arn)
    signalled = first(entries, step="Terminate", task=mine, container="app")
    assert signalled < first(entries, step="DeregisterTargets", task=mine)


def test_a_crashed_tasks_target_is_deregistered_after_the_crash_and_drains(plane: Up) -> None:
    ecs = plane.client("ecs")
    arn = task_arns(ecs)[0]
    address = address_of(describe(ecs, arn))
    os.kill(main_process(plane, "services.order_api", [arn]), signal.SIGKILL)
    wait_for(lambda: health(plane, address).get("State") == "draining", 10)
    entries, mine = journal(plane), task_id(arn)
    died = first(entries, kind="exit", task=mine, container="app", exit_code=137)
    assert died < first(entries, step="DeregisterTargets", task=mine)
    assert until_stopped(ecs, arn)["stoppedReason"] == "Essential container in task exited"
    wait_for(lambda: is_steady(plane), 30)


def test_a_hung_task_is_replaced_before_it_is_stopped_once_its_grace_period_is_over(
    plane: Up,
) -> None:
    """Grace keeps the scheduler's hands off and leaves the target's state alone (R2.6, R2.8)."""
    ecs = plane.client("ecs")
    set_grace(ecs, 3600)
    since, before = len(journal(plane)), task_arns(ecs)
    arn = before[0]
    address = address_of(describe(ecs, arn))
    os.kill(main_process(plane, "services.order_api", [arn]), signal.SIGSTOP)
    wait_for(lambda: health(plane, address).get("State") == "unhealthy", 10)
    assert health(plane, address)["Reason"] == "Target.Timeout"
    assert health(plane, address)["Description"] == "Request timed out"
    assert_for(WATCHED_S, lambda: sorted(task_arns(ecs)) == sorted(before))
    set_grace(ecs, 0)
    task = until_stopped(ecs, arn)
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"].startswith(
        "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:"
    )
    assert {c["name"]: c["exitCode"] for c in task["containers"]}["app"] == 137
    said = events(plane, since)
    started = place_of(said, "has started 1 tasks", "replaced 1 tasks due to an unhealthy status.")
    blamed = place_of(said, f"(task {task_id(arn)}) (port 8080) is unhealthy in", "timed out")
    stopped = place_of(said, "has stopped 1 running tasks", task_id(arn))
    registered = place_of(said, "registered 1 targets")
    assert started < registered < blamed < stopped == blamed + 1
    set_grace(ecs, 60)
    wait_for(lambda: is_steady(plane), 30)


def set_grace(ecs: Any, seconds: int) -> None:
    """Change the grace period, which starts no deployment (R2.8)."""
    answer = ecs.update_service(
        cluster=CLUSTER, service=SERVICE, healthCheckGracePeriodSeconds=seconds
    )
    assert len(answer["service"]["deployments"]) == 1


def assert_for(seconds: float, condition: Callable[[], bool]) -> None:
    """The condition holds all the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition()
        time.sleep(0.02)


def test_scale_out_starts_and_scale_in_drains_before_it_stops(plane: Up) -> None:
    ecs = plane.client("ecs")
    ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    wait_for(lambda: len(task_arns(ecs)) == 3 and is_steady(plane), 30)
    three, since = task_arns(ecs), len(journal(plane))
    ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=2)
    wait_for(lambda: len(task_arns(ecs)) == 2, 10)
    (gone,) = set(three) - set(task_arns(ecs))
    task = until_stopped(ecs, gone)
    found = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    (deployment,) = found["deployments"]
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"] == (
        f"Scaling activity initiated by (deployment {deployment['id']})"
    )
    entries = journal(plane)[since:]
    drained = first(entries, kind="drain-ended", target=f"{address_of(task)}:8080")
    assert drained < first(entries, step="Terminate", task=task_id(gone), container="app")
    wait_for(lambda: is_steady(plane), 30)

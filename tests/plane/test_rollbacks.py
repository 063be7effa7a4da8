"""Deployments that fail on a real plane: by the circuit breaker, by hand, during another one."""

import subprocess
import sys
from typing import Any

import pytest

from tests.plane.tasks import CLUSTER, is_steady
from tests.plane.up import Up, wait_for

pytestmark = pytest.mark.runtime

SERVICE = "order-api"
LIMIT_S = 60.0
KEPT = (
    "family",
    "containerDefinitions",
    "networkMode",
    "requiresCompatibilities",
    "cpu",
    "memory",
)


def deploy(ecs: Any, image: str = "order-api:1", **environment: str) -> str:
    """Deploy a revision with these variables added; its ARN."""
    (service,) = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    found = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    definition = found["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    container["image"] = image
    container["environment"] += [{"name": k, "value": v} for k, v in environment.items()]
    made = ecs.register_task_definition(**{name: definition[name] for name in KEPT})
    arn: str = made["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=arn)
    return arn


def service(ecs: Any) -> dict[str, Any]:
    (found,) = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
    document: dict[str, Any] = found
    return document


def history(ecs: Any) -> list[dict[str, Any]]:
    """The service deployments in full, newest first."""
    briefs = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)["serviceDeployments"]
    arns = [brief["serviceDeploymentArn"] for brief in briefs]
    found = ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]
    return sorted(found, key=lambda d: d["createdAt"], reverse=True)


def until(ecs: Any, status: str) -> dict[str, Any]:
    """Wait until the newest service deployment has this status."""
    wait_for(lambda: history(ecs)[0]["status"] == status, LIMIT_S, lambda: str(history(ecs)[0]))
    return history(ecs)[0]


def test_a_deployment_stopped_by_hand_goes_back_and_status_tells(plane: Up) -> None:
    ecs = plane.client("ecs")
    before = service(ecs)
    deploy(ecs, FAULTS="allow", FAULT_START_DELAY_SECONDS="600")
    under_way = until(ecs, "IN_PROGRESS")
    ecs.stop_service_deployment(serviceDeploymentArn=under_way["serviceDeploymentArn"])
    until(ecs, "ROLLBACK_SUCCESSFUL")
    wait_for(lambda: is_steady(plane), LIMIT_S)
    after = service(ecs)
    assert [d["id"] for d in after["deployments"]] == [before["deployments"][0]["id"]]
    assert after["taskDefinition"] == before["taskDefinition"]
    said = subprocess.run(
        [sys.executable, "-m", "rehearse", "status", "--state-dir", str(plane.state)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "last deployment ROLLBACK_SUCCESSFUL: Service deployment rolled back" in said


def test_a_failing_deployment_that_is_replaced_by_a_good_one_does_not_come_back(
    plane: Up,
) -> None:
    """A deploy during a deploy: the failing one is STOPPED, the breaker counts from 0 again."""
    ecs = plane.client("ecs")
    deploy(ecs, FAULTS="allow", FAULT_SICK_HEALTHZ="1")
    until(ecs, "IN_PROGRESS")
    good = deploy(ecs, FAULTS="", FAULT_SICK_HEALTHZ="")
    until(ecs, "SUCCESSFUL")
    wait_for(lambda: is_steady(plane), LIMIT_S)
    newest, failing = history(ecs)[:2]
    assert (newest["status"], failing["status"]) == ("SUCCESSFUL", "STOPPED")
    assert newest["deploymentCircuitBreaker"]["failureCount"] == 0
    assert service(ecs)["taskDefinition"] == good


def test_a_missing_image_trips_the_breaker_at_the_third_failure(plane: Up) -> None:
    ecs = plane.client("ecs")
    before = service(ecs)
    deploy(ecs, image="order-api:missing")
    found = until(ecs, "ROLLBACK_SUCCESSFUL")
    expected = {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert found["deploymentCircuitBreaker"] == expected
    assert service(ecs)["taskDefinition"] == before["taskDefinition"]
    messages = [event["message"] for event in service(ecs)["events"]]
    failed = next(n for n, text in enumerate(messages) if "deployment failed: tasks fail" in text)
    assert "rolling back to deployment" in messages[failed - 1]
    assert any("was unable to place a task. Reason: CannotPull" in text for text in messages)

"""Tasks and clusters."""

import re

import pytest
from botocore.exceptions import ClientError

from infra.local.scheduler.model import StopCode, TaskStatus
from tests.api.plane import Plane
from tests.api.stack import NETWORK, Stack

RUN = {
    "cluster": "c",
    "taskDefinition": "app",
    "launchType": "FARGATE",
    "networkConfiguration": NETWORK,
}


def test_run_task_leaves_provisioning_tasks_spread_over_the_zones(stack: Stack) -> None:
    tasks = stack.ecs.run_task(**RUN, count=3)["tasks"]
    assert [t["availabilityZone"] for t in tasks] == [
        "eu-central-1a",
        "eu-central-1b",
        "eu-central-1a",
    ]
    task = tasks[0]
    assert re.fullmatch(r"arn:aws:ecs:.*:task/c/[0-9a-f]{32}", task["taskArn"])
    assert (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING")
    assert task["group"] == "family:app"
    assert (task["cpu"], task["memory"], task["launchType"]) == ("256", "512", "FARGATE")
    assert re.fullmatch(r"[0-9a-f]{32}-\d{10}", task["containers"][0]["runtimeId"])
    assert stack.plane.signals.take() == [("task", t["taskArn"]) for t in tasks]


def test_the_network_interface_is_an_attachment(stack: Stack) -> None:
    arn = stack.ecs.run_task(**RUN)["tasks"][0]["taskArn"]
    stack.plane.store.tasks[arn].address = "127.0.10.1"
    task = stack.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]
    (attachment,) = task["attachments"]
    details = {d["name"]: d["value"] for d in attachment["details"]}
    assert attachment["type"] == "ElasticNetworkInterface"
    assert attachment["status"] == "ATTACHED"
    assert details["privateIPv4Address"] == "127.0.10.1"
    assert details["subnetId"] == "subnet-a"
    interface = task["containers"][0]["networkInterfaces"][0]
    assert interface["attachmentId"] == attachment["id"]


def test_stop_task_says_why_and_stays_with_the_first_reason(stack: Stack) -> None:
    arn = stack.ecs.run_task(**RUN)["tasks"][0]["taskArn"]
    stack.plane.signals.take()
    stopped = stack.ecs.stop_task(cluster="c", task=arn, reason="drill")["task"]
    assert stopped["desiredStatus"] == "STOPPED"
    assert stopped["lastStatus"] == "PROVISIONING"
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "drill")
    assert stopped["stoppingAt"].timestamp() * 1000 == stack.plane.clock.at_ms
    assert stopped["version"] == 2
    assert stack.plane.signals.take() == [("task", arn)]
    again = stack.ecs.stop_task(cluster="c", task=arn)["task"]
    assert (again["stoppedReason"], again["version"]) == ("drill", 2)


def test_stop_task_without_a_reason(stack: Stack) -> None:
    arn = stack.ecs.run_task(**RUN)["tasks"][0]["taskArn"]
    assert (
        stack.ecs.stop_task(cluster="c", task=arn)["task"]["stoppedReason"]
        == "Task stopped by user"
    )
    assert stack.plane.store.tasks[arn].stop_code is StopCode.USER_INITIATED


def test_tasks_are_listed_by_what_they_are_desired_to_be(stack: Stack) -> None:
    stack.create()
    mine = stack.run(stack.record())
    other = stack.ecs.run_task(**RUN)["tasks"][0]["taskArn"]
    stack.ecs.stop_task(cluster="c", task=other)
    assert stack.ecs.list_tasks(cluster="c")["taskArns"] == [mine.arn]
    assert stack.ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"] == [other]
    assert stack.ecs.list_tasks(cluster="c", serviceName="app")["taskArns"] == [mine.arn]
    started = stack.ecs.list_tasks(cluster="c", startedBy=mine.started_by)["taskArns"]
    assert started == [mine.arn]
    assert stack.ecs.list_tasks(cluster="c", family="x")["taskArns"] == []
    with pytest.raises(stack.ecs.exceptions.ServiceNotFoundException):
        stack.ecs.list_tasks(cluster="c", serviceName="x")


def test_a_missing_task_is_a_failure_to_describe_and_an_error_to_stop(stack: Stack) -> None:
    answer = stack.ecs.describe_tasks(cluster="c", tasks=["x"])
    assert answer["failures"][0]["reason"] == "MISSING"
    with pytest.raises(ClientError, match="The referenced task was not found"):
        stack.ecs.stop_task(cluster="c", task="x")


def test_tasks_waiters_read_the_states(stack: Stack) -> None:
    arn = stack.ecs.run_task(**RUN)["tasks"][0]["taskArn"]
    task = stack.plane.store.tasks[arn]
    once = {"Delay": 0, "MaxAttempts": 1}
    task.status = TaskStatus.RUNNING
    stack.ecs.get_waiter("tasks_running").wait(cluster="c", tasks=[arn], WaiterConfig=once)
    task.status = TaskStatus.STOPPED
    stack.ecs.get_waiter("tasks_stopped").wait(cluster="c", tasks=[arn], WaiterConfig=once)


def test_overrides_must_name_a_container(stack: Stack) -> None:
    overrides = {"containerOverrides": [{"name": "x"}]}
    with pytest.raises(ClientError, match="is not a container in the TaskDefinition"):
        stack.ecs.run_task(**RUN, overrides=overrides)
    kept = {"containerOverrides": [{"name": "app", "command": ["y"]}]}
    task = stack.ecs.run_task(**RUN, overrides=kept)["tasks"][0]
    assert task["overrides"]["containerOverrides"] == kept["containerOverrides"]


def test_clusters_come_and_go(plane: Plane) -> None:
    ecs = plane.client("ecs")
    tags = [{"key": "rehearse:time-scale", "value": "10"}]
    made = ecs.create_cluster(clusterName="c", tags=tags)["cluster"]
    assert ecs.create_cluster(clusterName="c")["cluster"]["clusterArn"] == made["clusterArn"]
    described = ecs.describe_clusters(clusters=["c", "x"], include=["TAGS"])
    assert described["clusters"][0]["tags"] == tags
    assert described["failures"][0]["reason"] == "MISSING"
    assert ecs.list_clusters()["clusterArns"] == [made["clusterArn"]]
    assert ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []


def test_a_cluster_with_services_or_tasks_is_not_deleted(stack: Stack) -> None:
    stack.ecs.run_task(**RUN)
    with pytest.raises(stack.ecs.exceptions.ClusterContainsTasksException):
        stack.ecs.delete_cluster(cluster="c")
    stack.create()
    with pytest.raises(stack.ecs.exceptions.ClusterContainsServicesException):
        stack.ecs.delete_cluster(cluster="c")


def test_fargate_may_come_from_the_clusters_capacity_providers(stack: Stack) -> None:
    strategy = [{"capacityProvider": "FARGATE", "weight": 1}]
    stack.ecs.put_cluster_capacity_providers(
        cluster="c", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=strategy
    )
    request = {key: value for key, value in RUN.items() if key != "launchType"}
    assert len(stack.ecs.run_task(**request)["tasks"]) == 1
    with pytest.raises(ClientError, match="was not found"):
        stack.ecs.put_cluster_capacity_providers(
            cluster="c", capacityProviders=["mine"], defaultCapacityProviderStrategy=[]
        )


def test_an_operation_that_is_not_built_says_so(plane: Plane) -> None:
    with pytest.raises(ClientError, match="ListAttributes of ecs is not built") as refusal:
        plane.client("ecs").list_attributes(targetType="container-instance")
    assert refusal.value.response["Error"]["Code"] == "UnsupportedFeatureException"

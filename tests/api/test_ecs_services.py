"""Services: what CreateService, UpdateService and DeleteService do, and what Describe returns."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from infra.local.scheduler.model import RolloutState, TaskStatus
from infra.local.store import ServiceEvent
from tests.api.stack import NETWORK, Stack, definition, make_group

ARN = "arn:aws:ecs:eu-central-1:000000000000"


def test_a_new_service_has_one_deployment_in_progress(stack: Stack) -> None:
    service = stack.create()
    assert service["serviceArn"] == f"{ARN}:service/c/app"
    assert service["taskDefinition"] == f"{ARN}:task-definition/app:1"
    assert (service["status"], service["desiredCount"]) == ("ACTIVE", 2)
    (deployment,) = service["deployments"]
    assert re.fullmatch(r"ecs-svc/\d{19}", deployment["id"])
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} in progress."
    assert deployment["desiredCount"] == 2
    assert stack.plane.signals.take() == [("service", service["serviceArn"])]


def test_what_was_set_is_returned_unscaled_with_ecs_defaults_beside(stack: Stack) -> None:
    stack.create(
        healthCheckGracePeriodSeconds=30,
        deploymentConfiguration={
            "maximumPercent": 150,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
    )
    service = stack.describe()
    assert service["healthCheckGracePeriodSeconds"] == 30
    assert service["deploymentConfiguration"] == {
        "maximumPercent": 150,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "strategy": "ROLLING",
    }
    assert service["networkConfiguration"] == NETWORK
    assert service["availabilityZoneRebalancing"] == "ENABLED"
    assert service["deploymentController"] == {"type": "ECS"}
    assert service["loadBalancers"][0]["containerPort"] == 8080
    record = stack.record()
    assert (record.maximum_percent, record.minimum_healthy_percent) == (150, 100)
    assert record.grace_period == 30


def test_times_keep_their_milliseconds(stack: Stack) -> None:
    stack.plane.clock.at_ms += 123
    assert stack.create()["createdAt"].timestamp() * 1000 == stack.plane.clock.at_ms


@pytest.mark.parametrize(
    "change",
    [
        {"taskDefinition": "app:2"},
        {"forceNewDeployment": True},
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-x"]}}},
        {"loadBalancers": []},
        {"platformVersion": "1.4.0"},
        {"propagateTags": "SERVICE"},
        {"enableECSManagedTags": True},
        {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_such_an_update_starts_a_deployment(stack: Stack, change: dict[str, Any]) -> None:
    stack.ecs.register_task_definition(**definition())
    stack.ecs.put_cluster_capacity_providers(
        cluster="c", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    first = stack.create(taskDefinition="app:1")["deployments"][0]["id"]
    updated = stack.ecs.update_service(cluster="c", service="app", **change)["service"]
    statuses = [(d["status"], d["id"] == first) for d in updated["deployments"]]
    assert statuses == [("PRIMARY", False), ("ACTIVE", True)]


@pytest.mark.parametrize(
    "change",
    [
        {"desiredCount": 5},
        {"healthCheckGracePeriodSeconds": 7},
        {"deploymentConfiguration": {"maximumPercent": 120}},
        {"taskDefinition": "app:1"},
        {"availabilityZoneRebalancing": "DISABLED"},
        {"networkConfiguration": NETWORK},
        {"platformVersion": "LATEST"},
        {"propagateTags": "NONE"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_such_an_update_starts_none_but_wakes_the_scheduler(
    stack: Stack, change: dict[str, Any]
) -> None:
    arn = stack.create()["serviceArn"]
    stack.plane.signals.take()
    updated = stack.ecs.update_service(cluster="c", service="app", **change)["service"]
    assert len(updated["deployments"]) == 1
    assert updated["deployments"][0]["desiredCount"] == updated["desiredCount"]
    assert stack.plane.signals.take() == [("service", arn)]


def test_an_update_to_a_strangers_capacity_is_refused(stack: Stack) -> None:
    stack.create()
    strategy = [{"capacityProvider": "mine"}]
    words = "The specified capacity provider was not found."
    refused(
        stack,
        "InvalidParameterException",
        words,
        "update_service",
        service="app",
        capacityProviderStrategy=strategy,
    )
    assert len(stack.describe()["deployments"]) == 1


def test_an_update_keeps_what_it_does_not_name(stack: Stack) -> None:
    stack.create(healthCheckGracePeriodSeconds=30)
    change = {"minimumHealthyPercent": 50}
    stack.ecs.update_service(cluster="c", service="app", deploymentConfiguration=change)
    service = stack.describe()
    assert service["healthCheckGracePeriodSeconds"] == 30
    assert service["deploymentConfiguration"]["maximumPercent"] == 200
    assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 50


def test_counts_are_of_tasks_that_are_to_run(stack: Stack) -> None:
    stack.create()
    record = stack.record()
    stack.run(record)
    stack.run(record, status=TaskStatus.ACTIVATING)
    stack.run(record).desired = TaskStatus.STOPPED
    service = stack.describe()
    assert (service["runningCount"], service["pendingCount"]) == (1, 1)
    deployment = service["deployments"][0]
    assert (deployment["runningCount"], deployment["pendingCount"]) == (1, 1)


def test_each_deployment_counts_its_own_tasks(stack: Stack) -> None:
    stack.create()
    stack.run(stack.record())
    stack.ecs.update_service(cluster="c", service="app", forceNewDeployment=True)
    new, old = stack.describe()["deployments"]
    assert (new["runningCount"], old["runningCount"]) == (0, 1)


def test_the_newest_event_comes_first(stack: Stack) -> None:
    stack.create()
    for i in range(120):
        stack.record().events.appendleft(ServiceEvent(str(i), stack.plane.clock.at_ms + i, f"m{i}"))
    events = stack.describe()["events"]
    assert len(events) == 100
    assert events[0]["message"] == "m119"
    assert events[0]["createdAt"] > events[1]["createdAt"]


def test_services_stable_succeeds_with_one_deployment_and_all_running(stack: Stack) -> None:
    stack.create(desiredCount=1)
    stack.run(stack.record())
    stack.record().primary.rollout = RolloutState.COMPLETED
    stack.ecs.get_waiter("services_stable").wait(
        cluster="c", services=["app"], WaiterConfig={"Delay": 0, "MaxAttempts": 1}
    )


def test_services_stable_fails_on_a_service_that_is_missing(stack: Stack) -> None:
    waiter = stack.ecs.get_waiter("services_stable")
    with pytest.raises(WaiterError, match="MISSING"):
        waiter.wait(cluster="c", services=["x"], WaiterConfig={"Delay": 0, "MaxAttempts": 1})


def test_a_missing_service_is_a_failure_and_no_error(stack: Stack) -> None:
    answer = stack.ecs.describe_services(cluster="c", services=["x"])
    assert answer["services"] == []
    assert answer["failures"] == [{"arn": f"{ARN}:service/c/x", "reason": "MISSING"}]


def test_deleting_needs_no_desired_tasks_or_force(stack: Stack) -> None:
    stack.create()
    refused(stack, "InvalidParameterException", "scaled above 0", "delete_service", service="app")
    service = stack.ecs.delete_service(cluster="c", service="app", force=True)["service"]
    assert (service["status"], service["desiredCount"]) == ("DRAINING", 0)
    assert stack.plane.signals.take()[-1] == ("service", service["serviceArn"])
    message = "Unable to Start a service that is still Draining."
    with pytest.raises(ClientError, match=message):
        stack.create()
    refused(stack, "ServiceNotActiveException", "not ACTIVE", "update_service", service="app")


def test_the_name_of_an_inactive_service_is_free(stack: Stack) -> None:
    stack.create()
    stack.ecs.delete_service(cluster="c", service="app", force=True)
    stack.record().status = "INACTIVE"
    assert stack.describe()["status"] == "INACTIVE"
    refused(stack, "ServiceNotFoundException", "not found", "delete_service", service="app")
    assert stack.create()["status"] == "ACTIVE"


def test_a_second_creation_is_refused_unless_its_token_is_the_first_ones(stack: Stack) -> None:
    first = stack.create(clientToken="t")
    assert stack.create(clientToken="t")["deployments"][0]["id"] == first["deployments"][0]["id"]
    with pytest.raises(ClientError, match="not idempotent"):
        stack.create(clientToken="other")


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ({"launchType": "EC2"}, "UnsupportedFeatureException", "not built in the local Fargate"),
        ({"desiredCount": -1}, "InvalidParameterException", "desiredCount is -1"),
        ({"cluster": "x"}, "ClusterNotFoundException", "Cluster not found"),
        ({"taskDefinition": "x"}, "ClientException", "TaskDefinition not found"),
        ({"serviceName": "a b"}, "InvalidParameterException", "invalid characters"),
        (
            {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}},
            "UnsupportedFeatureException",
            "BLUE_GREEN is not built",
        ),
        (
            {"deploymentConfiguration": {"strategy": "CANARY"}},
            "UnsupportedFeatureException",
            "CANARY is not built",
        ),
        (
            {
                "deploymentConfiguration": {
                    "lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"]}]
                }
            },
            "UnsupportedFeatureException",
            "lifecycle hook is not built",
        ),
        (
            {"deploymentController": {"type": "CODE_DEPLOY"}},
            "UnsupportedFeatureException",
            "CODE_DEPLOY is not built",
        ),
        (
            {"gatewayConnectors": [{"portName": "http"}]},
            "UnsupportedFeatureException",
            "gatewayConnectors is not built",
        ),
        (
            {"deploymentConfiguration": {"maximumPercent": 100}},
            "InvalidParameterException",
            "block deployments",
        ),
        (
            {"networkConfiguration": {}},
            "InvalidParameterException",
            "Network Configuration must be provided",
        ),
        ({"schedulingStrategy": "DAEMON"}, "InvalidParameterException", "DAEMON"),
    ],
)
def test_such_a_service_is_refused(
    stack: Stack, members: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        stack.create(**members)
    assert refusal.value.response["Error"]["Code"] == code
    assert words in refusal.value.response["Error"]["Message"]
    assert stack.plane.store.services == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"containerName": "x"}, "The container x does not exist in the task definition."),
        ({"containerPort": 81}, "did not have a container port 81 defined."),
        ({"targetGroupArn": "arn:x"}, "target group does not exist"),
    ],
)
def test_a_target_group_that_tasks_cannot_join_is_refused(
    stack: Stack, change: dict[str, Any], words: str
) -> None:
    balancer = {"targetGroupArn": stack.group, "containerName": "app", "containerPort": 8080}
    with pytest.raises(ClientError, match=words):
        stack.create(loadBalancers=[balancer | change])


def test_a_target_group_of_instances_is_refused_in_ecs_own_words(stack: Stack) -> None:
    group = make_group(stack.elb, "vm", TargetType="instance")
    words = (
        f"The provided target group {group} has target type instance, which is incompatible with "
        "the awsvpc network mode specified in the task definition."
    )
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
    with pytest.raises(ClientError, match=words):
        stack.create(loadBalancers=[balancer])


def test_a_target_group_in_no_rule_is_refused_in_ecs_own_words(stack: Stack) -> None:
    group = make_group(stack.elb, "alone")
    words = (
        f"The target group with targetGroupArn {group} does not have an associated load balancer."
    )
    balancer = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
    with pytest.raises(ClientError, match=words):
        stack.create(loadBalancers=[balancer])


def test_an_unknown_service_is_a_typed_exception(stack: Stack) -> None:
    with pytest.raises(stack.ecs.exceptions.ServiceNotFoundException):
        stack.ecs.update_service(cluster="c", service="x", desiredCount=1)


def test_services_are_listed_in_pages(stack: Stack) -> None:
    for i in range(5):
        stack.create(f"s{i}", loadBalancers=[])
    pages = stack.ecs.get_paginator("list_services").paginate(
        cluster="c", PaginationConfig={"PageSize": 2}
    )
    sizes = [len(page["serviceArns"]) for page in pages]
    assert sizes == [2, 2, 1]


def test_tags_are_returned_when_asked_for(stack: Stack) -> None:
    arn = stack.create(tags=[{"key": "a", "value": "1"}])["serviceArn"]
    assert "tags" not in stack.describe()
    stack.ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    stack.ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
    answer = stack.ecs.describe_services(cluster="c", services=[arn], include=["TAGS"])
    assert answer["services"][0]["tags"] == [{"key": "b", "value": "2"}]


def refused(stack: Stack, code: str, words: str, method: str, **members: Any) -> None:
    with pytest.raises(ClientError) as refusal:
        getattr(stack.ecs, method)(cluster="c", **members)
    assert refusal.value.response["Error"]["Code"] == code
    assert words in refusal.value.response["Error"]["Message"]

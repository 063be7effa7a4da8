"""Task definitions: what Fargate takes, and what the plane reads out of them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.api.ecs.sizes import MEMORY_MIB
from infra.local.store import HealthCheck, Port
from tests.api.plane import Plane
from tests.api.stack import CONTAINER, Stack, definition


def test_revisions_count_up_and_the_family_names_the_latest_active(plane: Plane) -> None:
    ecs = plane.client("ecs")
    for _ in range(3):
        ecs.register_task_definition(**definition())
    ecs.deregister_task_definition(taskDefinition="app:3")
    latest = ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]
    assert latest["revision"] == 2
    gone = ecs.describe_task_definition(taskDefinition="app:3")["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert "deregisteredAt" in gone


def test_a_container_is_read_with_ecs_defaults(plane: Plane) -> None:
    container = {
        **CONTAINER,
        "command": ["a", "b"],
        "entryPoint": ["sh"],
        "environment": [{"name": "A", "value": "1"}],
        "secrets": [{"name": "S", "valueFrom": "arn:s"}],
        "mountPoints": [{"sourceVolume": "v", "containerPath": "/data", "readOnly": True}],
        "healthCheck": {"command": ["CMD", "true"], "startPeriod": 10},
    }
    registered = plane.client("ecs").register_task_definition(
        **definition(containerDefinitions=[container], volumes=[{"name": "v"}])
    )["taskDefinition"]
    (record,) = plane.store.definitions[registered["taskDefinitionArn"]].containers
    assert record.health_check == HealthCheck(("CMD", "true"), 30, 5, 3, 10)
    assert record.ports == (Port(8080, "http", "http"),)
    assert (record.command, record.entry_point) == (("a", "b"), ("sh",))
    assert (record.environment, record.secrets) == ({"A": "1"}, {"S": "arn:s"})
    assert record.mounts == (("v", "/data", True),)
    assert (record.log_group, record.log_stream_prefix) == ("/ecs/app", "ecs")
    assert (record.essential, record.stop_timeout) == (True, 30)
    returned = registered["containerDefinitions"][0]
    assert returned["portMappings"][0]["hostPort"] == 8080
    assert (returned["essential"], returned["cpu"]) == (True, 0)
    assert registered["compatibilities"] == ["EC2", "FARGATE"]


@pytest.mark.parametrize(("cpu", "memory"), [("0.25 vCPU", "1 GB"), (".25 vcpu", "1GB")])
def test_sizes_may_be_said_in_words(plane: Plane, cpu: str, memory: str) -> None:
    request = definition(cpu=cpu, memory=memory)
    registered = plane.client("ecs").register_task_definition(**request)["taskDefinition"]
    assert (registered["cpu"], registered["memory"]) == ("256", "1024")


@pytest.mark.parametrize(
    ("cpu", "least", "most", "count"),
    [
        (256, 512, 2048, 3),
        (512, 1024, 4096, 4),
        (1024, 2048, 8192, 7),
        (2048, 4096, 16384, 13),
        (4096, 8192, 30720, 23),
        (8192, 16384, 61440, 12),
        (16384, 32768, 122880, 12),
    ],
)
def test_the_table_of_sizes_is_fargates(cpu: int, least: int, most: int, count: int) -> None:
    sizes = MEMORY_MIB[cpu]
    assert (min(sizes), max(sizes), len(sizes)) == (least, most, count)


def two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    containers = [
        {"name": "a", "image": "i", **first},
        {"name": "b", "image": "i", **second},
    ]
    return {"containerDefinitions": containers}


def depends(on: str, condition: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": on, "condition": condition}]}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"memory": "4096"}, "No Fargate configuration exists for given values: 256 CPU, 4096"),
        ({"cpu": "300"}, "No Fargate configuration exists"),
        ({"cpu": "fast"}, "Invalid 'cpu' setting"),
        ({"networkMode": "bridge"}, "only supports network mode"),
        ({"family": "a b"}, "Family contains invalid characters"),
        ({"containerDefinitions": []}, "should not be null or empty"),
        (two({"essential": False}, {"essential": False}), "must be essential"),
        (two({}, {"name": "a"}), "must be unique"),
        (two({"stopTimeout": 121}, {}), "stopTimeout is 121, it must be 2 to 120"),
        (two({"stopTimeout": 1}, {}), "stopTimeout is 1"),
        (two({"healthCheck": {"command": ["true"]}}, {}), "must start with CMD"),
        (two({"healthCheck": {"command": ["CMD", "x"], "interval": 4}}, {}), "interval is 4"),
        (two({"healthCheck": {"command": ["CMD", "x"], "retries": 11}}, {}), "retries is 11"),
        (two({"portMappings": [{"containerPort": 80, "hostPort": 81}]}, {}), "must match"),
        (two({"mountPoints": [{"sourceVolume": "v"}]}, {}), "Unknown volume 'v'"),
        (two(depends("x", "START"), {}), "not defined"),
        (two(depends("b", "HEALTHY"), {}), "needs a healthCheck"),
        (two(depends("b", "SUCCESS"), {}), "cannot be depended on"),
        (two(depends("b", "START"), depends("a", "START")), "circular"),
    ],
)
def test_such_a_definition_is_refused(plane: Plane, members: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words) as refusal:
        plane.client("ecs").register_task_definition(**definition(**members))
    assert refusal.value.response["Error"]["Code"] == "ClientException"
    assert plane.store.definitions == {}


def test_definitions_and_families_are_listed(plane: Plane) -> None:
    ecs = plane.client("ecs")
    for family in ("b", "a", "a"):
        ecs.register_task_definition(**definition(family))
    arns = ecs.list_task_definitions()["taskDefinitionArns"]
    assert [arn.rsplit("/")[-1] for arn in arns] == ["a:1", "a:2", "b:1"]
    newest = ecs.list_task_definitions(sort="DESC", maxResults=1)
    assert newest["taskDefinitionArns"][0].endswith("b:1")
    rest = ecs.list_task_definitions(sort="DESC", nextToken=newest["nextToken"])
    assert [arn.rsplit("/")[-1] for arn in rest["taskDefinitionArns"]] == ["a:2", "a:1"]
    assert ecs.list_task_definition_families()["families"] == ["a", "b"]


def test_only_inactive_definitions_are_deleted_and_no_number_is_given_twice(plane: Plane) -> None:
    ecs = plane.client("ecs")
    ecs.register_task_definition(**definition())
    ecs.register_task_definition(**definition())
    (failure,) = ecs.delete_task_definitions(taskDefinitions=["app:1"])["failures"]
    assert "still in ACTIVE status" in failure["reason"]
    for name in ("app:1", "app:2"):
        ecs.deregister_task_definition(taskDefinition=name)
    deleted = ecs.delete_task_definitions(taskDefinitions=["app:1", "app:2"])["taskDefinitions"]
    assert [d["status"] for d in deleted] == ["DELETE_IN_PROGRESS"] * 2
    with pytest.raises(ClientError, match="Unable to describe task definition"):
        ecs.describe_task_definition(taskDefinition="app:1")
    again = ecs.register_task_definition(**definition())["taskDefinition"]
    assert again["revision"] == 3


def test_a_deleted_definition_in_use_stays(stack: Stack) -> None:
    arn = stack.create()["taskDefinition"]
    stack.ecs.register_task_definition(**definition())
    stack.ecs.deregister_task_definition(taskDefinition="app:1")
    stack.ecs.delete_task_definitions(taskDefinitions=["app:1"])
    found = stack.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert found["status"] == "DELETE_IN_PROGRESS"
    with pytest.raises(ClientError, match="inactive"):
        stack.create("other", taskDefinition="app:1")

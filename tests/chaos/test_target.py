"""boto3's answers into the drill's nouns, and targets that are refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaos.account import Clients, connect
from chaos.answers import (
    access_views,
    definition_view,
    log_view,
    next_revision,
    revisions_of,
    service_deployment_view,
    service_update,
    service_view,
    task_view,
)
from chaos.errors import TargetError, UsageError
from chaos.resolve import resolve
from chaos.target import (
    Breaker,
    DefinitionView,
    Revision,
    ServiceChange,
    ServiceDeploymentView,
    TargetOptions,
    group_name,
    revision_of,
)

GROUP = "arn:aws:elasticloadbalancing:eu-central-1:0:targetgroup/order-api/0123456789abcdef"
Answer = dict[str, Any]  # boto3 has no types


def service(name: str, status: str = "ACTIVE") -> Answer:
    return {
        "serviceName": name,
        "status": status,
        "taskDefinition": f"arn:aws:ecs:eu-central-1:0:task-definition/{name}:1",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "deploymentConfiguration": {"minimumHealthyPercent": 50},
        "loadBalancers": [{"targetGroupArn": GROUP}],
        "deployments": [
            {
                "id": "ecs-svc/1",
                "status": "PRIMARY",
                "taskDefinition": "arn:x/order-api:1",
                "rolloutState": "COMPLETED",
            }
        ],
        "events": [
            {"id": "e1", "createdAt": datetime(2026, 1, 1, tzinfo=UTC), "message": "steady"}
        ],
    }


@dataclass
class FakeEcs:
    """The ECS calls of resolve(); answers in boto3's shape."""

    tags: list[Answer] = field(default_factory=lambda: [tag("rehearse:time-scale", "4")])
    names: list[str] = field(default_factory=lambda: ["order-api", "inventory-api"])
    status: str = "ACTIVE"
    refused: bool = False

    def describe_clusters(self, clusters: list[str], **_: object) -> Answer:
        if self.refused:
            error = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise ClientError(error, "DescribeClusters")
        return {"clusters": [{"status": self.status, "tags": self.tags}]}

    def get_paginator(self, _name: str) -> "FakeEcs":
        return self

    def paginate(self, **_: object) -> Iterator[Answer]:
        yield {"serviceArns": [f"arn:aws:ecs:eu-central-1:0:service/c/{n}" for n in self.names]}

    def describe_services(self, services: list[str], **_: object) -> Answer:
        return {"services": [service(name) for name in services if name in self.names]}


class FakeElbv2:
    def describe_target_groups(self, **_: object) -> Answer:
        return {"TargetGroups": [{"LoadBalancerArns": ["arn:lb"]}]}

    def describe_load_balancer_attributes(self, **_: Any) -> Answer:
        return {"Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]}

    def describe_load_balancers(self, **_: object) -> Answer:
        found = {"LoadBalancerName": "lb", "DNSName": "lb.example.com", "LoadBalancerArn": "arn:lb"}
        return {"LoadBalancers": [found]}


def tag(key: str, value: str) -> Answer:
    return {"key": key, "value": value}


def find(ecs: FakeEcs, **options: Any) -> Any:  # Any: whatever TargetOptions takes
    clients = Clients(ecs, FakeElbv2(), None, "eu-central-1", None)
    return resolve(TargetOptions(kind="aws", **options), lambda *_: clients)


def test_a_target_is_found_with_its_scale_url_and_services() -> None:
    account = find(FakeEcs())
    place = account.place
    assert (place.time_scale, place.url, place.interval_ms) == (4.0, "http://lb.example.com", 1000)
    assert account.names == ("inventory-api", "order-api")
    assert account.load_balancer == "lb"
    assert not place.allow_settings


def test_the_load_balancers_idle_timeout_is_read() -> None:
    assert find(FakeEcs()).idle_timeout() == 60.0


def test_a_cluster_without_the_tag_has_real_time() -> None:
    assert find(FakeEcs(tags=[tag("team", "x")])).place.time_scale == 1.0


def test_a_url_and_services_can_be_given() -> None:
    account = find(FakeEcs(), url="https://staging.example.com/", services=("order-api",))
    assert account.place.url == "https://staging.example.com"
    assert account.names == ("order-api",)


@pytest.mark.parametrize(
    ("ecs", "options", "words"),
    [
        (FakeEcs(), {"services": ("oder-api",)}, "no active service oder-api; name"),
        (FakeEcs(names=[]), {}, "has no services; start them first"),
        (FakeEcs(status="INACTIVE"), {}, "is not there or not ACTIVE"),
        (FakeEcs(tags=[tag("rehearse:time-scale", "fast")]), {}, "rehearse:time-scale=fast"),
        (FakeEcs(tags=[tag("rehearse:time-scale", "50")]), {}, "rehearse:time-scale=50"),
        (FakeEcs(refused=True), {}, "cannot be reached: DescribeClusters"),
        (FakeEcs(names=[f"s{n}" for n in range(11)]), {}, "11 services: a drill takes at most 10"),
    ],
    ids=["service", "no services", "cluster", "scale", "high scale", "access", "too many"],
)
def test_a_wrong_target_is_refused_in_one_sentence(
    ecs: FakeEcs, options: Mapping[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        find(ecs, **options)
    assert "\n" not in str(caught.value)


def test_no_plane_is_said_with_what_to_do(free_endpoint: str) -> None:
    with pytest.raises(UsageError, match="start one with `rehearse up`"):
        resolve(TargetOptions(endpoint_url=free_endpoint))


def test_clients_spell_their_timeouts_out() -> None:
    clients = connect("eu-central-1", "http://127.0.0.1:1")
    config = clients.ecs.meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 10)
    assert config.retries["total_max_attempts"] == 3


def test_aws_without_a_region_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(TargetError, match="no AWS region"):
        connect(None, None)


def test_a_service_is_read() -> None:
    view = service_view(service("order-api"))
    assert (view.name, view.minimum_healthy_percent, view.groups) == ("order-api", 50, (GROUP,))
    assert view.deployments[0].rollout == "COMPLETED"
    assert view.events[0].at_ms == 1767225600000


def test_a_task_is_read_with_its_address_and_exit_code() -> None:
    view = task_view(
        {
            "taskArn": "arn:aws:ecs:eu-central-1:0:task/c/" + "a" * 32,
            "taskDefinitionArn": "arn:aws:ecs:eu-central-1:0:task-definition/order-api:7",
            "group": "service:order-api",
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "stoppedReason": "Task stopped by user",
            "containers": [{"name": "app", "exitCode": 137}],
            "attachments": [{"details": [{"name": "privateIPv4Address", "value": "10.0.0.7"}]}],
        }
    )
    assert (view.service, view.task_definition) == ("order-api", "order-api:7")
    assert (view.address, view.exit_code) == ("10.0.0.7", 137)


@pytest.mark.parametrize(
    ("message", "at_ms"),
    [
        ('{"event":"sigterm","at":"2026-01-01T00:00:00.250Z","task":"abc"}', 1767225600250.0),
        ('{"event":"sigterm"}', 5.0),
        ("not JSON", None),
        ('{"message":"no event"}', None),
        ("[1]", None),
    ],
)
def test_log_lines(message: str, at_ms: float | None) -> None:
    view = log_view("s", {"message": message, "timestamp": 5, "logStreamName": "p/app/abc"})
    assert (view and view.at_ms, view and view.task) == (at_ms, "abc" if at_ms else None)


def test_access_lines_that_are_cut_are_left_out() -> None:
    good = (
        '{"at_ms":1.5,"duration_ms":2,"method":"GET","path":"/","status":502,"flags":"UC",'
        '"details":"x","upstream":"127.0.0.1:1","request_id":"r","listener":"80"}'
    )
    (view,) = access_views([good, good[:40], "", "[]"])
    assert (view.status, view.flags, view.upstream) == (502, "UC", "127.0.0.1:1")


def test_the_next_revision_is_the_same_with_another_marker() -> None:
    definition = {
        "taskDefinitionArn": "arn",
        "revision": 3,
        "status": "ACTIVE",
        "registeredAt": datetime(2026, 1, 1, tzinfo=UTC),
        "requiresAttributes": [],
        "family": "order-api",
        "cpu": "256",
        "containerDefinitions": [
            {
                "name": "app",
                "image": "order-api:1",
                "environment": [
                    {"name": "A", "value": "1"},
                    {"name": "REHEARSE_REVISION", "value": "old"},
                ],
            },
            {"name": "sidecar", "image": "x"},
        ],
    }
    request = next_revision(definition, [tag("team", "x")], Revision(marker="new"))
    assert set(request) == {"family", "cpu", "containerDefinitions", "tags"}
    app, sidecar = request["containerDefinitions"]
    marker = {"name": "REHEARSE_REVISION", "value": "new"}
    assert app["environment"] == [{"name": "A", "value": "1"}, marker]
    assert sidecar["environment"] == [marker]
    assert definition["containerDefinitions"][0]["environment"][1]["value"] == "old"  # type: ignore[index]  # a plain dict


CONTAINERS: list[Answer] = [
    {"name": "sidecar", "image": "x"},
    {"name": "app", "image": "order-api:1", "portMappings": [{"containerPort": 8080}]},
]


def test_a_definition_is_read_from_the_container_with_a_port() -> None:
    app = {
        **CONTAINERS[1],
        "stopTimeout": 40,
        "entryPoint": ["sh", "-c"],
        "command": ["serve"],
        "environment": [{"name": "DRAIN_SECONDS", "value": "5"}],
    }
    answer = {
        "taskDefinitionArn": "arn:aws:ecs:eu-central-1:0:task-definition/order-api:3",
        "containerDefinitions": [CONTAINERS[0], app],
    }
    assert definition_view(answer) == DefinitionView(
        task_definition="order-api:3",
        stop_timeout=40,
        command=("sh", "-c", "serve"),
        environment={"DRAIN_SECONDS": "5"},
    )
    bare = definition_view({**answer, "containerDefinitions": CONTAINERS})
    assert (bare.stop_timeout, bare.command) == (30, ())


def test_a_revision_changes_the_container_with_a_port() -> None:
    revision = Revision(
        marker="new",
        environment={"FAULTS": "allow"},
        entry_point=("sh", "-c"),
        command=("exit 1",),
        image_tag="gone",
        stop_timeout=2,
    )
    request = next_revision({"family": "f", "containerDefinitions": CONTAINERS}, [], revision)
    sidecar, app = request["containerDefinitions"]
    marker = {"name": "REHEARSE_REVISION", "value": "new"}
    assert sidecar == {**CONTAINERS[0], "environment": [marker]}
    assert app == {
        **CONTAINERS[1],
        "environment": [{"name": "FAULTS", "value": "allow"}, marker],
        "entryPoint": ["sh", "-c"],
        "command": ["exit 1"],
        "image": "order-api:gone",
        "stopTimeout": 2,
    }


def test_the_deployment_configuration_is_sent_whole() -> None:
    configuration = {
        "minimumHealthyPercent": 50,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True, "resetOnHealthyTask": False},
    }
    change = ServiceChange(grace_seconds=0, breaker=Breaker(enable=False, rollback=False))
    breaker = {"enable": False, "rollback": False, "resetOnHealthyTask": False}
    assert service_update(change, configuration) == {
        "healthCheckGracePeriodSeconds": 0,
        "deploymentConfiguration": {
            "minimumHealthyPercent": 50,
            "deploymentCircuitBreaker": breaker,
        },
    }
    assert service_update(ServiceChange(desired_count=3), configuration) == {"desiredCount": 3}


SERVICE_DEPLOYMENT: Answer = {
    "serviceArn": "arn:aws:ecs:eu-central-1:0:service/c/order-api",
    "serviceDeploymentArn": "arn:aws:ecs:eu-central-1:0:service-deployment/c/order-api/abc",
    "status": "ROLLBACK_SUCCESSFUL",
    "statusReason": "because",
    "targetServiceRevision": {"arn": "arn:revision/2"},
    "rollback": {"reason": "threshold", "serviceRevisionArn": "arn:revision/1"},
    "deploymentCircuitBreaker": {"status": "TRIGGERED", "failureCount": 3, "threshold": 3},
}


def test_a_service_deployment_is_read() -> None:
    arns = {"arn:revision/1": "arn:td/order-api:1", "arn:revision/2": "arn:td/order-api:2"}
    assert revisions_of(SERVICE_DEPLOYMENT) == set(arns)
    assert service_deployment_view(SERVICE_DEPLOYMENT, arns) == ServiceDeploymentView(
        service="order-api",
        id="abc",
        status="ROLLBACK_SUCCESSFUL",
        task_definition="arn:td/order-api:2",
        reason="because",
        breaker="TRIGGERED",
        failures=3,
        threshold=3,
        rollback_reason="threshold",
        rolled_back_to="arn:td/order-api:1",
        deployment="ecs-svc/2",
    )


def test_a_service_deployment_that_has_just_begun_is_read() -> None:
    begun = {**SERVICE_DEPLOYMENT, "status": "PENDING"}
    for name in ("statusReason", "rollback", "deploymentCircuitBreaker"):
        del begun[name]
    view = service_deployment_view(begun, {})
    assert (view.status, view.breaker, view.rolled_back_to) == ("PENDING", None, None)


def test_names_in_arns() -> None:
    assert group_name(GROUP) == "order-api"
    assert revision_of("arn:aws:ecs:eu-central-1:0:task-definition/order-api:3") == "order-api:3"

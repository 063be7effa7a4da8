"""Ordinary AWS clients against a real plane: boto3, the AWS CLI, localstack-client."""

import json
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import localstack_client.session
import pytest

from tests.plane.up import Up, wait_for

pytestmark = pytest.mark.runtime

CLUSTER = "rehearsal"
OLD = ["healthy", "draining", "gone"]
NEW = ["initial", "healthy"]
AWS = Path(sys.executable).with_name("aws")


def aws(plane: Up, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": plane.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_PAGER": "",
    }
    return subprocess.run(
        [AWS, *words], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def group_arn(plane: Up, name: str) -> str:
    found = plane.client("elbv2").describe_target_groups(Names=[name])["TargetGroups"]
    arn: str = found[0]["TargetGroupArn"]
    return arn


def targets(elb: Any, arn: str) -> dict[str, str]:
    health = elb.describe_target_health(TargetGroupArn=arn)
    return {
        entry["Target"]["Id"]: entry["TargetHealth"]["State"]
        for entry in health["TargetHealthDescriptions"]
    }


def test_the_load_balancer_answers_over_http_and_https(plane: Up) -> None:
    assert httpx.get(f"{plane.url}/orders").status_code == 200
    status = httpx.get(f"{plane.endpoint}/_rehearse/status").json()
    with httpx.Client(verify=ssl.create_default_context(cafile=status["ca_file"])) as client:
        assert client.get(f"https://localhost:{plane.https_port}/inventory").status_code == 200


def test_a_call_travels_over_service_connect(plane: Up) -> None:
    sku = httpx.get(f"{plane.url}/inventory").json()["items"][0]["sku"]
    before = httpx.get(f"{plane.url}/inventory/{sku}").json()
    made = httpx.post(
        f"{plane.url}/inventory/{sku}/reservations", json={"quantity": 1, "customer": "c"}
    )
    assert made.status_code == 201
    after = httpx.get(f"{plane.url}/inventory/{sku}").json()
    assert after["available"] == before["available"] - 1


def test_a_forced_deployment_moves_targets_through_all_their_states(plane: Up) -> None:
    # one client for all: making one takes long, and draining is over soon
    ecs, elb, arn = plane.client("ecs"), plane.client("elbv2"), group_arn(plane, "order-api")
    old = set(targets(elb, arn))
    ecs.update_service(cluster=CLUSTER, service="order-api", forceNewDeployment=True)
    seen: dict[str, list[str]] = {}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = targets(elb, arn)
        for target in set(now) | set(seen):
            states = seen.setdefault(target, [])
            state = now.get(target, "gone")
            if not states or states[-1] != state:
                states.append(state)
        if set(now) and not set(now) & old:
            break
        time.sleep(0.01)
    for target, states in seen.items():
        # An application that is slow to listen may be unhealthy before it is healthy.
        states = [state for state in states if state != "unhealthy"]
        if target in old:
            assert states == OLD, target
        else:  # the first check may pass between two looks
            assert states in (NEW, NEW[1:]), target
    ecs.get_waiter("services_stable").wait(
        cluster=CLUSTER, services=["order-api"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    service = ecs.describe_services(cluster=CLUSTER, services=["order-api"])["services"][0]
    assert [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]


def test_the_aws_cli_updates_a_service_and_waits_for_it(plane: Up) -> None:
    """Its waiter looks every 15 s: `make accept-2` waits with it, this test lets boto3 wait."""
    cluster, service = ("--cluster", CLUSTER), "inventory-api"
    updated = aws(
        plane, "ecs", "update-service", *cluster, "--service", service, "--force-new-deployment"
    )
    assert updated.returncode == 0, updated.stderr
    assert len(json.loads(updated.stdout)["service"]["deployments"]) == 2
    waiter = plane.client("ecs").get_waiter("services_stable")
    limits = {"Delay": 1, "MaxAttempts": 60}
    waiter.wait(cluster=CLUSTER, services=[service], WaiterConfig=limits)
    waited = aws(plane, "ecs", "wait", "services-stable", *cluster, "--services", service)
    assert waited.returncode == 0, waited.stderr
    arn = group_arn(plane, service)
    health = aws(plane, "elbv2", "describe-target-health", "--target-group-arn", arn)
    found = json.loads(health.stdout)["TargetHealthDescriptions"]
    assert {target["TargetHealth"]["State"] for target in found} == {"healthy"}


def test_localstack_client_works_as_it_is(plane: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", plane.endpoint)
    session = localstack_client.session.Session(region_name="eu-central-1")
    assert session.client("ecs").list_clusters()["clusterArns"]
    assert session.client("elbv2").describe_load_balancers()["LoadBalancers"]


def test_the_tasks_log_lines_are_in_cloudwatch_logs(plane: Up) -> None:
    httpx.get(f"{plane.url}/orders?limit=1", headers={"x-request-id": "find-me"})
    logs = plane.client("logs")

    def found() -> bool:
        events = logs.filter_log_events(logGroupName="/ecs/order-api", filterPattern="find-me")
        return bool(events["events"])

    wait_for(found, 5)


def test_another_aws_service_is_answered_by_moto(plane: Up) -> None:
    s3 = plane.client("s3")
    s3.create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["bucket"]


def test_secrets_reach_a_task_and_a_missing_one_stops_it(plane: Up) -> None:
    ecs, secrets = plane.client("ecs"), plane.client("secretsmanager")
    arn = secrets.create_secret(Name="db", SecretString='{"password": "hunter2"}')["ARN"]
    show = {"command": ["sh", "-c", "echo it is $PASSWORD; sleep 60"], "essential": True}
    for reference, reason in ((f"{arn}:password::", None), (f"{arn}x", "ResourceInitialization")):
        secret = [{"name": "PASSWORD", "valueFrom": reference}]
        container = {"name": "app", "image": "order-api:1", **show, "secrets": secret}
        task = _run_task(ecs, "secretive", [container | LOGGED])
        if reason is None:
            wait_for(lambda: _logged(plane, "it is hunter2"), 20)
            ecs.stop_task(cluster=CLUSTER, task=task)
        wait_for(lambda task=task: _task(ecs, task)["lastStatus"] == "STOPPED", 30)  # type: ignore[misc] # mypy cannot infer lambda defaults
        stopped = _task(ecs, task)["stoppedReason"]
        assert stopped.startswith(reason or "Task stopped by user")


LOGGED = {
    "portMappings": [{"containerPort": 8099}],
    "stopTimeout": 2,
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/lone"}},
}


def _run_task(ecs: Any, family: str, containers: list[dict[str, Any]]) -> str:
    ecs.register_task_definition(
        family=family,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=containers,
    )
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0privatea"]}}
    made = ecs.run_task(
        cluster=CLUSTER, taskDefinition=family, launchType="FARGATE", networkConfiguration=network
    )
    arn: str = made["tasks"][0]["taskArn"]
    return arn


def _task(ecs: Any, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]
    return found


def _logged(plane: Up, text: str) -> bool:
    events = plane.client("logs").filter_log_events(
        logGroupName="/ecs/lone", filterPattern=f'"{text}"'
    )
    return bool(events["events"])


def test_a_deleted_service_ends_its_tasks_and_its_name_is_free_again(plane: Up) -> None:
    ecs, task = plane.client("ecs"), ""
    for _ in range(2):
        arn = _create_lone_service(ecs)
        wait_for(lambda: _running(plane, "lone") == 1, 20)
        (task,) = ecs.list_tasks(cluster=CLUSTER, serviceName="lone")["taskArns"]
        ecs.delete_service(cluster=CLUSTER, service="lone", force=True)
        waiter = ecs.get_waiter("services_inactive")
        waiter.wait(cluster=CLUSTER, services=[arn], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    wait_for(lambda: _task(ecs, task)["lastStatus"] == "STOPPED", 20)
    assert _task(ecs, task)["containers"][0]["exitCode"] == 137  # sh as PID 1 ignores SIGTERM


def _create_lone_service(ecs: Any) -> str:
    container = {"name": "app", "image": "order-api:1", "command": ["sh", "-c", "sleep 60; true"]}
    definition = ecs.register_task_definition(
        family="lone",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[container | LOGGED],
    )
    made = ecs.create_service(
        cluster=CLUSTER,
        serviceName="lone",
        taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0privatea"]}},
    )
    arn: str = made["service"]["serviceArn"]
    return arn


def test_scaling_out_and_in_by_the_api(plane: Up) -> None:
    ecs = plane.client("ecs")
    for count in (3, 2):
        ecs.update_service(cluster=CLUSTER, service="inventory-api", desiredCount=count)
        wait_for(lambda count=count: _running(plane, "inventory-api") == count, 30)  # type: ignore[misc] # mypy cannot infer lambda defaults
    arn = group_arn(plane, "inventory-api")
    elb = plane.client("elbv2")
    wait_for(lambda: len(targets(elb, arn)) == 2, 30)
    assert httpx.get(f"{plane.url}/inventory").status_code == 200


def _running(plane: Up, service: str) -> int:
    found = plane.client("ecs").describe_services(cluster=CLUSTER, services=[service])
    count: int = found["services"][0]["runningCount"]
    return count

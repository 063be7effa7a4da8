"""AWS's API of a plane in a container: who may call it, and the clients that do."""

import json
import shlex

import httpx
import localstack_client.session
import pytest
from botocore.exceptions import ClientError

from tests.compose.stack import SERVICES, Stack
from tests.plane.up import wait_for

pytestmark = pytest.mark.docker

LIST = {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters",
}
DELETE = "Version=2015-12-01&Action=DeleteLoadBalancer&LoadBalancerArn=x"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_signed_calls_are_answered(stack: Stack) -> None:
    (arn,) = stack.client("ecs").list_clusters()["clusterArns"]
    assert arn.endswith(":cluster/rehearsal")
    found = stack.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert [b["State"]["Code"] for b in found] == ["active"]


def test_unsigned_calls_are_refused(stack: Stack) -> None:
    said = httpx.post(stack.endpoint, headers=LIST, content=b"{}")
    assert said.status_code == 403
    assert "MissingAuthenticationToken" in said.text


def test_calls_signed_with_another_key_are_refused(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint)
    for key, secret, code in (
        ("other", "test", "UnrecognizedClientException"),
        ("test", "other", "SignatureDoesNotMatch"),
    ):
        session = localstack_client.session.Session(
            aws_access_key_id=key, aws_secret_access_key=secret, region_name="eu-central-1"
        )
        with pytest.raises(ClientError) as refused:
            session.client("ecs").list_clusters()
        assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("path", ["/", "/_rehearse/status", "/_rehearse/"])
def test_a_web_page_of_another_site_is_refused(stack: Stack, path: str) -> None:
    foreign = {"origin": "https://evil.example"}
    assert httpx.post(f"{stack.endpoint}{path}", headers=FORM | foreign, content=DELETE) \
        .status_code == 403  # fmt: skip
    assert httpx.get(f"{stack.endpoint}{path}", headers=foreign).status_code == 403
    assert httpx.get(f"{stack.endpoint}{path}", headers={"host": "evil.example"}).status_code == 403


def test_localstack_client_works_as_it_is(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own default keys, and no word about them."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint)
    session = localstack_client.session.Session(region_name="eu-central-1")
    services = session.client("ecs").list_services(cluster="rehearsal")["serviceArns"]
    assert sorted(arn.rpartition("/")[2] for arn in services) == sorted(SERVICES)
    assert session.client("elbv2").describe_target_groups()["TargetGroups"]


def test_the_tasks_log_lines_are_in_cloudwatch_logs(stack: Stack) -> None:
    httpx.get(f"{stack.url}/orders?limit=1", headers={"x-request-id": "find-me-composed"})
    logs, pattern = stack.client("logs"), "find-me-composed"

    def found() -> bool:
        events = logs.filter_log_events(logGroupName="/ecs/order-api", filterPattern=pattern)
        return bool(events["events"])

    wait_for(found, 10)


def test_env_points_clients_at_the_stack(stack: Stack) -> None:
    done = stack.rehearse("env")
    assert done.returncode == 0, done.stderr
    pairs = (shlex.split(line)[1].partition("=") for line in done.stdout.splitlines())
    found = {name: value for name, _, value in pairs}
    assert found["AWS_ENDPOINT_URL"] == stack.endpoint
    assert found["REHEARSE_URL"] == stack.url
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("test", "test")


def test_status_and_events_tell_of_the_stacks_services(stack: Stack) -> None:
    done = stack.rehearse("status", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["runtime"], found["composed"]) == ("docker", True)
    assert sorted(s["name"] for s in found["services"]) == sorted(SERVICES)
    told = stack.rehearse("events", "order-api")
    assert told.returncode == 0, told.stderr
    assert "(service order-api) has reached a steady state." in told.stdout


def test_a_tasks_output_can_be_read(stack: Stack) -> None:
    (arn, _) = stack.client("ecs").list_tasks(cluster="rehearsal", serviceName="order-api")[
        "taskArns"
    ]
    done = stack.rehearse("logs", arn.rpartition("/")[2])
    assert done.returncode == 0, done.stderr
    assert '"listening"' in done.stdout

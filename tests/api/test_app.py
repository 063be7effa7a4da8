"""The endpoint as a whole: dispatch, malformed calls, our own defects."""

import json
from dataclasses import replace

import localstack_client.session
import pytest
from botocore.exceptions import ClientError

from tests.api.plane import REGION, Plane
from tests.api.stack import Stack
from tests.api.wire import ECS, FORM, JSON, SIGNED, send


def test_the_caller_is_the_accounts_root(plane: Plane) -> None:
    identity = plane.client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"] == "arn:aws:iam::000000000000:root"


def test_localstack_client_finds_the_services(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.plane.url)
    session = localstack_client.session.Session(region_name=REGION)
    assert session.client("ecs").list_clusters()["clusterArns"][0].endswith("cluster/c")
    balancers = session.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert balancers[0]["LoadBalancerName"] == "alb"


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        (f"{ECS}.DescribeServices", b"not json", "SerializationException"),
        (f"{ECS}.DescribeServices", b"{}", "InvalidParameterException"),
        (f"{ECS}.DescribeServices", b'{"services":["a"],"x":1}', "InvalidParameterException"),
        (f"{ECS}.DescribeServices", b'{"services":"a"}', "InvalidParameterException"),
        (f"{ECS}.Nothing", b"{}", "UnknownOperationException"),
        (f"{ECS}.", b"{}", "UnknownOperationException"),
        ("DescribeServices", b"{}", "UnknownOperationException"),
        ("Nobody.DescribeServices", b"{}", "UnknownOperationException"),
    ],
)
def test_a_malformed_json_call_is_an_error_in_json(
    plane: Plane, target: str, body: bytes, code: str
) -> None:
    headers = JSON | {"x-amz-target": target, "authorization": SIGNED.format("ecs")}
    status, text = send(plane, body, headers)
    assert status == 400
    assert json.loads(text)["__type"] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"Version=2015-12-01&Action=Nothing", "InvalidAction"),
        (b"Version=2015-12-01", "InvalidAction"),
        (b"Version=2015-12-01&Action=CreateTargetGroup&Port=x&Name=a", "ValidationError"),
        (b"Version=2015-12-01&Action=CreateTargetGroup", "ValidationError"),
        (b"Version=2015-12-01&Action=DescribeRules&Moon=1", "ValidationError"),
        (b"Version=2015-12-01&Action=DescribeTags&\xff=1", "MalformedQueryString"),
    ],
)
def test_a_malformed_query_call_is_an_error_in_xml(plane: Plane, body: bytes, code: str) -> None:
    status, text = send(
        plane, body, FORM | {"authorization": SIGNED.format("elasticloadbalancing")}
    )
    assert status == 400
    assert f"<Code>{code}</Code>" in text


def test_a_protocol_that_is_not_spoken_is_not_left_to_the_fallback(plane: Plane) -> None:
    headers = {
        "smithy-protocol": "rpc-v2-cbor",
        "content-type": "application/cbor",
        "authorization": SIGNED.format("servicediscovery"),
    }
    path = "/service/Route53AutoNaming_v20170314/operation/ListNamespaces"
    status, text = send(plane, b"\xa0", headers, path=path)
    assert (status, "JSON 1.1" in text) == (400, True)


def test_a_link_cannot_call(plane: Plane) -> None:
    path = "/?Version=2015-12-01&Action=DescribeLoadBalancers"
    status, text = send(plane, method="GET", path=path)
    assert status == 501
    assert "<Code>ServiceNotAvailable</Code>" in text


def test_a_defect_of_ours_is_an_internal_failure(stack: Stack) -> None:
    stack.create()
    record = stack.record()
    record.deployments[0] = replace(record.deployments[0], desired_count="two")  # type: ignore[arg-type] # the defect
    with pytest.raises(ClientError, match="ResponseShapeError") as refusal:
        stack.describe()
    assert refusal.value.response["Error"]["Code"] == "InternalFailure"

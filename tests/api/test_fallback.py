"""Every other AWS API goes elsewhere: to a given endpoint, or to a moto of our own."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount

from infra.local.api import fallback as fallbacks
from infra.local.api.fallback import MotoFallback, UrlFallback
from tests.api.plane import Plane, Switch, serving, wait_until
from tests.api.wire import FORM, SIGNED, send, signed_client


async def echo(request: Request) -> Response:
    """Another AWS: says what reached it, in two chunks."""
    body = await request.body()
    told = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "host": request.headers["host"],
        "length": len(body),
        "kept": request.headers.get("x-kept"),
    }
    text = json.dumps(told).encode()
    parts = (text[:5], text[5:])

    async def chunks() -> Any:
        for part in parts:
            yield part

    return StreamingResponse(chunks(), 202, {"x-amz-id": "1", "content-length": str(len(text))})


class Echo:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        response = await echo(Request(scope, receive))
        await response(scope, receive, send)


@pytest.fixture(scope="session")
def other_url() -> Iterator[str]:
    with serving(Starlette(routes=[Mount("/", app=Echo())])) as url:
        yield url


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_every_other_request_reaches_the_fallback_as_it_is(
    plane: Plane, switch: Switch, other_url: str, method: str
) -> None:
    switch.app = plane.app(fallback=UrlFallback(other_url))
    headers = {"x-kept": "yes", "host": "bucket.localhost"}
    status, text = send(
        plane, b"x" * 200_000, headers, method=method, path="/a%2Fb/c?list-type=2&x"
    )
    assert status == 202
    assert json.loads(text) == {
        "method": method,
        "path": "/a%2Fb/c",
        "query": "list-type=2&x",
        "host": "bucket.localhost",
        "length": 200_000,
        "kept": "yes",
    }


def test_classic_elb_is_not_ours(plane: Plane, switch: Switch, other_url: str) -> None:
    switch.app = plane.app(fallback=UrlFallback(other_url))
    body = b"Version=2012-06-01&Action=DescribeLoadBalancers"
    status, _ = send(plane, body, FORM | {"authorization": SIGNED.format("elasticloadbalancing")})
    assert status == 202


def test_a_fallback_that_is_gone_is_an_error_that_names_it(plane: Plane, switch: Switch) -> None:
    switch.app = plane.app(fallback=UrlFallback("http://127.0.0.1:9"))
    with pytest.raises(ClientError, match=r"The fallback at 127\.0\.0\.1:9 did not answer"):
        plane.client("dynamodb").list_tables()


@pytest.mark.parametrize("url", ["https://a", "a:1", "http://a/b", "http://"])
def test_a_fallback_is_a_plain_endpoint(url: str) -> None:
    with pytest.raises(ValueError, match="is not a fallback"):
        UrlFallback(url)


@pytest.mark.parametrize("service", ["dynamodb", "ec2", "s3"])
def test_without_moto_the_error_says_what_to_install(
    plane: Plane, switch: Switch, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setattr(fallbacks, "find_spec", lambda name: None)
    switch.app = plane.app(fallback=MotoFallback("000000000000"))
    calls = {"dynamodb": "list_tables", "ec2": "describe_vpcs", "s3": "list_buckets"}
    with pytest.raises(ClientError) as refusal:
        getattr(plane.client(service), calls[service])()
    message = refusal.value.response["Error"]["Message"]
    assert message.startswith(f"{service} is answered by moto")
    assert "pip install 'ecs-rehearsal[aws]'" in message


@pytest.mark.runtime
@pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is an extra")
def test_moto_answers_the_rest_and_ends_with_the_plane() -> None:
    """In a process of its own, killed the hard way."""
    program = """
import asyncio, sys
from infra.local.api.fallback import MotoFallback
async def main():
    fallback = MotoFallback("000000000000")
    host, port = await fallback.address("s3")
    print(port, fallback._child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        port, child = map(int, parent.stdout.readline().split())
        client = signed_client(f"http://127.0.0.1:{port}", "k", "s", "ssm")
        client.put_parameter(Name="/a", Value="1", Type="String")
        assert client.get_parameter(Name="/a")["Parameter"]["ARN"].split(":")[4] == "000000000000"
    finally:
        parent.kill()
        parent.wait()
        assert parent.stdout is not None
        parent.stdout.close()
    wait_until(lambda: not os.path.exists(f"/proc/{child}/cmdline") or is_dead(child), 10)


def is_dead(pid: int) -> bool:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.runtime
@pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is an extra")
def test_a_vpc_endpoint_of_motos_keeps_the_planes_security_groups(
    plane: Plane, switch: Switch
) -> None:
    moto = subprocess.Popen(
        [sys.executable, "-m", "infra.local.api.motoserver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert moto.stdout is not None
    switch.app = plane.app(fallback=UrlFallback(f"http://127.0.0.1:{int(moto.stdout.readline())}"))
    ec2 = plane.client("ec2")
    try:
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="e", Description="d", VpcId=vpc)["GroupId"]
        made = ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName="com.amazonaws.eu-central-1.ecr.api",
            VpcEndpointType="Interface",
            SubnetIds=[subnet],
            SecurityGroupIds=[group],
        )["VpcEndpoint"]
        assert [one["GroupId"] for one in made["Groups"]] == [group]
        (found,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
        assert [one["GroupId"] for one in found["Groups"]] == [group]
    finally:
        moto.communicate(timeout=10)  # it ends with its standard input

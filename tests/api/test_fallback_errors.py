"""What callers hear of what the plane has not, with and without another AWS behind it."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from infra.local.api.fallback import UrlFallback
from tests.api.plane import Plane, Switch, serving
from tests.api.wire import ECS, FORM, JSON, SIGNED, send

XML = (
    b"<?xml version='1.0'?>\n<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>"
    b"<Message>The vpc ID 'vpc-1' does not exist</Message></Error></Errors>"
    b"<RequestID>r-1</RequestID></Response>"
)
TEXT = json.dumps({"__type": "ResourceNotFoundException", "message": "no such secret"}).encode()


class Refusing:
    """Another AWS, which refuses everything: Query calls in XML, others in JSON."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        await request.body()
        json_call = "x-amz-target" in request.headers
        body, kind = (TEXT, "application/x-amz-json-1.1") if json_call else (XML, "text/xml")
        response = Response(body, 400, {"x-amzn-requestid": "r-1"}, kind)
        await response(scope, receive, send)


@pytest.fixture(scope="module")
def refusing_url() -> Iterator[str]:
    with serving(Starlette(routes=[Mount("/", app=Refusing())])) as url:
        yield url


def test_the_errors_of_the_other_aws_are_passed_on_byte_by_byte(
    plane: Plane, switch: Switch, refusing_url: str
) -> None:
    switch.app = plane.app(fallback=UrlFallback(refusing_url))
    query = b"Action=DescribeVpcs&Version=2016-11-15"
    assert send(plane, query, FORM | {"authorization": SIGNED.format("ec2")}) == (400, XML.decode())
    target = {"x-amz-target": "secretsmanager.GetSecretValue"}
    signed = {"authorization": SIGNED.format("secretsmanager")}
    assert send(plane, b"{}", JSON | target | signed) == (400, TEXT.decode())


def test_sdks_read_them_as_they_would_read_awss(
    plane: Plane, switch: Switch, refusing_url: str
) -> None:
    switch.app = plane.app(fallback=UrlFallback(refusing_url))
    with pytest.raises(ClientError) as vpcs:
        plane.client("ec2").describe_vpcs(VpcIds=["vpc-1"])
    assert vpcs.value.response["Error"]["Code"] == "InvalidVpcID.NotFound"
    assert vpcs.value.response["ResponseMetadata"]["RequestId"] == "r-1"
    secrets = plane.client("secretsmanager")
    with pytest.raises(secrets.exceptions.ResourceNotFoundException, match="no such secret"):
        secrets.get_secret_value(SecretId="s")


@pytest.mark.parametrize(
    ("scope", "headers", "body", "code"),
    [
        ("elasticloadbalancing", FORM, b"Action=MakeTea&Version=2015-12-01", "InvalidAction"),
        (
            "elasticloadbalancing",
            FORM,
            b"Action=DescribeTrustStores&Version=2015-12-01",
            "InvalidAction",
        ),
        ("ecs", JSON | {"x-amz-target": f"{ECS}.MakeTea"}, b"{}", "UnknownOperationException"),
        (
            "servicediscovery",
            JSON | {"x-amz-target": "Route53AutoNaming_v20170314.MakeTea"},
            b"{}",
            "UnknownOperationException",
        ),
    ],
    ids=["nothing of ELB", "more of ELB", "nothing of ECS", "nothing of Cloud Map"],
)
def test_an_operation_of_our_services_that_is_not_there_is_awss_error(
    plane: Plane,
    switch: Switch,
    refusing_url: str,
    scope: str,
    headers: dict[str, str],
    body: bytes,
    code: str,
) -> None:
    """Whether there is a fallback or none: it would know nothing of what is here."""
    for fallback in (None, UrlFallback(refusing_url)):
        switch.app = plane.app(fallback=fallback)
        status, text = send(plane, body, headers | {"authorization": SIGNED.format(scope)})
        assert status == 400
        assert code in text


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("ec2", "describe_vpcs"),
        ("iam", "list_roles"),
        ("s3", "list_buckets"),
        ("elb", "describe_load_balancers"),
    ],
)
def test_without_a_fallback_other_services_say_that_there_is_none(
    plane: Plane, service: str, call: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        getattr(plane.client(service), call)()
    error = refusal.value.response["Error"]
    assert "is not answered here: no fallback" in error["Message"]
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.fixture
def moto(plane: Plane, switch: Switch) -> Iterator[str]:
    """The plane with a moto behind it; moto's own URL."""
    started = subprocess.Popen(
        [sys.executable, "-m", "infra.local.api.motoserver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdout is not None
    url = f"http://127.0.0.1:{int(started.stdout.readline())}"
    switch.app = plane.app(fallback=UrlFallback(url))
    yield url
    started.communicate(timeout=10)  # it ends with its standard input


@pytest.mark.runtime
@pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is an extra")
def test_a_roots_other_resources_are_made_in_moto(plane: Plane, moto: str) -> None:
    ec2, iam = plane.client("ec2"), plane.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    assert [s["SubnetId"] for s in ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]] == [subnet]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    assert role.endswith(":role/r")
    plane.client("s3").create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    secrets = plane.client("secretsmanager")
    secrets.create_secret(Name="s", SecretString="x")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "x"
    with pytest.raises(ClientError, match=r"InvalidVpcID\.NotFound"):
        ec2.describe_vpcs(VpcIds=["vpc-0"])
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="none")


@pytest.mark.runtime
@pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is an extra")
def test_a_security_group_in_use_is_not_deleted_and_its_vpc_is_motos(
    plane: Plane, moto: str
) -> None:
    ec2, elb = plane.client("ec2"), plane.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    balancer = elb.create_load_balancer(Name="a", Subnets=["x", "y"], SecurityGroups=[group])
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)


@pytest.mark.runtime
@pytest.mark.skipif(importlib.util.find_spec("moto") is None, reason="moto is an extra")
def test_a_load_balancer_is_in_the_zones_that_its_subnets_have_in_moto(
    plane: Plane, moto: str
) -> None:
    ec2, elb = plane.client("ec2"), plane.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = {}
    for number, zone in enumerate(("eu-central-1b", "eu-central-1a", "eu-central-1a")):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)[
            "Subnet"
        ]
        subnets[made["SubnetId"]] = zone
    both = list(subnets)[:2]
    (made,) = elb.create_load_balancer(Name="a", Subnets=both)["LoadBalancers"]
    zones = {z["SubnetId"]: z["ZoneName"] for z in made["AvailabilityZones"]}
    assert zones == {subnet: subnets[subnet] for subnet in both}
    assert made["VpcId"] == vpc
    with pytest.raises(ClientError, match="two different Availability Zones"):
        elb.create_load_balancer(Name="b", Subnets=list(subnets)[1:])

"""Requests byte by byte, for what no AWS client would send."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from tests.api.plane import REGION, Plane

JSON = {"content-type": "application/x-amz-json-1.1"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
ECS = "AmazonEC2ContainerServiceV20141113"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=k/20261001/eu-central-1/{}/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64
)


def send(
    plane: Plane,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/",
) -> tuple[int, str]:
    """A request byte by byte as given; `Host` may be among the headers."""
    address = urlsplit(plane.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    given = {name.lower(): value for name, value in (headers or {}).items()}
    connection.putrequest(method, path, skip_host="host" in given, skip_accept_encoding=True)
    for name, value in ({"content-length": str(len(body))} | given).items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def signed_client(url: str, key: str, secret: str, service: str = "ecs") -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )

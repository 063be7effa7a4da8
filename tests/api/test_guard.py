"""Who may call: not web pages, not by foreign names, and off the loopback only with our key."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from infra.local.api.guard import Guard
from infra.local.api.signature import Credentials
from tests.api.plane import FakeClock, Plane, Switch
from tests.api.stack import Stack
from tests.api.wire import ECS, FORM, JSON, send, signed_client


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"host": "evil.example"},
        {"host": "evil.example:4566"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "localhost.evil.example"},
        {"host": ""},
        {"host": "[2001:db8::1]:80"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/", "/_ecs/v4/x/task", "/bucket/key"])
def test_a_foreign_page_or_name_is_refused_everywhere(
    plane: Plane, headers: dict[str, str], path: str
) -> None:
    for method in ("GET", "POST"):
        status, text = send(plane, b"a=b", FORM | headers, method=method, path=path)
        assert status == 403
        assert "AccessDeniedException" in text


def test_a_form_posted_by_a_web_page_changes_nothing(stack: Stack) -> None:
    action = "Version=2015-12-01&Action=DeleteLoadBalancer"
    body = f"{action}&LoadBalancerArn={stack.balancer}".encode()
    status, _ = send(stack.plane, body, FORM | {"origin": "https://evil.example"})
    assert status == 403
    assert stack.balancer in stack.plane.store.balancers
    assert send(stack.plane, body, FORM)[0] == 200
    assert stack.balancer not in stack.plane.store.balancers


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:99", "127.9.9.9", "[::1]:4566", "bucket.localhost:1", "PLANE"]
)
def test_loopback_and_configured_names_are_ours(plane: Plane, switch: Switch, host: str) -> None:
    switch.app = plane.app(Guard(hosts=frozenset({"plane"})))
    headers = JSON | {"x-amz-target": f"{ECS}.ListClusters", "host": host}
    assert send(plane, b"{}", headers)[0] == 200
    assert send(plane, b"{}", headers | {"origin": f"http://{host}"})[0] == 200


def test_bodies_are_bounded(plane: Plane, switch: Switch) -> None:
    switch.app = plane.app(Guard(body_max_bytes=100))
    headers = JSON | {"x-amz-target": f"{ECS}.ListClusters"}
    assert send(plane, b"{}" + b" " * 98, headers)[0] == 200
    assert send(plane, b"{}" + b" " * 99, headers)[0] == 413
    status, text = send(plane, b"", headers | {"content-length": "x"})
    assert status == 400, text


def test_a_body_without_a_length_is_bounded_too(plane: Plane, switch: Switch) -> None:
    switch.app = plane.app(Guard(body_max_bytes=100))
    address = urlsplit(plane.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    headers = JSON | {"x-amz-target": f"{ECS}.ListClusters"}
    connection.request("POST", "/", iter([b" " * 60, b" " * 60]), headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.fixture
def guarded(plane: Plane, switch: Switch) -> Plane:
    """A plane that listens on more than the loopback, at the real time."""
    plane.clock = FakeClock(int(time.time() * 1000))
    switch.app = plane.app(Guard(credentials=(Credentials("key", "secret"),)))
    return plane


@pytest.mark.parametrize("service", ["ecs", "elbv2", "sts"])
def test_off_the_loopback_our_key_is_taken(guarded: Plane, service: str) -> None:
    client = signed_client(guarded.url, "key", "secret", service)
    calls = {"ecs": "list_clusters", "elbv2": "describe_load_balancers"}
    getattr(client, calls.get(service, "get_caller_identity"))()


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [
        ("other", "secret", "UnrecognizedClientException"),
        ("key", "other", "SignatureDoesNotMatch"),
    ],
)
def test_off_the_loopback_another_key_is_not(
    guarded: Plane, key: str, secret: str, code: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        signed_client(guarded.url, key, secret).list_clusters()
    assert refusal.value.response["Error"]["Code"] == code


def test_off_the_loopback_an_unsigned_call_is_refused(guarded: Plane) -> None:
    headers = JSON | {"x-amz-target": f"{ECS}.ListClusters"}
    status, text = send(guarded, b"{}", headers)
    assert (status, json.loads(text)["__type"]) == (403, "MissingAuthenticationToken")
    assert send(guarded, method="GET", path="/_ecs/v4/x")[0] == 404
    assert send(guarded, method="POST", path="/_ecs/v4/x")[0] == 403


def test_off_the_loopback_an_old_signature_is_refused(guarded: Plane) -> None:
    guarded.clock.at_ms += 16 * 60 * 1000
    with pytest.raises(ClientError, match="15 minutes"):
        signed_client(guarded.url, "key", "secret").list_clusters()


def test_off_the_loopback_a_changed_body_is_refused(guarded: Plane) -> None:
    client = signed_client(guarded.url, "key", "secret")

    def change(request: Any, **_: object) -> None:
        request.body = b'{"maxResults": 1}'
        request.headers["content-length"] = str(len(request.body))

    client.meta.events.register("before-send.ecs.ListClusters", change)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.list_clusters()


@pytest.mark.parametrize(
    ("address", "environ", "signed"),
    [
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("0.0.0.0", {"REHEARSE_ACCESS_KEY": "k", "REHEARSE_SECRET_KEY": "s"}, True),
    ],
)
def test_the_rules_follow_the_address(
    address: str, environ: dict[str, str], *, signed: bool
) -> None:
    assert bool(Guard.for_bind(address, environ).credentials) is signed


@pytest.mark.parametrize(
    ("pair", "taken"), [(("test", "test"), True), (("test", "mine"), False), (("k", "s"), False)]
)
def test_localstack_clients_own_key_is_taken_beside_the_known_one_only(
    plane: Plane, switch: Switch, pair: tuple[str, str], *, taken: bool
) -> None:
    plane.clock = FakeClock(int(time.time() * 1000))
    names = ("REHEARSE_ACCESS_KEY", "REHEARSE_SECRET_KEY")
    environ = dict(zip(names, pair, strict=True))
    switch.app = plane.app(Guard.for_bind("0.0.0.0", environ))
    signed_client(plane.url, *pair).list_clusters()
    stranger = signed_client(plane.url, "accesskey", "secretkey")
    if taken:
        stranger.list_clusters()
    else:
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            stranger.list_clusters()


def test_an_open_address_needs_keys() -> None:
    with pytest.raises(ValueError, match="set REHEARSE_ACCESS_KEY"):
        Guard.for_bind("0.0.0.0", {"REHEARSE_ACCESS_KEY": "k"})

"""Rules, headers and answers of the load balancer itself, seen through a real Envoy."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.balancing.targets import register
from infra.local.scheduler.model import TargetState
from tests.balancing import records
from tests.balancing.server import Server, serving
from tests.balancing.stage import Stage, staged, until

pytestmark = [pytest.mark.anyio, pytest.mark.runtime]

CONDITIONS: dict[str, list[dict[str, Any]]] = {
    "two-paths": [records.path("/orders", "/orders/*")],
    "one-letter": [records.path("/v?/x")],
    "host": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.Example.com"]}}],
    "header": [
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "X-Version", "Values": ["canary*"]},
        }
    ],
    "method": [
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["DELETE"]}},
        records.path("/method"),
    ],
    "query": [
        {
            "Field": "query-string",
            "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Value": "b?ta"}]},
        }
    ],
    "far-client": [
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        records.path("/source"),
    ],
    "near-client": [
        {
            "Field": "source-ip",
            "SourceIpConfig": {"Values": ["10.0.0.0/8", "127.0.0.0/8"]},
        },
        records.path("/source"),
    ],
}


def redirect(**config: str) -> list[dict[str, Any]]:
    return [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", **config}}]


@pytest.fixture(scope="module")
async def fixed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A load balancer whose rules answer with their own names."""
    store = records.store()
    web = records.balancer(store, routing__http__drop_invalid_header_fields__enabled="true")
    rules = [(conditions, records.fixed(200, name)) for name, conditions in CONDITIONS.items()]
    to_https = redirect(Protocol="HTTPS", Port="443")
    elsewhere = redirect(Host="elsewhere.test", Path="/new/#{path}", Query="")
    rules += [
        ([records.path("/secure/*")], to_https),
        ([records.path("/old/*")], elsewhere),
        ([records.path("/busy")], records.fixed(503, "our own words")),
    ]
    records.listener(store, web, records.fixed(404, "default"), *rules)
    records.listener(store, web, records.fixed(200, "secure"), port=443, protocol="HTTPS")
    async with staged(store, tmp_path_factory.mktemp("fixed")) as stage:
        await stage.ready(web)
        assert web.state == "active", stage.journal
        yield stage


@pytest.mark.parametrize(
    ("method", "url", "headers", "expected"),
    [
        ("GET", "/orders", {}, "two-paths"),
        ("GET", "/orders/7/lines?x=y", {}, "two-paths"),
        ("GET", "/ORDERS", {}, "default"),
        ("GET", "/ordersmore", {}, "default"),
        ("GET", "/v1/x", {}, "one-letter"),
        ("GET", "/v12/x", {}, "default"),
        ("GET", "/", {"Host": "shop.example.com"}, "host"),
        ("GET", "/", {"Host": "shop.example.com:8080"}, "host"),
        ("GET", "/", {"Host": "example.com"}, "default"),
        ("GET", "/", {"x-version": "CANARY-7"}, "header"),
        ("GET", "/", {"x-version": "stable"}, "default"),
        ("DELETE", "/method", {}, "method"),
        ("GET", "/method", {}, "default"),
        ("GET", "/?v=1", {}, "query"),
        ("GET", "/?a=b&V=1&c", {}, "query"),
        ("GET", "/?v=12", {}, "default"),
        ("GET", "/?anything=BETA", {}, "query"),
        ("GET", "/?rv=1", {}, "default"),
        ("GET", "/source", {}, "near-client"),
    ],
)
async def test_conditions_choose_the_rule(
    fixed: Stage, method: str, url: str, headers: dict[str, str], expected: str
) -> None:
    answer = await fixed.client.request(method, fixed.url(url), headers=headers)
    assert answer.text == expected


async def test_redirects(fixed: Stage) -> None:
    secure = await fixed.client.get(fixed.url("/secure/a?b=c"))
    local = fixed.ports[443]
    assert secure.status_code == 302
    assert secure.headers["location"] == f"https://127.0.0.1:{local}/secure/a?b=c"
    moved = await fixed.client.get(fixed.url("/old/a/b?c=d"))
    assert httpx.URL(moved.headers["location"]).host == "elsewhere.test"
    assert httpx.URL(moved.headers["location"]).raw_path == b"/new/old/a/b"


async def test_fixed_response_keeps_its_body_and_trace_is_refused(fixed: Stage) -> None:
    busy = await fixed.client.get(fixed.url("/busy"))
    assert (busy.status_code, busy.text) == (503, "our own words")
    assert (busy.headers["server"], busy.headers["content-type"]) == ("awselb/2.0", "text/plain")
    trace = await fixed.client.request("TRACE", fixed.url("/orders"))
    assert (trace.status_code, trace.headers["server"]) == (405, "awselb/2.0")


async def test_https_with_a_certificate_of_our_own_authority(fixed: Stage) -> None:
    context = ssl.create_default_context(cafile=fixed.balancers.ca_file)
    assert fixed.balancers.ca_file.with_name("ca.key").stat().st_mode & 0o777 == 0o600
    async with httpx.AsyncClient(verify=context) as client:
        for host in ("127.0.0.1", "localhost"):
            answer = await client.get(f"https://{host}:{fixed.ports[443]}/")
            assert answer.text == "secure"
    context.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await asyncio.open_connection(
        "127.0.0.1", fixed.ports[443], ssl=context, server_hostname="web.elb.local"
    )
    chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.close()
    assert chosen == "h2"


async def test_oversized_request_headers_are_400(fixed: Stage) -> None:
    answer = await fixed.client.get(fixed.url(), headers={"x-big": "x" * 70_000})
    assert (answer.status_code, answer.headers["server"]) == (400, "awselb/2.0")
    assert "400 Bad Request" in answer.text


@pytest.fixture
async def forwarding(tmp_path: Path) -> AsyncIterator[tuple[Stage, Server, Server]]:
    """Two sticky targets behind /, and a weighted forward between two groups behind /weighted."""
    store = records.store()
    web = records.balancer(store, idle_timeout__timeout_seconds="10")
    sticky = {"stickiness.enabled": "true", "stickiness.type": "lb_cookie"}
    both = records.group(store, "both", attributes=sticky)
    blue, green, gone = (records.group(store, name) for name in ("blue", "green", "gone"))
    shares = [
        {"TargetGroupArn": blue.arn, "Weight": 3},
        {"TargetGroupArn": green.arn, "Weight": 1},
    ]
    weighted = [{"Type": "forward", "ForwardConfig": {"TargetGroups": shares}}]
    rules = [
        ([records.path("/weighted")], weighted),
        ([records.path("/empty")], records.forward(gone)),
    ]
    records.listener(store, web, records.forward(both), *rules)
    async with serving(Server("one")) as one, serving(Server("two")) as two:
        for group, server in ((both, one), (both, two), (blue, one), (green, two)):
            register(group, "127.0.0.1", server.port, "a", 0)
        async with staged(store, tmp_path) as stage:
            targets = [t for g in store.groups.values() for t in g.targets.values()]
            await until(lambda: all(t.state is TargetState.HEALTHY for t in targets))
            await stage.ready(web)
            await until(lambda: _endpoints(stage) == 4)
            yield stage, one, two


def _endpoints(stage: Stage) -> int:
    pushed = stage.said("envoy-push")[-1]["endpoints"]
    assert isinstance(pushed, dict)
    return sum(len(names) for names in pushed.values())


async def test_headers_that_are_added(forwarding: tuple[Stage, Server, Server]) -> None:
    stage, _, _ = forwarding
    sent = {"x-forwarded-for": "192.0.2.9", "x-request-id": "abc"}
    answer = await stage.client.get(stage.url("/echo"), headers=sent)
    lines = answer.text.lower().split("\r\n")
    assert {"x-forwarded-proto: http", "x-forwarded-port: 80", "x-request-id: abc"} <= set(lines)
    forwarded = [x.partition(": ")[2] for x in lines if x.startswith("x-forwarded-for")]
    assert ",".join(forwarded).replace(" ", "") == "192.0.2.9,127.0.0.1"
    assert any(x.startswith("x-amzn-trace-id: root=") for x in lines)
    assert not any("envoy" in x for x in (*lines, *answer.headers))
    assert "server" not in answer.headers, "the target sent none"


async def test_stickiness(forwarding: tuple[Stage, Server, Server]) -> None:
    stage, _, _ = forwarding
    async with httpx.AsyncClient() as client:
        names = {(await client.get(stage.url())).text for _ in range(10)}
        assert len(names) == 1
        assert "AWSALB" in client.cookies
        fresh: set[str] = set()
        for _ in range(10):
            client.cookies.clear()
            fresh.add((await client.get(stage.url())).text)
        assert fresh == {"one", "two"}


async def test_weights(forwarding: tuple[Stage, Server, Server]) -> None:
    stage, _, _ = forwarding
    names = [(await stage.client.get(stage.url("/weighted"))).text for _ in range(200)]
    assert 120 <= names.count("one") <= 180


async def test_own_answers_when_targets_fail(forwarding: tuple[Stage, Server, Server]) -> None:
    stage, one, two = forwarding

    async def got(path: str) -> tuple[int, str | None]:
        answer = await stage.client.get(stage.url(path))
        return answer.status_code, answer.headers.get("server")

    assert await got("/empty") == (503, "awselb/2.0")
    assert await got("/slow?5000") == (504, "awselb/2.0"), "silent for the idle timeout"
    one.raw = two.raw = b""
    assert await got("/") == (502, "awselb/2.0"), "closed with the request outstanding"
    one.raw = two.raw = b"nonsense\r\n\r\n"
    assert await got("/") == (502, "awselb/2.0"), "malformed answer"


async def test_websocket_is_passed_through(forwarding: tuple[Stage, Server, Server]) -> None:
    stage, one, two = forwarding
    one.raw = two.raw = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.ports[80])
    writer.write(
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 101")
    assert answer.endswith(b"hi")

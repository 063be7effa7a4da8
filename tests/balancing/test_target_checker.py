import anyio
import pytest

from infra.local.balancing.checker import Check, parse_matcher, probe
from infra.local.balancing.health import Probe
from tests.balancing.records import free_port
from tests.balancing.server import Server, serving

pytestmark = pytest.mark.anyio


def check(server: Server, matcher: str = "200", timeout_ms: int = 1000) -> Check:
    return Check("127.0.0.1", server.port, "/healthz", parse_matcher(matcher), timeout_ms)


async def asked(server: Server, matcher: str = "200", timeout_ms: int = 1000) -> Probe:
    async with serving(server):
        return await probe(check(server, matcher, timeout_ms))


async def test_request_is_the_one_of_elb() -> None:
    server = Server()
    assert await asked(server) == Probe(True)
    lines = server.heads[0].split("\r\n")
    assert lines[0] == "GET /healthz HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in lines
    assert "User-Agent: ELB-HealthChecker/2.0" in lines
    assert "Connection: close" in lines


@pytest.mark.parametrize(
    ("matcher", "status", "passed"),
    [("200", 204, False), ("200,204", 204, True), ("200-299", 299, True), ("200-299", 302, False)],
)
async def test_status_is_matched(matcher: str, status: int, passed: bool) -> None:
    server = Server()
    server.status = status
    assert (await asked(server, matcher)).passed is passed


async def test_wrong_code_is_named() -> None:
    server = Server()
    server.status = 503
    expected = "Health checks failed with these codes: [503]"
    assert await asked(server) == Probe(False, "Target.ResponseCodeMismatch", expected)


async def test_silence_is_a_timeout() -> None:
    server = Server()
    server.silent = True
    result = await asked(server, timeout_ms=50)
    assert result == Probe(False, "Target.Timeout", "Request timed out")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="closed without an answer"),
        pytest.param(b"HTTP/1.1 200", id="half a status line"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status code"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000 + b"\r\n", id="endless head"),
    ],
)
async def test_malformed_answers_fail(raw: bytes) -> None:
    server = Server()
    server.raw = raw
    result = await asked(server)
    assert result == Probe(False, "Target.FailedHealthChecks", "Health checks failed")


async def test_refused_connection_fails() -> None:
    result = await probe(Check("127.0.0.1", free_port(), "/", parse_matcher("200"), 1000))
    assert result == Probe(False, "Target.FailedHealthChecks", "Health checks failed")


async def test_server_that_keeps_the_connection_does_not_delay_the_verdict() -> None:
    server = Server()
    server.keeps = True
    async with serving(server):
        with anyio.fail_after(2):
            assert (await probe(check(server, timeout_ms=10_000))).passed


@pytest.mark.parametrize("text", ["", "abc", "200-", "200,", "299-200", "2xx"])
async def test_wrong_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write codes such as 200"):
        parse_matcher(text)

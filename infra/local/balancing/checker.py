"""One health check of one target, as a load balancer node makes it (R4.2, R4.5, R4.6)."""

import asyncio
import ssl
from dataclasses import dataclass
from functools import cache

import anyio

from infra.local.balancing.health import Probe

HEAD_BYTES_MAX = 65_536
BODY_BYTES_MAX = 65_536

FAILED = Probe(False, "Target.FailedHealthChecks", "Health checks failed")
TIMED_OUT = Probe(False, "Target.Timeout", "Request timed out")
PASSED = Probe(True)


@dataclass(frozen=True, slots=True)
class Check:
    """What to ask and what to expect. `codes` are the ranges of a matcher."""

    address: str
    port: int
    path: str
    codes: tuple[range, ...]
    timeout_ms: int
    tls: bool = False


def parse_matcher(text: str) -> tuple[range, ...]:
    """Read a matcher: `200`, `200,202`, `200-299`. ValueError names what is not one."""
    return tuple(_parse_codes(part.strip()) for part in text.split(","))


def _parse_codes(part: str) -> range:
    first, dash, last = part.partition("-")
    if not dash:
        last = first
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise ValueError(f"health check matcher has {part!r}: write codes such as 200 or 200-299")
    return range(int(first), int(last) + 1)


async def probe(check: Check) -> Probe:
    """Ask once over a new connection, and judge by the status alone; redirects are not followed."""
    try:
        with anyio.fail_after(check.timeout_ms / 1000):
            status = await _ask(check)
    except TimeoutError:
        return TIMED_OUT
    except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):
        return FAILED
    if any(status in codes for codes in check.codes):
        return PASSED
    return Probe(
        False, "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"
    )


async def _ask(check: Check) -> int:
    context = _unverified() if check.tls else None
    reader, writer = await asyncio.open_connection(
        check.address, check.port, limit=HEAD_BYTES_MAX, ssl=context
    )
    try:
        writer.write(_request(check))
        head = await reader.readuntil(b"\r\n\r\n")
        status = _status(head)
        await _drain(reader, head)
        return status
    finally:
        writer.close()


def _request(check: Check) -> bytes:
    lines = (
        f"GET {check.path} HTTP/1.1",
        f"Host: {check.address}:{check.port}",
        "Connection: close",
        "User-Agent: ELB-HealthChecker/2.0",
        "Accept-Encoding: gzip, compressed",
    )
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def _status(head: bytes) -> int:
    version, code, *_ = head.split(None, 2)
    if not version.startswith(b"HTTP/1."):
        raise ValueError(f"not an HTTP/1 answer: {head[:20]!r}")
    return int(code)


async def _drain(reader: asyncio.StreamReader, head: bytes) -> None:
    """Take the body, so that closing does not reset; the verdict no longer depends on it."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            length = min(int(value), BODY_BYTES_MAX)
            break
    else:
        return
    try:
        await reader.readexactly(length)
    except (OSError, EOFError):
        return


@cache
def _unverified() -> ssl.SSLContext:
    """A load balancer does not verify its targets' certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

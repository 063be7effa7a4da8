"""Envoy's admin interface over its unix socket."""

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path

import anyio

ANSWER_BYTES_MAX = 16 * 1024 * 1024
TIMEOUT_S = 2.0
UPDATES = "(version_text|update_rejected|update_failure)$"


@dataclass(frozen=True, slots=True)
class Updates:
    """What Envoy has taken (`versions`, by statistic) and how often it refused (`refusals`)."""

    versions: dict[str, str]
    refusals: dict[str, int]


async def ask(socket: Path, path: str, method: str = "GET") -> tuple[int, str]:
    """One admin request; status and body. OSError if Envoy is not there, TimeoutError after 2 s."""
    with anyio.fail_after(TIMEOUT_S):
        reader, writer = await asyncio.open_unix_connection(str(socket))
        try:
            writer.write(_request(method, path))
            answer = await reader.read(ANSWER_BYTES_MAX)
            while part := await reader.read(ANSWER_BYTES_MAX):
                answer += part
        finally:
            writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.\d (\d{3})", head)
    if status is None:
        raise ConnectionResetError("Envoy's admin interface closed the connection")
    chunked = b"transfer-encoding: chunked" in head.lower()
    return int(status[1]), (_join(body) if chunked else body).decode()


def _request(method: str, path: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: admin", "Connection: close", "Content-Length: 0")
    return "\r\n".join((*lines, "", "")).encode()


def _join(chunked: bytes) -> bytes:
    """The body of a chunked answer."""
    parts: list[bytes] = []
    rest = chunked
    while (split := rest.partition(b"\r\n"))[0] not in (b"", b"0"):
        size = int(split[0], 16)
        parts.append(split[2][:size])
        rest = split[2][size + 2 :]
    return b"".join(parts)


async def is_live(socket: Path) -> bool:
    """True once Envoy serves; False while it starts or is not there."""
    try:
        status, body = await ask(socket, "/ready")
    except (OSError, TimeoutError):
        return False
    return status == 200 and body.strip() == "LIVE"


async def read_ports(socket: Path) -> frozenset[int]:
    """The TCP ports of Envoy's listeners. Errors as `ask`."""
    _, body = await ask(socket, "/listeners?format=json")
    found = (one["local_address"] for one in json.loads(body).get("listener_statuses", ()))
    return frozenset(address["socket_address"]["port_value"] for address in found)


async def read_updates(socket: Path) -> Updates:
    """What Envoy says about the files it watches. Errors as `ask`."""
    _, body = await ask(socket, f"/stats?filter={UPDATES}")
    versions: dict[str, str] = {}
    refusals: dict[str, int] = {}
    for line in body.splitlines():
        name, _, value = line.partition(": ")
        if name.endswith(".version_text"):
            versions[name] = value.strip('"')
        else:
            refusals[name] = int(value)
    return Updates(versions, refusals)

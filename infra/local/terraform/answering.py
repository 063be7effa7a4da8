"""The first request through what Terraform made: which one, and when it is answered."""

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx

from infra.local.balancing.rules import groups_of
from infra.local.store import Document, Listener, Rule, Store

NOT_ANSWERED = (502, 503, 504)  # by the load balancer, or by a target that cannot yet
TRY_EVERY_S = 0.1
TRY_LIMIT_S = 5.0
NEEDED = {"host-header", "path-pattern"}  # what a plain GET can be made to meet
CONFIGS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}


@dataclass(frozen=True, slots=True)
class Request:
    """A GET that a rule forwards to a target group; `host` where the rule asks for one."""

    url: str
    host: str | None = None


def requests(store: Store, addresses: Mapping[int, str]) -> list[Request]:
    """One for each rule that forwards, in the order of their priorities.

    `addresses` are the base URLs of the ports that listeners have here.
    """
    found = []
    for listener in sorted(store.listeners.values(), key=lambda one: one.port):
        base = addresses.get(listener.port)
        for rule in _forwarding(listener) if base else ():
            values = {c["Field"]: _values(c) for c in rule.conditions}
            if set(values) <= NEEDED:
                path = _plain(values.get("path-pattern", ["/"]))
                hosts = values.get("host-header")
                found.append(Request(f"{base}{path}", _plain(hosts, "x") if hosts else None))
    return found


def trust(ca_file: Path) -> ssl.SSLContext:
    """What tells a listener of ours from any other."""
    return ssl.create_default_context(cafile=ca_file if ca_file.exists() else None)


async def first_answer(
    wanted: list[Request], trusted: ssl.SSLContext, limit_s: float
) -> str | None:
    """Ask until one of them is answered; what was asked and the status. None: not in time."""
    deadline = time.monotonic() + limit_s
    async with httpx.AsyncClient(verify=trusted, timeout=TRY_LIMIT_S, trust_env=False) as client:
        while wanted:
            for request in wanted:
                headers = {"host": request.host} if request.host else {}
                status = await _status(client, request.url, headers)
                if status is not None and status not in NOT_ANSWERED:
                    return f"GET {request.url}: {status}"
            if time.monotonic() >= deadline:
                return None
            await anyio.sleep(TRY_EVERY_S)
    return None


async def _status(client: httpx.AsyncClient, url: str, headers: dict[str, str]) -> int | None:
    try:
        return (await client.get(url, headers=headers)).status_code
    except httpx.HTTPError:
        return None  # the listener is not there yet


def _forwarding(listener: Listener) -> Iterator[Rule]:
    rules = [rule for rule in listener.rules if groups_of(rule.actions)]
    yield from sorted(rules, key=lambda r: (r.priority is None, r.priority or 0))


def _values(condition: Document) -> list[str]:
    config: Document = condition.get(CONFIGS.get(condition["Field"], ""), {})
    values: list[str] = config.get("Values") or condition.get("Values") or []
    return values


def _plain(patterns: list[str], star: str = "") -> str:
    """What matches one of these patterns: the one with the fewest wildcards, these filled in."""
    chosen = min(patterns, key=lambda p: p.count("*") + p.count("?"))
    return chosen.replace("*", star).replace("?", "x")

"""A plane's API over HTTP, with a clock to set, signals that are recorded, and lines to read."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import uvicorn
from botocore.config import Config
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.api.app import build_app
from infra.local.api.fallback import Fallback
from infra.local.api.guard import Guard
from infra.local.api.logs import LogLine
from infra.local.store import Store

REGION = "eu-central-1"
START_MS = 1_760_000_000_000
START_LIMIT_S = 10.0


@dataclass
class FakeClock:
    at_ms: int = START_MS

    def now_ms(self) -> int:
        return self.at_ms


@dataclass
class FakeSignals:
    """Remembers who was woken, in order, as (kind, ARN)."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    def service_changed(self, service_arn: str) -> None:
        self.seen.append(("service", service_arn))

    def task_changed(self, task_arn: str) -> None:
        self.seen.append(("task", task_arn))

    def balancer_changed(self, load_balancer_arn: str) -> None:
        self.seen.append(("balancer", load_balancer_arn))

    def group_changed(self, target_group_arn: str) -> None:
        self.seen.append(("group", target_group_arn))

    def security_changed(self) -> None:
        self.seen.append(("security", ""))

    def take(self) -> list[tuple[str, str]]:
        seen, self.seen = self.seen, []
        return seen


@dataclass
class FakeLogs:
    by_group: dict[str, list[LogLine]] = field(default_factory=dict)

    def lines(
        self, group: str, start_ms: int | None, end_ms: int | None, limit: int
    ) -> Sequence[LogLine]:
        found = sorted(self.by_group.get(group, ()), key=lambda line: line.at_ms)
        chosen = (
            line
            for line in found
            if (start_ms is None or line.at_ms >= start_ms)
            and (end_ms is None or line.at_ms < end_ms)
        )
        return list(chosen)[:limit]


@dataclass
class Plane:
    """One test's plane. `url` is where its API answers."""

    url: str
    store: Store = field(default_factory=lambda: Store(REGION))
    clock: FakeClock = field(default_factory=FakeClock)
    signals: FakeSignals = field(default_factory=FakeSignals)
    logs: FakeLogs = field(default_factory=FakeLogs)

    def app(
        self,
        guard: Guard | None = None,
        fallback: Fallback | None = None,
        build: Callable[..., ASGIApp] = build_app,
    ) -> ASGIApp:
        """The API of this plane; `build` makes it, in place of the real `build_app`."""
        return build(
            self.store,
            self.clock,
            self.signals,
            logs=self.logs,
            fallback=fallback,
            guard=guard or Guard(),
            check_output=True,
        )

    def client(self, service: str) -> Any:
        return client(service, self.url)


class Switch:
    """An ASGI application that is whatever application `app` is at the moment."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "no test has set an application"
        await self.app(scope, receive, send)


@cache
def client(service: str, url: str) -> Any:
    """A boto3 client, made once per service: its making costs more than a test."""
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=5,
        read_timeout=30,
        inject_host_prefix=False,
    )
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="rehearse",
        aws_secret_access_key="rehearse",
        config=config,
    )


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve on a free loopback port from a thread; yields the URL."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", lifespan="off", server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, START_LIMIT_S)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_LIMIT_S)


def wait_until(condition: Callable[[], bool], limit_s: float) -> None:
    """Look every 5 ms until the condition holds; fails after the limit."""
    pause = threading.Event()
    for _ in range(int(limit_s / 0.005)):
        if condition():
            return
        pause.wait(0.005)
    raise AssertionError(f"waited {limit_s} s in vain")

"""Around every request: who served it, how it is traced, one log line at its end."""

import re
import secrets
import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.order_api.drain import Lifecycle, Phase
from services.order_api.log import write_event

REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
# W3C Trace Context, version 00; all-zero ids are invalid
TRACEPARENT = re.compile(rb"00-(?!0{32}-)([0-9a-f]{32})-(?!0{16}-)([0-9a-f]{16})-([0-9a-f]{2})")
LONGEST_PATH = 200


@dataclass(frozen=True, slots=True)
class Trace:
    """The request's ids: the caller's where they are valid, else made here."""

    request_id: str
    trace_id: str
    span_id: str
    flags: str

    @property
    def traceparent(self) -> str:
        """The header for calls made on behalf of this request, and for its response."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def read_trace(headers: list[tuple[bytes, bytes]]) -> Trace:
    """The trace from raw header pairs with lower-case names."""
    given = {k: v for k, v in headers if k in (b"x-request-id", b"traceparent")}
    request_id = given.get(b"x-request-id", b"")
    parent = TRACEPARENT.fullmatch(given.get(b"traceparent", b""))
    return Trace(
        request_id.decode() if REQUEST_ID.fullmatch(request_id) else secrets.token_hex(16),
        parent[1].decode() if parent else secrets.token_hex(16),
        secrets.token_hex(8),
        parent[3].decode() if parent else "01",
    )


class RequestLog:
    """ASGI middleware, outermost, so that errors and refusals carry the headers too.

    While draining every response says `connection: close`: a load balancer then stops reusing
    the connection before this process closes it, so that no request meets a closing one.
    """

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app = app
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = read_trace(scope["headers"])
        scope.setdefault("state", {})["trace"] = trace
        exchange = _Exchange(send, self._headers(trace))
        started = time.perf_counter()
        try:
            await self._app(scope, receive, exchange.send)
        finally:
            self._write(scope, trace, exchange, time.perf_counter() - started)

    def _headers(self, trace: Trace) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"x-task-id", self._lifecycle.task.encode("latin-1", "replace")),
            (b"x-request-id", trace.request_id.encode()),
            (b"traceparent", trace.traceparent.encode()),
        ]
        if self._lifecycle.phase is Phase.DRAINING:
            headers.append((b"connection", b"close"))
        return headers

    def _write(self, scope: Scope, trace: Trace, exchange: "_Exchange", seconds: float) -> None:
        cut = {} if exchange.finished else {"cut": True}
        write_event(
            "request",
            method=scope["method"],
            path=scope["path"][:LONGEST_PATH],
            status=exchange.status,
            ms=round(seconds * 1000, 1),
            request_id=trace.request_id,
            trace_id=trace.trace_id,
            task=self._lifecycle.task,
            **cut,
        )


class _Exchange:
    """Adds headers to the response and remembers its status and whether it was finished."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status: int | None = None
        self.finished = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message["headers"], *self._headers]}
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.finished = True

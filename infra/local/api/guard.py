"""Who may call the plane: programs on this machine, not web pages in its browsers.

RegisterTaskDefinition runs commands here, and a page of any site can post a form to a Query API;
so a foreign Origin and a Host that is not ours are refused on every path. Off the loopback, every
request must be signed with the plane's own key, but for what tasks and pages only read.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.local.api.answers import error_response
from infra.local.api.errors import ApiError
from infra.local.api.signature import Credentials, SignedRequest, check_signature
from infra.local.clock import Clock

BODY_MAX_BYTES = 64 * 1024 * 1024
UNSIGNED = ("/_ecs/v4/", "/_rehearse/")
USUAL = Credentials("test", "test")  # no secret: docker-compose.yml has it
LOCALSTACK_CLIENT = Credentials("accesskey", "secretkey")  # what it signs with unless told


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules. `hosts` are names besides loopback's that requests may be for.

    `credentials`, one of which signs a request, must be given when the plane listens on more than
    the loopback; without any, every program on the machine is trusted. `unsigned` paths may be
    read (GET, HEAD) without a signature.
    """

    hosts: frozenset[str] = frozenset()
    credentials: tuple[Credentials, ...] = ()
    body_max_bytes: int = BODY_MAX_BYTES
    unsigned: tuple[str, ...] = field(default=UNSIGNED)

    @classmethod
    def for_bind(
        cls, address: str, environ: Mapping[str, str], hosts: frozenset[str] = frozenset()
    ) -> "Guard":
        """The rules for an address to listen on. Raises ValueError if its keys are not set."""
        if is_loopback(address):
            return cls(hosts)
        key, secret = environ.get("REHEARSE_ACCESS_KEY"), environ.get("REHEARSE_SECRET_KEY")
        if not key or not secret:
            raise ValueError(
                f"{address} is not a loopback address: set REHEARSE_ACCESS_KEY and "
                "REHEARSE_SECRET_KEY, or listen on 127.0.0.1"
            )
        given = Credentials(key, secret)
        return cls(hosts, (given, LOCALSTACK_CLIENT) if given == USUAL else (given,))

    def check(self, headers: Headers) -> None:
        """Refuse a foreign Host or Origin with ApiError 403."""
        hosts = headers.getlist("host")
        for host in hosts or [""]:
            name = _name_of(host)
            if not is_loopback(name) and name not in self.hosts:
                raise _refusal(f"Host {host!r} is neither loopback nor configured")
        for origin in headers.getlist("origin"):
            if origin.partition("://")[2].lower() not in {host.lower() for host in hosts}:
                raise _refusal(f"Origin {origin!r} is a web page of another site")


def is_loopback(name: str) -> bool:
    """True for 127.0.0.0/8, ::1, localhost and names below it."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _name_of(host: str) -> str:
    """`Host` without its port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _refusal(why: str) -> ApiError:
    return ApiError("AccessDeniedException", f"The request is refused: {why}", status=403)


class GuardMiddleware:
    """Applies a Guard to every request, whatever its path, and bounds its body."""

    def __init__(self, app: ASGIApp, guard: Guard, clock: Clock) -> None:
        self._app = app
        self._guard = guard
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._check(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _check(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            self._guard.check(headers)
            self._check_length(headers)
            bounded = self._bounded(receive)
            if self._guard.credentials and not self._is_open(scope):
                bounded = await self._verified(scope, headers, bounded)
        except ApiError as error:
            await error_response(error, headers)(scope, receive, send)
            return
        await self._app(scope, bounded, send)

    def _is_open(self, scope: Scope) -> bool:
        return scope["method"] in ("GET", "HEAD") and scope["path"].startswith(self._guard.unsigned)

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._guard.body_max_bytes:
            raise self._too_large()

    def _too_large(self) -> ApiError:
        message = f"The body is larger than {self._guard.body_max_bytes} bytes"
        return ApiError("RequestEntityTooLarge", message, status=413)

    def _bounded(self, receive: Receive) -> Receive:
        """Receive no more than the limit, whatever length was stated."""
        seen = 0

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._guard.body_max_bytes:
                raise self._too_large()
            return message

        return bounded

    async def _verified(self, scope: Scope, headers: Headers, receive: Receive) -> Receive:
        """Check the signature, which needs the whole body, and hand the body on."""
        body = await _read(receive)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        url = f"{scope['scheme']}://{headers['host']}{path}" + (f"?{query}" if query else "")
        request = SignedRequest(scope["method"], url, headers, body)
        check_signature(request, self._guard.credentials, self._clock.now_ms())
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        return replay


async def _read(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)

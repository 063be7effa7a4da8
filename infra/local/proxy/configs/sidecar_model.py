"""The nouns of a Service Connect proxy: what it owns, what it knows, how it behaves.

All durations are integer milliseconds, already divided by the time scale. Zero switches a timeout
off, as it does in ECS.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum


class AppProtocol(StrEnum):
    """`appProtocol` of a port mapping; TCP stands for "not set" (R6.3)."""

    TCP = "tcp"
    HTTP = "http"
    HTTP2 = "http2"
    GRPC = "grpc"

    @property
    def http(self) -> bool:
        """Whether requests are told apart: only then are there retries and request timeouts."""
        return self is not AppProtocol.TCP

    @property
    def multiplexed(self) -> bool:
        """Whether the application speaks HTTP/2 in clear."""
        return self in (AppProtocol.HTTP2, AppProtocol.GRPC)


@dataclass(frozen=True, slots=True)
class Ingress:
    """A port that the proxy owns on the task's address, passed on to where the application is."""

    address: str
    port: int
    inner_address: str
    inner_port: int
    protocol: AppProtocol


@dataclass(frozen=True, slots=True)
class Egress:
    """A Service Connect alias as one client task sees it: `dns_name` resolves to `address`.

    `endpoints` is the path of the file that holds the alias's members. `listener_port` is where
    the proxy listens if the kernel redirects `port` to there.
    """

    dns_name: str
    port: int
    address: str
    protocol: AppProtocol
    endpoints: str
    request_timeout_ms: int
    idle_timeout_ms: int
    listener_port: int | None = None

    @property
    def place(self) -> tuple[str, int]:
        """The address and port of its listener."""
        return (self.address, self.listener_port or self.port)

    @property
    def cluster(self) -> str:
        return f"{self.dns_name}_{self.port}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One member of an alias: a task that publishes the port, at its own address."""

    address: str
    port: int
    zone: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What AWS fixes or does not document; the defaults are section 6's, unscaled.

    retry_on, retry_statuses, retries: conditions are a guess of R6.8, the count is R6.7. `reset` in
    place of `reset-before-request` would send requests again that a server may have acted on. So
    may a 503: a member's own proxy answers it too for an application that died over a request.
    connect_ms: towards a member. A listening loopback port answers in microseconds, so this ends
    only attempts that are dropped; it leaves room for two retries within the 15 s of a request.
    app_idle_ms: idle connections to the application are closed after this, before the application
    closes them at its keep-alive of 75 s: else a request may meet the closing and fail.
    ejection_*: outlier detection (R6.7), looked at every `ejection_interval_ms`.
    """

    retry_on: tuple[str, ...] = ("connect-failure", "refused-stream", "reset-before-request")
    retry_statuses: tuple[int, ...] = (503,)
    retries: int = 2
    connect_ms: int = 5_000
    app_idle_ms: int = 60_000
    ejection_failures: int = 5
    ejection_percent: int = 50
    ejection_interval_ms: int = 10_000
    ejection_ms: int = 30_000
    ejection_max_ms: int = 300_000

    def scaled(self, scale: int) -> "Policy":
        """The same with every duration divided by the time scale."""
        names = [field.name for field in fields(self) if field.name.endswith("_ms")]
        return replace(self, **{name: getattr(self, name) // scale for name in names})


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One task's proxy. `admin` is a unix socket's path, `access_log` a file's.

    `by_host`: it is the task's `http_proxy`, so each alias is told by the Host header alone.
    """

    task: str
    service: str
    admin: str
    access_log: str
    policy: Policy
    by_host: bool = False
    ingress: tuple[Ingress, ...] = ()
    egress: tuple[Egress, ...] = ()

"""What a load balancer's Envoy is to do: frozen inputs of the configuration builders.

Durations are milliseconds, already divided by the time scale. A cluster is a target group.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Algorithm(StrEnum):
    """`load_balancing.algorithm.type` of a target group (R4.11)."""

    ROUND_ROBIN = "round_robin"
    LEAST_OUTSTANDING_REQUESTS = "least_outstanding_requests"
    WEIGHTED_RANDOM = "weighted_random"


class Field(StrEnum):
    """`Field` of a rule's condition."""

    HOST_HEADER = "host-header"
    HTTP_HEADER = "http-header"
    HTTP_REQUEST_METHOD = "http-request-method"
    PATH_PATTERN = "path-pattern"
    QUERY_STRING = "query-string"
    SOURCE_IP = "source-ip"


class ForwardedFor(StrEnum):
    """`routing.http.xff_header_processing.mode` of a load balancer."""

    APPEND = "append"
    PRESERVE = "preserve"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A target that may get requests now."""

    address: str
    port: int
    zone: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A target group. `sticky_ms` is the life of the cookie AWSALB, None without stickiness."""

    name: str
    endpoints: tuple[Endpoint, ...]
    idle_timeout_ms: int
    connect_timeout_ms: int
    algorithm: Algorithm = Algorithm.ROUND_ROBIN
    slow_start_ms: int = 0
    sticky_ms: int | None = None
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """Any of `values` matches; `*` and `?` are wildcards where ELB allows them.

    `name` is the header of an http-header condition. `pairs` are a query-string condition's key
    (None: any) and value.
    """

    field: Field
    values: tuple[str, ...] = ()
    name: str = ""
    pairs: tuple[tuple[str | None, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Forward:
    """Forward to target groups by weight; `clusters` are (name, weight, 0-999)."""

    clusters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """Redirect; None keeps that part of the request's URL. `path` may hold one `#{path}`."""

    status: int
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    path: str | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class FixedResponse:
    status: int
    content_type: str = "text/plain"
    body: str = ""


Action = Forward | Redirect | FixedResponse


@dataclass(frozen=True, slots=True)
class Rule:
    """All conditions must match; none: the default rule."""

    conditions: tuple[Condition, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener. `port` is what AWS clients see, `local_port` where it is on this machine.

    Rules are in the order in which they are tried. `certificate` is None for HTTP.
    """

    port: int
    local_port: int
    address: str
    rules: tuple[Rule, ...]
    certificate: Certificate | None = None

    @property
    def name(self) -> str:
        return f"listener-{self.port}"


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer: its attributes, its listeners and the target groups of their rules."""

    name: str
    listeners: tuple[Listener, ...]
    clusters: tuple[Cluster, ...]
    idle_timeout_ms: int
    keep_alive_ms: int
    drop_invalid_headers: bool = False
    forwarded_for: ForwardedFor = ForwardedFor.APPEND
    forwarded_port: bool = False
    http2: bool = True


@dataclass(frozen=True, slots=True)
class Places:
    """Where a load balancer's Envoy keeps its files; `admin` is a unix socket, under 108 bytes."""

    directory: Path
    admin: Path

    @property
    def bootstrap(self) -> Path:
        return self.directory / "bootstrap.json"

    @property
    def listeners(self) -> Path:
        return self.directory / "lds.json"

    @property
    def clusters(self) -> Path:
        return self.directory / "cds.json"

    def routes(self, listener: str) -> Path:
        return self.directory / f"rds-{listener}.json"

    def endpoints(self, cluster: str) -> Path:
        return self.directory / f"eds-{cluster}.json"

    @property
    def access_log(self) -> Path:
        return self.directory / "access.jsonl"

    @property
    def log(self) -> Path:
        return self.directory / "envoy.log"

"""Cloud Map's records: namespaces, and the services that CreateService made in them."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Namespace:
    """A Cloud Map namespace. In it are services, and the ports that ECS services publish."""

    id: str
    arn: str
    name: str
    kind: str  # HTTP, DNS_PRIVATE
    created_ms: int
    description: str = ""
    creator_request: str | None = None
    ttl: int = 15  # seconds, of the SOA record of a DNS namespace
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class CloudService:
    """A Cloud Map service that CreateService made. Instances: those registered by hand."""

    id: str
    arn: str
    name: str
    namespace: str  # id
    created_ms: int
    kind: str = "HTTP"  # DNS_HTTP
    description: str = ""
    creator_request: str | None = None
    dns: dict[str, Any] | None = None
    check: dict[str, Any] | None = None
    custom_check: dict[str, Any] | None = None
    instances: dict[str, dict[str, str]] = field(default_factory=dict)  # attributes by id
    unhealthy: list[str] = field(default_factory=list)  # ids of instances said to be so
    tags: dict[str, str] = field(default_factory=dict)

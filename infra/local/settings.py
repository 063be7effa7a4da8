"""The settings file: one source of truth for Terraform and for the local Fargate.

`infra/app.tfvars.json` holds every value; `infra/app.schema.json` says what is allowed. All
durations are unscaled seconds.
"""

import json
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

INFRA = Path(__file__).parent.parent
DEFAULT = INFRA / "app.tfvars.json"


class WrongSettingsError(Exception):
    """The settings file cannot be used; the message names the place, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    idle_timeout: int
    client_keep_alive: int
    http: str
    https: bool
    drop_invalid_header_fields: bool


@dataclass(frozen=True, slots=True)
class ContainerCheck:
    command: list[str]
    interval: int
    timeout: int
    retries: int
    start_period: int


@dataclass(frozen=True, slots=True)
class Container:
    """How the application's container runs; the defaults are what our own images need."""

    entry_point: list[str] | None = None
    command: list[str] | None = None
    user: str | None = "10001:10001"
    read_only_root_filesystem: bool = True
    drop_capabilities: bool = True


@dataclass(frozen=True, slots=True)
class Deployment:
    minimum_healthy_percent: int
    maximum_percent: int
    health_check_grace_period: int
    circuit_breaker: dict[str, bool]
    availability_zone_rebalancing: bool


@dataclass(frozen=True, slots=True)
class TargetCheck:
    path: str
    matcher: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int


@dataclass(frozen=True, slots=True)
class TargetGroup:
    path_patterns: list[str]
    priority: int
    deregistration_delay: int
    slow_start: int
    algorithm: str
    health_check: TargetCheck


@dataclass(frozen=True, slots=True)
class ServiceConnect:
    dns_name: str
    port: int
    per_request_timeout: int
    idle_timeout: int


@dataclass(frozen=True, slots=True)
class Service:
    image: str
    cpu: int
    memory: int
    container_port: int
    environment: dict[str, str]
    stop_timeout: int
    container_health_check: ContainerCheck | None
    desired_count: int
    deployment: Deployment
    target_group: TargetGroup | None
    service_connect: ServiceConnect | None
    calls: list[str]
    container: Container = Container()


@dataclass(frozen=True, slots=True)
class Settings:
    name: str
    region: str
    availability_zones: list[str]
    namespace: str
    load_balancer: LoadBalancer
    services: dict[str, Service]

    def in_call_order(self) -> list[str]:
        """The services so that each comes after those it calls (R6.6)."""
        ordered: list[str] = []
        while len(ordered) < len(self.services):
            ready = [
                name
                for name, service in self.services.items()
                if name not in ordered and set(service.calls) <= set(ordered)
            ]
            ordered.append(ready[0])
        return ordered


def load(path: Path = DEFAULT) -> Settings:
    """Read and check a settings file. Raises WrongSettingsError."""
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise WrongSettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise WrongSettingsError(f"{path} is not JSON: {error}") from error
    return parse(document, path)


def parse(document: object, path: Path) -> Settings:
    """Check what was read of `path` already. Raises WrongSettingsError."""
    _check(document, path)
    assert isinstance(document, dict)
    return _parse(document, path)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of settings files."""
    loaded: dict[str, Any] = json.loads((INFRA / "app.schema.json").read_text())
    return loaded


def _check(document: object, path: Path) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path) or "the file"
        raise WrongSettingsError(f"{path}: {place}: {error.message}")


def _parse(document: dict[str, Any], path: Path) -> Settings:
    services = {name: _service(entry) for name, entry in document["services"].items()}
    balancer = LoadBalancer(**document["load_balancer"])
    settings = Settings(**(document | {"services": services, "load_balancer": balancer}))
    _check_calls(settings, path)
    return settings


def _service(entry: dict[str, Any]) -> Service:
    parts: dict[str, Any] = {
        "container_health_check": _optional(ContainerCheck, entry["container_health_check"]),
        "deployment": Deployment(**entry["deployment"]),
        "service_connect": _optional(ServiceConnect, entry["service_connect"]),
        "target_group": None,
        "container": Container(**entry.get("container", {})),
    }
    if group := entry["target_group"]:
        check = TargetCheck(**group["health_check"])
        parts["target_group"] = TargetGroup(**(group | {"health_check": check}))
    return Service(**(entry | parts))


def _optional(kind: Any, entry: dict[str, Any] | None) -> Any:  # noqa: ANN401 - any of ours
    assert fields(kind)
    return None if entry is None else kind(**entry)


def _check_calls(settings: Settings, path: Path) -> None:
    for name, service in settings.services.items():
        for callee in service.calls:
            other = settings.services.get(callee)
            if other is None or other.service_connect is None:
                raise WrongSettingsError(
                    f"{path}: services.{name}.calls names {callee!r}, which is no service with "
                    "a service_connect name here; give it one or remove the call"
                )
    _check_order(settings, path)


def _check_order(settings: Settings, path: Path) -> None:
    try:
        settings.in_call_order()
    except IndexError:
        raise WrongSettingsError(
            f"{path}: the services call each other in a circle; one of them must come first, "
            "because a Service Connect client only knows names that exist when it is deployed"
        ) from None

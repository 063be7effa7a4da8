"""Where a drill acts: the nouns it sees and the promises it relies on."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chaos.entries import DeploymentSeen, GroupSeen, RuleSeen
from chaos.run import ServiceSetup


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """How the caller names a target. Empty `services` means all services of the cluster."""

    kind: str = "local"  # or aws
    endpoint_url: str | None = None
    cluster: str = "rehearsal"
    services: tuple[str, ...] = ()
    url: str | None = None
    ca_file: str | None = None
    region: str | None = None
    allow_settings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a target is, as far as reports and the load need it.

    `time_scale` divides modelled durations. `interval_ms` is how often to poll, in real time.
    `reach` is how another process finds the same target; None where none can.
    """

    kind: str
    cluster: str
    url: str
    time_scale: float
    interval_ms: float
    ca_file: str | None = None
    limits: tuple[str, ...] = ()
    not_observable: tuple[str, ...] = ()
    allow_settings: bool = True
    reach: TargetOptions | None = None

    @property
    def trust(self) -> ssl.SSLContext | bool:
        """What httpx takes as `verify`: the target's own certificate authority if it has one."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True


@dataclass(frozen=True, slots=True)
class Breaker:
    """deploymentCircuitBreaker of a service. A drill changes the two flags only."""

    enable: bool = False
    rollback: bool = False
    threshold_type: str = "BOUNDED_PERCENT"
    threshold_value: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a new revision has other than its original; None: the same. Seconds are unscaled.

    All but the marker (REHEARSE_REVISION) is about the application's container: the first one with
    a port.
    """

    marker: str
    environment: Mapping[str, str] = field(default_factory=dict)
    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    image_tag: str | None = None
    stop_timeout: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionView:
    """The application's container in a task definition; `stop_timeout` in seconds, unscaled.

    `command` is entryPoint and command together; empty: the image's own.
    """

    task_definition: str
    stop_timeout: int
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A service's awsvpcConfiguration."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    public_address: str = "DISABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChange:
    """UpdateService's members that a drill may give; None: as it is."""

    task_definition: str | None = None
    network: Network | None = None
    desired_count: int | None = None
    grace_seconds: int | None = None
    breaker: Breaker | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    id: str
    at_ms: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """One service in DescribeServices, with the target groups of its load balancers."""

    name: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    minimum_healthy_percent: int
    groups: tuple[str, ...]
    deployments: tuple[DeploymentSeen, ...]
    events: tuple[EventView, ...] = ()
    grace_seconds: int = 0
    breaker: Breaker = field(default_factory=Breaker)
    network: Network | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """One task in DescribeTasks. `task` is the id, `task_definition` is family:revision."""

    service: str
    task: str
    status: str
    desired: str
    health: str
    task_definition: str
    address: str | None = None
    stop_code: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    started_ms: float | None = None
    stopped_ms: float | None = None
    started_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeploymentView:
    """One element of DescribeServiceDeployments; see ServiceDeploymentSeen."""

    service: str
    id: str
    status: str
    task_definition: str
    reason: str | None = None
    breaker: str | None = None
    failures: int = 0
    threshold: int | None = None
    rollback_reason: str | None = None
    rolled_back_to: str | None = None
    deployment: str | None = None


@dataclass(frozen=True, slots=True)
class HealthView:
    """One target in DescribeTargetHealth; `address` is ip:port."""

    address: str
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LogView:
    """One JSON log line of a task that has an `event`."""

    at_ms: float
    service: str
    task: str
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessView:
    """One line of the load balancer's access log."""

    at_ms: float
    duration_ms: float
    method: str
    path: str
    status: int
    flags: str
    details: str | None = None
    upstream: str | None = None
    request_id: str | None = None


class Target(Protocol):
    """ECS, ELBv2, CloudWatch Logs and security groups as a drill uses them.

    Calls raise TargetError. Every call has a timeout and may be made from any thread. Settings and
    durations are unscaled.
    """

    @property
    def place(self) -> Place: ...

    def setups(self) -> tuple[ServiceSetup, ...]:
        """The services the drill is about, as they are now, sorted by name."""

    def services(self) -> tuple[ServiceView, ...]: ...

    def tasks(self, known: Sequence[tuple[str, str]]) -> tuple[TaskView, ...]:
        """The running tasks of all services, and those of `known` (service, task id), ended too."""

    def stopped(self) -> frozenset[str]:
        """The ids of all stopped tasks that ECS still knows (an hour at least)."""

    def service_deployments(self) -> tuple[ServiceDeploymentView, ...]:
        """The latest service deployments of each service."""

    def health(self, group: str) -> tuple[HealthView, ...]: ...

    def attributes(self, group: str) -> Mapping[str, str]: ...

    def set_attributes(self, group: str, attributes: Mapping[str, str]) -> None: ...

    def health_check(self, group: str) -> Mapping[str, str]:
        """Interval, timeout and thresholds, by their names in DescribeTargetGroups."""

    def idle_timeout(self) -> float | None:
        """The load balancer's idle_timeout.timeout_seconds; None if there is none to ask."""

    def definition(self, task_definition: str) -> DefinitionView:
        """A task definition, by ARN or family:revision."""

    def register_revision(self, service: str, revision: Revision) -> str:
        """Copy the service's task definition with these changes; the new one's ARN."""

    def update_service(self, service: str, change: ServiceChange) -> None: ...

    def stop_task(self, task: str, reason: str) -> None:
        """StopTask by task id; `reason` becomes the task's stoppedReason."""

    def balancer_groups(self) -> tuple[str, ...]:
        """The ids of the load balancer's security groups; none where there is none to ask."""

    def security_groups(self, ids: Sequence[str]) -> tuple[GroupSeen, ...]:
        """Security groups with their rules, in the order of the ids."""

    def make_security_group(
        self, name: str, like: Sequence[GroupSeen], rules: Sequence[RuleSeen]
    ) -> str:
        """A new group with these rules, in the VPC of those that it is to stand in for; its id.

        Wherever a rule, its own or another group's, names one of them, a like rule names it.
        """

    def remove_security_group(self, name: str) -> bool:
        """Delete the group of that name and the rules that name it; false if there is none.

        Waits until no task has it any more, which must be under way.
        """

    def logs(self, since_ms: float) -> tuple[LogView, ...]:
        """The `listening` and `sigterm` lines of all services' tasks."""

    def access(self, since_ms: float) -> tuple[AccessView, ...] | None:
        """The load balancer's access log; None where it is not reachable."""


def revision_of(task_definition: str) -> str:
    """family:revision of a task definition's ARN."""
    return task_definition.rsplit("/", 1)[-1]


def group_name(group: str) -> str:
    """The name in a target group's ARN (`...:targetgroup/NAME/ID`)."""
    parts = group.split("/")
    return parts[1] if len(parts) > 1 else group

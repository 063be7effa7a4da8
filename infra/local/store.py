"""Everything the plane knows, in memory: the records behind the API and the controllers.

Handlers and controllers run on one event loop and change records in place between awaits, so no
record needs a lock. Whoever changes something that a controller must act on calls the matching
`Signals` method. Times are milliseconds of the plane's clock; durations are as the caller gave
them (seconds, unscaled). `document` is a request's own JSON, kept to be returned verbatim.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from infra.local.namespaces import CloudService, Namespace
from infra.local.releases import ServiceDeployment, ServiceRevision
from infra.local.scheduler.model import (
    HealthStatus,
    RolloutState,
    StopCode,
    TargetState,
    TaskStatus,
)
from infra.local.securitygroups import SecurityGroup

# Documents are JSON in botocore's member names, validated at the API's edge.
Document = dict[str, Any]

HISTORY_KEPT = 200  # service deployments; ECS keeps 90 days
EVENTS_KEPT = 100  # DescribeServices returns the last 100 (R2.12)
STOPPED_TASKS_KEPT_MS = 3_600_000  # stopped tasks stay visible at least an hour (R1.9)


class Signals(Protocol):
    """How the API wakes the controllers. Each call returns at once."""

    def service_changed(self, service_arn: str) -> None: ...

    def task_changed(self, task_arn: str) -> None: ...

    def balancer_changed(self, load_balancer_arn: str) -> None: ...

    def group_changed(self, target_group_arn: str) -> None: ...

    def security_changed(self) -> None: ...


@dataclass(slots=True)
class Cluster:
    name: str
    arn: str
    tags: dict[str, str] = field(default_factory=dict)
    settings: list[Document] = field(default_factory=list)
    status: str = "ACTIVE"
    service_connect_namespace: str | None = None
    configuration: Document | None = None
    capacity_providers: list[str] = field(default_factory=list)
    default_strategy: list[Document] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A container health check with ECS's defaults applied, in seconds (R1.30)."""

    command: tuple[str, ...]
    interval: int = 30
    timeout: int = 5
    retries: int = 3
    start_period: int = 0


@dataclass(frozen=True, slots=True)
class Port:
    container_port: int
    name: str | None = None
    app_protocol: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """What the plane acts on in a containerDefinition."""

    name: str
    image: str
    essential: bool = True
    command: tuple[str, ...] | None = None
    entry_point: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    stop_timeout: int = 30
    start_timeout: int | None = None
    health_check: HealthCheck | None = None
    depends_on: tuple[tuple[str, str], ...] = ()
    mounts: tuple[tuple[str, str, bool], ...] = ()  # source volume, container path, read only
    log_group: str | None = None
    log_stream_prefix: str | None = None


@dataclass(slots=True)
class TaskDefinition:
    arn: str
    family: str
    revision: int
    document: Document
    containers: tuple[Container, ...]
    registered_ms: int
    status: str = "ACTIVE"
    deregistered_ms: int | None = None
    tags: dict[str, str] = field(default_factory=dict)

    def container(self, name: str) -> Container | None:
        return next((c for c in self.containers if c.name == name), None)


@dataclass(frozen=True, slots=True)
class Alias:
    """A Service Connect name that clients may call: `http://<dns_name>:<port>` (R6.2)."""

    dns_name: str
    port: int
    service: str  # ARN of the ECS service that publishes it
    port_name: str  # the published portMapping's name


@dataclass(slots=True)
class Deployment:
    """One entry of a service's `deployments` (R3.11). The newest is PRIMARY.

    `aliases` are the Service Connect names that existed when the deployment was made: its tasks,
    replacements too, know these and no newer ones (R6.6).
    """

    id: str
    task_definition: str
    created_ms: int
    updated_ms: int
    status: str = "PRIMARY"  # or ACTIVE
    rollout: RolloutState = RolloutState.IN_PROGRESS
    reason: str = ""
    desired_count: int = 0
    document: Document = field(default_factory=dict)  # the service's, as it was deployed
    begun_ms: int = 0
    launch_failures: int = 0
    last_failure_ms: int = 0
    throttled: bool = False
    failures: int = 0
    failed_ms: int = 0
    ran: bool = False
    stop_asked: bool = False
    network: Document = field(default_factory=dict)
    service_connect: Document | None = None
    aliases: tuple[Alias, ...] = ()

    @property
    def number(self) -> str:
        """The 19 digits that the deployment shares with its service revision."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    id: str
    created_ms: int
    message: str


@dataclass(slots=True)
class Service:
    name: str
    arn: str
    cluster: str  # ARN
    task_definition: str  # ARN
    desired_count: int
    created_ms: int
    document: Document  # the effective CreateService input, UpdateService merged in
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    grace_period: int = 0  # healthCheckGracePeriodSeconds
    status: str = "ACTIVE"  # DRAINING, INACTIVE
    load_balancers: list[Document] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    events: deque[ServiceEvent] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))
    tags: dict[str, str] = field(default_factory=dict)
    steady: bool = False
    stuck: bool = False
    history: deque[ServiceDeployment] = field(default_factory=lambda: deque(maxlen=HISTORY_KEPT))
    revisions: dict[str, ServiceRevision] = field(default_factory=dict)  # by ARN

    @property
    def primary(self) -> Deployment:
        return next(d for d in self.deployments if d.status == "PRIMARY")


@dataclass(slots=True)
class ContainerState:
    """A container of a task, as DescribeTasks returns it."""

    name: str
    arn: str
    image: str
    runtime_id: str
    last_status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    image_digest: str | None = None
    health: HealthStatus = HealthStatus.UNKNOWN
    started_ms: int | None = None
    finished_ms: int | None = None
    essential: bool = True
    stop_timeout: int = 30
    depends_on: tuple[str, ...] = ()
    terminated_ms: int | None = None
    killed: bool = False
    starting: bool = False  # the runtime was told to start it, and has not said that it did


@dataclass(slots=True)
class Task:
    id: str
    arn: str
    cluster: str  # ARN
    task_definition: str  # ARN
    zone: str
    created_ms: int
    since_ms: int
    group: str = ""  # service:<name> or family:<family>
    started_by: str = ""  # the deployment's id for a service's task
    service: str | None = None  # ARN
    status: TaskStatus = TaskStatus.PROVISIONING
    desired: TaskStatus = TaskStatus.RUNNING
    health: HealthStatus = HealthStatus.UNKNOWN
    checked: bool = False
    address: str | None = None
    inner_address: str | None = None
    subnet: str = ""
    security_groups: tuple[str, ...] = ()  # of its interface, as long as the task lives
    overrides: Document = field(default_factory=dict)
    containers: list[ContainerState] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    version: int = 1
    attachment: str = ""
    interface: str = ""
    mac: str = ""
    pull_started_ms: int | None = None
    pull_stopped_ms: int | None = None
    connectivity_ms: int | None = None
    started_ms: int | None = None
    stop_asked_ms: int | None = None
    stopping_ms: int | None = None
    execution_stopped_ms: int | None = None
    stopped_ms: int | None = None
    died_ms: int | None = None
    condemned: bool = False
    counted: bool = False
    launched: bool = False  # the service's count of launches knows how this one went (R2.11)
    health_ms: int = 0
    drained_ms: dict[str, int | None] = field(default_factory=dict)  # by group; None: draining
    stop_code: StopCode | None = None
    stopped_reason: str | None = None


@dataclass(slots=True)
class Target:
    """One registered target, and what the health checker counted (sections 4.1, 4.2).

    `was_healthy`: it was so when it began to drain.
    """

    address: str
    port: int
    zone: str
    since_ms: int
    registered_ms: int
    state: TargetState = TargetState.INITIAL
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"
    passes: int = 0
    failures: int = 0
    was_healthy: bool = False


@dataclass(slots=True)
class TargetGroup:
    """A target group with the health check settings that ELB acts on, in seconds."""

    name: str
    arn: str
    protocol: str
    port: int
    vpc: str
    target_type: str = "ip"
    health_check_path: str = "/"
    health_check_port: str = "traffic-port"
    health_check_protocol: str = "HTTP"
    health_check_enabled: bool = True
    interval: int = 30
    timeout: int = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    matcher: str = "200"
    attributes: dict[str, str] = field(default_factory=dict)
    targets: dict[tuple[str, int], Target] = field(default_factory=dict)
    departed: list[Target] = field(default_factory=list)  # unused, but nodes have not heard (R4.32)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def deregistration_delay(self) -> int:
        return int(self.attributes["deregistration_delay.timeout_seconds"])


@dataclass(slots=True)
class Rule:
    arn: str
    priority: int | None  # None: the listener's default rule
    conditions: list[Document]
    actions: list[Document]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Listener:
    arn: str
    load_balancer: str  # ARN
    port: int
    protocol: str
    rules: list[Rule]  # the default rule among them
    certificates: list[str] = field(default_factory=list)
    ssl_policy: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class LoadBalancer:
    name: str
    arn: str
    dns_name: str
    scheme: str
    created_ms: int
    subnets: list[str]
    security_groups: list[str]
    zones: list[str]
    state: str = "active"
    attributes: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subnet:
    """What is known of a subnet that the fallback has."""

    zone: str
    vpc: str


@dataclass(slots=True)
class Store:
    """All records, keyed by ARN (namespaces, their services and security groups by id)."""

    region: str
    account: str = "000000000000"
    zones: tuple[str, ...] = ()  # availability zones; none given: two of the region
    account_settings: dict[str, str] = field(default_factory=dict)  # ECS's, by name
    clusters: dict[str, Cluster] = field(default_factory=dict)
    definitions: dict[str, TaskDefinition] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    groups: dict[str, TargetGroup] = field(default_factory=dict)
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    namespaces: dict[str, Namespace] = field(default_factory=dict)
    cloud_services: dict[str, CloudService] = field(default_factory=dict)  # by id
    security_groups: dict[str, SecurityGroup] = field(default_factory=dict)  # by id
    subnets: dict[str, Subnet] = field(default_factory=dict)  # by id

    def __post_init__(self) -> None:
        self.zones = self.zones or (f"{self.region}a", f"{self.region}b")

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def tasks_of(self, service: Service) -> Iterator[Task]:
        return (t for t in self.tasks.values() if t.service == service.arn)

    def listeners_of(self, balancer: LoadBalancer) -> Iterator[Listener]:
        return (x for x in self.listeners.values() if x.load_balancer == balancer.arn)

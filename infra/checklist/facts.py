"""The nouns of the checklist: what Terraform, a plan, an account or the plane says, typed.

All values are effective ones: AWS's default stands where nothing was set. Durations are seconds.
What no rule asks for is here so that two sources of facts can be held against each other.
A field that is not known raises NotKnownError when read. `at` is a resource's address: Terraform's
or its ARN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.checklist.expected import Expected
from infra.checklist.known import Fact
from infra.checklist.network import Endpoint, Nat, RouteTable, Subnet, Vpc
from infra.network.model import Rule as GroupRule


@dataclass(frozen=True, eq=False, repr=False)
class Port(Fact):
    """A port mapping of a container."""

    container_port: int
    name: str
    app_protocol: str


@dataclass(frozen=True, eq=False, repr=False)
class ContainerCheck(Fact):
    """A container's own health check, with ECS's defaults; no command: there is none."""

    command: tuple[str, ...]
    interval: int
    timeout: int
    retries: int
    start_period: int


@dataclass(frozen=True, eq=False, repr=False)
class Container(Fact):
    """A container definition."""

    name: str
    image: str
    essential: bool
    ports: tuple[Port, ...]
    environment: Mapping[str, str]
    secrets: tuple[str, ...]  # each one's valueFrom
    log_driver: str  # empty: none
    log_options: Mapping[str, str]
    stop_timeout: int
    check: ContainerCheck
    entry_point: tuple[str, ...]
    command: tuple[str, ...]
    read_only: bool
    user: str
    drops_all: bool  # all Linux capabilities
    init: bool  # a process 1 of ECS's that reaps
    mounts: tuple[str, ...]  # paths


@dataclass(frozen=True, eq=False, repr=False)
class TaskDefinition(Fact):
    at: str
    arn: str
    family: str
    network_mode: str
    compatibilities: tuple[str, ...]
    cpu: str
    memory: str
    architecture: str
    execution_role: str
    task_role: str
    fault_injection: bool
    containers: tuple[Container, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ServiceTarget(Fact):
    """A service's entry in a target group."""

    target_group: str
    container: str
    port: int


@dataclass(frozen=True, eq=False, repr=False)
class Alias(Fact):
    """What a service publishes by Service Connect."""

    port_name: str
    discovery_name: str
    dns_name: str  # empty: discovery name and namespace
    port: int
    ingress_port: int | None  # None: the container's
    per_request: int | None  # None: not set, 15
    idle: int | None  # None: not set, 300


@dataclass(frozen=True, eq=False, repr=False)
class Connect(Fact):
    """A service's Service Connect."""

    enabled: bool
    namespace: str  # ARN or name; empty: the cluster's
    aliases: tuple[Alias, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Service(Fact):
    at: str
    name: str
    cluster: str
    task_definition: str
    launch_type: str
    platform: str  # version
    desired: int
    minimum: int
    maximum: int
    breaker: bool
    breaker_rollback: bool
    alarms: tuple[str, ...]
    grace: int
    exec: bool
    rebalancing: bool
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    public_ip: bool
    targets: tuple[ServiceTarget, ...]
    registries: tuple[str, ...]
    connect: Connect
    scheduling: str
    controller: str
    managed_tags: bool
    propagated_tags: str  # from what; NONE


@dataclass(frozen=True, eq=False, repr=False)
class HealthCheck(Fact):
    path: str
    port: str
    interval: int
    timeout: int
    healthy: int
    unhealthy: int
    matcher: str
    protocol: str


@dataclass(frozen=True, eq=False, repr=False)
class TargetGroup(Fact):
    at: str
    arn: str
    name: str
    vpc: str
    target_type: str
    protocol: str
    port: int
    deregistration_delay: int
    slow_start: int
    algorithm: str
    check: HealthCheck


@dataclass(frozen=True, eq=False, repr=False)
class LoadBalancer(Fact):
    at: str
    arn: str
    name: str
    type: str
    internal: bool
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    idle_timeout: int
    client_keep_alive: int
    deletion_protection: bool
    zonal_shift: bool
    access_logs: bool
    drop_invalid: bool
    desync: str
    checks_private_link: bool  # of a network one: whether its groups count for PrivateLink


@dataclass(frozen=True, eq=False, repr=False)
class Action(Fact):
    """Of a listener or a rule."""

    type: str
    target_groups: tuple[str, ...]
    redirect_protocol: str
    redirect_port: str
    status: str  # of a redirect or of a fixed response
    body: str


@dataclass(frozen=True, eq=False, repr=False)
class Listener(Fact):
    at: str
    arn: str
    load_balancer: str
    port: int
    protocol: str
    ssl_policy: str
    certificate: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Condition(Fact):
    """What a request must have for a rule: one of the values."""

    field: str  # ELB's name: path-pattern, host-header
    values: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class ListenerRule(Fact):
    at: str
    listener: str
    priority: int
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Attachment(Fact):
    """A target that was put into a target group by hand, e.g. an ALB behind an NLB."""

    at: str
    target_group: str
    target: str


@dataclass(frozen=True, eq=False, repr=False)
class Group(Fact):
    """A security group; its rules are Permission records, wherever they were written."""

    at: str
    id: str
    name: str
    vpc: str


@dataclass(frozen=True, eq=False, repr=False)
class Permission(Fact):
    """One rule of a security group."""

    at: str
    group: str
    egress: bool
    rule: GroupRule


@dataclass(frozen=True, eq=False, repr=False)
class Namespace(Fact):
    at: str
    id: str
    arn: str
    name: str


@dataclass(frozen=True, eq=False, repr=False)
class Cluster(Fact):
    at: str
    arn: str
    name: str
    namespace: str  # Service Connect's default; empty: none
    insights: str


@dataclass(frozen=True, eq=False, repr=False)
class ScalableTarget(Fact):
    at: str
    resource: str  # service/CLUSTER/SERVICE
    minimum: int


@dataclass(frozen=True, eq=False, repr=False)
class Repository(Fact):
    at: str
    url: str
    immutable: bool


@dataclass(frozen=True, eq=False, repr=False)
class Role(Fact):
    """An IAM role with the documents of its own inline policies, parsed."""

    at: str
    arn: str
    name: str
    trust: Mapping[str, object]
    policies: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, eq=False, repr=False)
class WebAcl(Fact):
    """An association of a web ACL with what it guards."""

    at: str
    resource: str


@dataclass(frozen=True, eq=False, repr=False)
class Integration(Fact):
    """An API Gateway integration through a VPC link."""

    at: str
    timeout_ms: int


@dataclass(frozen=True, eq=False, repr=False)
class Facts(Fact):
    """Everything that is known. A kind that could not be asked for is Unknown as a whole."""

    source: str  # what to name it by: the file, the endpoint
    services: tuple[Service, ...] = ()
    task_definitions: tuple[TaskDefinition, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    listeners: tuple[Listener, ...] = ()
    listener_rules: tuple[ListenerRule, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    groups: tuple[Group, ...] = ()
    permissions: tuple[Permission, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    nats: tuple[Nat, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    vpcs: tuple[Vpc, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    scalable_targets: tuple[ScalableTarget, ...] = ()
    repositories: tuple[Repository, ...] = ()
    roles: tuple[Role, ...] = ()
    web_acls: tuple[WebAcl, ...] = ()
    integrations: tuple[Integration, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # depends_on, by address
    whole: bool = False  # what is not here does not exist: an account or a plane was asked
    expected: Expected = field(default_factory=Expected)

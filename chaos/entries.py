"""The lines of a run's journal. The same classes are written during a run and read by the judge.

`at_ms` is UTC epoch milliseconds. For something seen by polling it is the end of the poll that saw
it, and `error_ms` reaches back to the start of the poll that did not see it yet: the change
happened in (at_ms - error_ms, at_ms]. `error_ms` None: it was so when the watch began.
`line` is the line in journal.jsonl, from 1; 0 before the line is read back.
"""

from dataclasses import dataclass

TARGET_HEALTH = "target health"  # a source of observation
GONE = "gone"  # a target no longer listed by DescribeTargetHealth: unused


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at_ms: float
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Entry):
    """Something the drill did."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSeen(Entry):
    """A task changed (DescribeTasks). `started_ms`: it was RUNNING; both as ECS says, in UTC."""

    service: str
    task: str
    status: str
    desired: str
    health: str
    task_definition: str
    address: str | None = None
    error_ms: float | None = None
    stop_code: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    started_ms: float | None = None
    stopped_ms: float | None = None
    started_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSeen(Entry):
    """A target changed (DescribeTargetHealth). `address` is ip:port."""

    service: str
    group: str
    address: str
    state: str
    reason: str | None = None
    error_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSeen:
    id: str
    status: str
    task_definition: str
    rollout: str
    reason: str = ""
    failed_tasks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSeen(Entry):
    """A service's counts or deployments changed (DescribeServices)."""

    service: str
    desired: int
    running: int
    pending: int
    deployments: tuple[DeploymentSeen, ...]
    error_ms: float | None = None

    @property
    def primary(self) -> DeploymentSeen | None:
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDeploymentSeen(Entry):
    """A service deployment changed (DescribeServiceDeployments, DescribeServiceRevisions).

    `task_definition` is that of its target revision, `rolled_back_to` that of the revision it went
    back to. `breaker` is the circuit breaker's status; it trips when `failures` is `threshold`.
    `deployment` is the id in DescribeServices, `ecs-svc/N`.
    """

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
    error_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeen(Entry):
    """An ECS service event, at its own createdAt."""

    service: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSeen(Entry):
    """A task's own log line (`listening` or `sigterm`), at the time the task gives."""

    service: str
    task: str
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSeen(Entry):
    """A failed request in the load balancer's access log, at its arrival."""

    duration_ms: float
    method: str
    path: str
    status: int
    flags: str
    details: str | None = None
    upstream: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSeen(Entry):
    """A setting in effect from here on; unscaled, as the API returns it.

    `group` is empty for a setting of the service itself.
    """

    service: str
    name: str
    value: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionMade(Entry):
    """The drill registered this revision, with these changes, and told the service to use it.

    In a watch somebody else did; `deployment` is then the one that uses it, `ecs-svc/N`.
    """

    service: str
    task_definition: str
    changes: tuple[str, ...] = ()
    deployment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSeen:
    """One rule of a security group. `peer` is a group's id, a prefix list's, or a CIDR block."""

    egress: bool
    protocol: str  # -1: all
    from_port: int
    to_port: int
    peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSeen:
    """A security group (DescribeSecurityGroups)."""

    id: str
    name: str
    vpc: str
    rules: tuple[RuleSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySeen(Entry):
    """What stands between the load balancer and a service's new tasks, before they start.

    `groups` are the new tasks', `balancer` the load balancer's; `port` is that of the targets.
    """

    service: str
    port: int
    groups: tuple[GroupSeen, ...]
    balancer: tuple[GroupSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionSeen(Entry):
    """A task definition that tasks run (DescribeTaskDefinition); seconds unscaled.

    `task_definition` is family:revision. `drain_seconds` and `keep_alive_seconds` are what its
    environment has for the application, `command` entryPoint and command (empty: the image's own).
    """

    service: str
    task_definition: str
    stop_timeout: int
    command: tuple[str, ...] = ()
    drain_seconds: float | None = None
    keep_alive_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAliveSeen(Entry):
    """How long a task kept an idle connection, unscaled; None: for all the time it was watched."""

    service: str
    task: str
    address: str
    reachable: bool
    waited_seconds: float
    closed_seconds: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstSeen(Entry):
    """Many requests at once, on connections that had been idle for so long (unscaled)."""

    idle_seconds: float
    asked: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersSeen(Entry):
    """What was found when every acknowledged order was asked for. Lists hold at most 50 ids."""

    acknowledged: int
    found: int
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    unanswered: int = 0
    doubled_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSeen(Entry):
    """Who answered `GET /healthz` through the load balancer at the end, and with what version."""

    task: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationEnded(Entry):
    """How well one source was polled; `worst_error_ms` is the longest blind gap."""

    source: str
    polls: int
    failed: int
    worst_error_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Entry):
    """Anything a reader should know: a poll that failed, something not observable."""

    text: str


KINDS: dict[str, type[Entry]] = {
    "step": Step,
    "task": TaskSeen,
    "target": TargetSeen,
    "service": ServiceSeen,
    "service-deployment": ServiceDeploymentSeen,
    "event": EventSeen,
    "log": LogSeen,
    "access": AccessSeen,
    "setting": SettingSeen,
    "revision": RevisionMade,
    "security": SecuritySeen,
    "definition": DefinitionSeen,
    "keep-alive": KeepAliveSeen,
    "burst": BurstSeen,
    "orders": OrdersSeen,
    "answer": AnswerSeen,
    "observation": ObservationEnded,
    "note": Note,
}
KIND_OF = {cls: kind for kind, cls in KINDS.items()}

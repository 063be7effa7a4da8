"""A journal entry as a line for people."""

from chaos.entries import (
    AccessSeen,
    AnswerSeen,
    BurstSeen,
    DefinitionSeen,
    Entry,
    EventSeen,
    KeepAliveSeen,
    LogSeen,
    Note,
    ObservationEnded,
    OrdersSeen,
    RevisionMade,
    ServiceDeploymentSeen,
    ServiceSeen,
    SettingSeen,
    Step,
    TargetSeen,
    TaskSeen,
)
from chaos.target import group_name, revision_of


def narrate(entry: Entry) -> str:  # noqa: C901 - one case per kind of entry
    """What the entry says, without its time."""
    match entry:
        case Step():
            return f"* {entry.name}: {entry.text}"
        case TaskSeen():
            return (
                f"{entry.service} task {entry.task[:8]} ({entry.task_definition}) {_state(entry)}"
            )
        case TargetSeen():
            reason = f" ({entry.reason})" if entry.reason else ""
            return f"target {entry.address} of {group_name(entry.group)} {entry.state}{reason}"
        case ServiceSeen():
            return f"{entry.service}: {entry.running} of {entry.desired} run, {_rollouts(entry)}"
        case ServiceDeploymentSeen():
            return _service_deployment(entry)
        case EventSeen():
            return entry.message
        case LogSeen():
            return f"{entry.service} task {entry.task[:8]} logged {entry.event}"
        case AccessSeen():
            return _access(entry)
        case SettingSeen():
            owner = group_name(entry.group) or entry.service or "the load balancer"
            return f"{entry.name} of {owner} is {entry.value}"
        case RevisionMade():
            changes = "".join(f", {change}" for change in entry.changes)
            return f"{entry.service} is to run {revision_of(entry.task_definition)}{changes}"
        case DefinitionSeen() | KeepAliveSeen() | BurstSeen():
            return _end(entry)
        case OrdersSeen():
            return f"{entry.found} of {entry.acknowledged} acknowledged orders found"
        case AnswerSeen():
            return f"/healthz answered by task {entry.task}, version {entry.version}"
        case ObservationEnded():
            return f"{entry.source}: {entry.polls} polls, blind for {entry.worst_error_ms:.0f} ms"
        case Note():
            return entry.text
        case _:
            return type(entry).__name__


def _state(entry: TaskSeen) -> str:
    ended = f", exit {entry.exit_code}" if entry.exit_code is not None else ""
    reason = f", {entry.reason}" if entry.reason else ""
    return f"{entry.status}, desired {entry.desired}{ended}{reason}"


def _service_deployment(entry: ServiceDeploymentSeen) -> str:
    limit = "" if entry.threshold is None else f" of {entry.threshold}"
    breaker = (
        f", breaker {entry.breaker} ({entry.failures}{limit} failures)" if entry.breaker else ""
    )
    reason = f": {entry.reason}" if entry.reason else ""
    revision = revision_of(entry.task_definition)
    return f"{entry.service}'s service deployment to {revision} is {entry.status}{breaker}{reason}"


def _rollouts(entry: ServiceSeen) -> str:
    return ", ".join(
        f"{d.status} {revision_of(d.task_definition)} {d.rollout}" for d in entry.deployments
    )


def _access(entry: AccessSeen) -> str:
    upstream = f" by {entry.upstream}" if entry.upstream else ""
    return (
        f"{entry.method} {entry.path}: {entry.status} {entry.flags}{upstream}"
        f" after {entry.duration_ms:.0f} ms"
    )


def _end(entry: DefinitionSeen | KeepAliveSeen | BurstSeen) -> str:
    """What concerns the ends of tasks and of their connections."""
    match entry:
        case DefinitionSeen():
            return f"{entry.task_definition}: stopTimeout {entry.stop_timeout} s"
        case KeepAliveSeen(reachable=False):
            return f"{entry.service} task {entry.task[:8]} is not reachable: {entry.error}"
        case KeepAliveSeen(closed_seconds=None):
            waited = f"{entry.waited_seconds:.0f} s"
            return f"{entry.service} task {entry.task[:8]} kept an idle connection for {waited}"
        case KeepAliveSeen():
            closed = f"{entry.closed_seconds:.1f} s"
            return f"{entry.service} task {entry.task[:8]} closed an idle connection after {closed}"
        case BurstSeen():
            idle = f"after {entry.idle_seconds:.1f} s idle"
            return f"{entry.asked} requests at once {idle}, {entry.failed} without a good answer"

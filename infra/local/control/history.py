"""A service's history kept true: each service deployment follows what its deployment does (R3.14).

Level-based like the scheduler: `follow` looks at what is there, whatever happened since.
"""

from infra.local import store
from infra.local.control.specs import breaker
from infra.local.releases import Rollback, ServiceDeployment, Status, advance
from infra.local.scheduler.breaker import threshold
from infra.local.scheduler.model import FailCause, RolloutState

# R3.15 has the first; the others are our wording.
ROLLED_BACK = {
    FailCause.BREAKER: "Service deployment rolled back because the circuit breaker threshold was "
    "exceeded.",
    FailCause.REQUESTED: "Service deployment rolled back because it was stopped.",
}
STOPPED = "Service deployment stopped because the circuit breaker threshold was exceeded."


def follow(service: store.Service, now_ms: int) -> None:
    """Bring every entry that is not over up to date."""
    deployments = {d.id: d for d in service.deployments}
    for entry in service.history:
        if not entry.over:
            _follow(service, entry, deployments, now_ms)


def _follow(
    service: store.Service,
    entry: ServiceDeployment,
    deployments: dict[str, store.Deployment],
    now_ms: int,
) -> None:
    if entry.status is Status.PENDING:
        advance(entry, Status.IN_PROGRESS, now_ms)
    if entry.status is Status.STOP_REQUESTED:
        advance(entry, Status.STOPPED, now_ms)
    elif entry.status is Status.IN_PROGRESS:
        _follow_progress(service, entry, deployments[entry.deployment], now_ms)
    elif entry.status is Status.ROLLBACK_IN_PROGRESS and entry.rollback is not None:
        back = deployments[entry.rollback.deployment]
        if back.rollout is RolloutState.COMPLETED:
            advance(entry, Status.ROLLBACK_SUCCESSFUL, now_ms)
        elif back.rollout is RolloutState.FAILED:
            advance(entry, Status.ROLLBACK_FAILED, now_ms)


def _follow_progress(
    service: store.Service, entry: ServiceDeployment, deployment: store.Deployment, now_ms: int
) -> None:
    chosen = breaker(service.document["deploymentConfiguration"])
    entry.failures = deployment.failures
    entry.threshold = threshold(chosen, service.desired_count)
    if deployment.rollout is RolloutState.COMPLETED:
        advance(entry, Status.SUCCESSFUL, now_ms)


def fail(
    service: store.Service,
    failed: store.Deployment,
    back_to: store.Deployment | None,
    cause: FailCause,
    now_ms: int,
) -> None:
    """The deployment has failed and, unless there is nothing to go back to, is rolled back."""
    entry = next((e for e in service.history if e.deployment == failed.id and not e.over), None)
    if entry is None:
        return  # a rollback that fails: its own entry follows it
    entry.failures, entry.triggered = failed.failures, cause is FailCause.BREAKER
    if back_to is None:
        advance(entry, Status.STOP_REQUESTED, now_ms, STOPPED)
        return
    revision = next(r.arn for r in service.revisions.values() if r.deployment == back_to.id)
    entry.rollback = Rollback(ROLLED_BACK[cause], now_ms, back_to.id, revision)
    advance(entry, Status.ROLLBACK_IN_PROGRESS, now_ms, ROLLED_BACK[cause])

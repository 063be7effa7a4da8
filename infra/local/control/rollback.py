"""A deployment fails and, if there is one to go back to, another becomes PRIMARY again."""

from collections.abc import Iterator

from infra.local import store
from infra.local.api.ecs.deployments import restore_document
from infra.local.control import history, messages
from infra.local.scheduler.model import FailCause, RolloutState


def fail_deployment(
    service: store.Service,
    failed: store.Deployment,
    home: store.Deployment | None,
    cause: FailCause,
    now_ms: int,
) -> Iterator[str]:
    """Carry it out; yields the service events that say so (R3.6)."""
    history.fail(service, failed, home, cause, now_ms)
    failed.rollout, failed.updated_ms = RolloutState.FAILED, now_ms
    failed.reason = REASONS[cause].format(id=failed.id)
    if cause is FailCause.BREAKER:
        yield messages.failed(service.name, failed.id)
    if home is not None:
        _go_back(service, failed, home, cause, now_ms)
        yield messages.rolling_back(service.name, home.id)


def _go_back(
    service: store.Service,
    failed: store.Deployment,
    home: store.Deployment,
    cause: FailCause,
    now_ms: int,
) -> None:
    """The deployment goes back from COMPLETED to IN_PROGRESS and keeps its id (R3.7)."""
    restore_document(service, home)
    failed.status, home.status = "ACTIVE", "PRIMARY"
    failed.desired_count, home.desired_count = 0, service.desired_count
    home.rollout, home.reason = RolloutState.IN_PROGRESS, BACK[cause].format(id=home.id)
    home.begun_ms = home.updated_ms = now_ms
    home.failures = home.failed_ms = 0
    service.deployments.sort(key=lambda d: d.status != "PRIMARY")
    service.steady = service.stuck = False


# R3.9 has those of the circuit breaker; what ECS says of StopServiceDeployment is our wording.
REASONS = {
    FailCause.BREAKER: "ECS deployment circuit breaker: tasks failed to start.",
    FailCause.REQUESTED: "ECS deployment {id} stopped.",
}
BACK = {
    FailCause.BREAKER: "ECS deployment circuit breaker: rolling back to deploymentId {id}.",
    FailCause.REQUESTED: "ECS deployment stopped: rolling back to deploymentId {id}.",
}

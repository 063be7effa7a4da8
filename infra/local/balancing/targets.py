"""Registering and deregistering targets: what the API and the ECS scheduler ask of a group.

Call the matching `store.Signals.group_changed` afterwards.
"""

from infra.local.scheduler.model import TargetState
from infra.local.store import Target, TargetGroup

DRAINING = ("Target.DeregistrationInProgress", "Target deregistration is in progress")


def register(group: TargetGroup, address: str, port: int, zone: str, now_ms: int) -> None:
    """Make the target initial if it is new or draining; any other stays as it is (R4.35)."""
    known = group.targets.get((address, port))
    if known is None or known.state is TargetState.DRAINING:
        group.targets[address, port] = Target(
            address=address, port=port, zone=zone, since_ms=now_ms, registered_ms=now_ms
        )


def deregister(group: TargetGroup, address: str, port: int, now_ms: int) -> bool:
    """Begin draining the target; False if there was nothing to do (R4.30, R4.35).

    An unknown target succeeds, and one that is draining goes on as it was.
    """
    target = group.targets.get((address, port))
    if target is None or target.state is TargetState.DRAINING:
        return False
    target.was_healthy = target.state is TargetState.HEALTHY
    enter(target, TargetState.DRAINING, *DRAINING, now_ms=now_ms)
    return True


def enter(
    target: Target,
    state: TargetState,
    reason: str | None,
    description: str | None,
    *,
    now_ms: int,
) -> bool:
    """Set a target's state, the only way to; False if nothing of it changed."""
    if (target.state, target.reason, target.description) == (state, reason, description):
        return False
    if target.state is not state:
        target.since_ms = now_ms
    target.state, target.reason, target.description = state, reason, description
    return True

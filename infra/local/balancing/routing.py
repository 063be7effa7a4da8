"""Which targets of a group may get requests now (R4.10, R4.32)."""

from collections.abc import Iterable, Mapping

from infra.local.scheduler.model import TargetState
from infra.local.store import Target

PREFIX = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"
CANDIDATES = frozenset({TargetState.INITIAL, TargetState.HEALTHY, TargetState.UNHEALTHY})


def routable(
    targets: Iterable[Target],
    attributes: Mapping[str, str],
    now_ms: int,
    propagation_ms: int,
) -> tuple[Target, ...]:
    """The healthy targets; with fewer of them than the minimum, all registered ones: fail open.

    Draining targets are no candidates, but for `propagation_ms` the nodes have not yet heard of
    the draining and go on sending requests to those that were healthy.
    """
    present = list(targets)
    registered = [t for t in present if t.state in CANDIDATES]
    healthy = [t for t in registered if t.state is TargetState.HEALTHY]
    opened = len(healthy) < _minimum(attributes, len(registered))
    late = [t for t in present if still_routed(t, now_ms, propagation_ms)]
    return (*(registered if opened else healthy), *late)


def still_routed(target: Target, now_ms: int, propagation_ms: int) -> bool:
    """True while a draining target still gets requests (R4.32): one that got them before."""
    unheard = target.state is TargetState.DRAINING and now_ms < target.since_ms + propagation_ms
    return unheard and target.was_healthy


def leaves_in_ms(
    targets: Iterable[Target], pushed_ms: int, now_ms: int, propagation_ms: int
) -> int | None:
    """How long until the next draining target is to leave a node that was last told at `pushed_ms`.

    0 if its time came while the node was being told; None if none of them is still routed there.
    """
    ends = (
        target.since_ms + propagation_ms
        for target in targets
        if still_routed(target, pushed_ms, propagation_ms)
    )
    first_ms = min(ends, default=None)
    return None if first_ms is None else max(0, first_ms - now_ms)


def _minimum(attributes: Mapping[str, str], registered: int) -> int:
    """How many healthy targets it takes not to fail open: the count (at least 1) or the share."""
    count = int(attributes.get(f"{PREFIX}.count", "1"))
    percentage = attributes.get(f"{PREFIX}.percentage", "off")
    share = 0 if percentage == "off" else -(-registered * int(percentage) // 100)
    return max(count, share)

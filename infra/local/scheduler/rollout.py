"""Rolling update, replacement and scaling: what to start and what to stop (R2.1-R2.6).

One set of rules serves all three, because all are the same question: how many tasks of which
deployment should there be, and what may be done about it now without breaking the floor (the
minimum healthy percent) or the ceiling (the maximum percent)?
"""

from infra.local.scheduler.draft import Draft
from infra.local.scheduler.health import failed_target
from infra.local.scheduler.model import Deployment, Observed, RolloutState, ServiceSpec, Task
from infra.local.scheduler.placement import pick_zones
from infra.local.scheduler.retire import Budget, retire_old, scale_in, stop_failed
from infra.local.scheduler.steps import MarkStuck, MarkThrottled, StartTask
from infra.local.scheduler.throttle import THROTTLE_AFTER, pause_ms
from infra.local.scheduler.view import Crew, View


def floor_count(spec: ServiceSpec) -> int:
    """How many tasks must stay healthy: the percentage rounded up (R2.1)."""
    return -(-spec.desired_count * spec.minimum_healthy_percent // 100)


def ceiling_count(spec: ServiceSpec) -> int:
    """How many tasks may be RUNNING or on their way there: the percentage rounded down (R2.1)."""
    return spec.desired_count * spec.maximum_percent // 100


def roll(spec: ServiceSpec, observed: Observed, view: View, draft: Draft) -> None:
    """Add the starts and stops of this pass."""
    room = max(0, ceiling_count(spec) - len(view.active))
    floor = floor_count(spec)
    budget = Budget(room, view.healthy_count - floor, floor - len(view.primary.healthy))
    _restore_old(spec, observed, view, budget, draft)
    held_back = _start_new(spec, observed, view, budget, draft)
    short = 0 if room else held_back  # first comes what there is room for
    stopped = stop_failed(spec, view, short, draft)
    stopped += retire_old(spec, view, short - stopped, budget, draft)
    stopped += scale_in(spec, view, budget, draft)
    if short and not stopped and _is_stuck(view, observed):
        draft.add(MarkStuck("no task may start or stop within the percentages (R2.1)"))


def _is_stuck(view: View, observed: Observed) -> bool:
    """Whether nothing under way can free the ceiling either."""
    crews = (view.primary, *view.old)
    waiting = view.primary.ripe < len(view.primary.healthy)
    return not (observed.stuck or waiting or any(c.young or c.failed for c in crews))


def _restore_old(
    spec: ServiceSpec, observed: Observed, view: View, budget: Budget, draft: Draft
) -> None:
    """Replace lost old tasks by their own revision while new ones cannot stand in (R2.5)."""
    missing = budget.wanted - sum(crew.hopeful for crew in view.old)
    home = next((c for c in view.old if c.deployment.rollout is RolloutState.COMPLETED), None)
    if home is not None and missing > 0:
        _start(spec, observed, view, home, min(missing, budget.room), budget, draft)


def _start_new(
    spec: ServiceSpec, observed: Observed, view: View, budget: Budget, draft: Draft
) -> int:
    """Start what the primary deployment lacks; returns how many the ceiling held back."""
    crew = view.primary
    lacking = spec.desired_count - crew.hopeful
    if lacking <= 0 or crew.deployment.rollout is RolloutState.FAILED:
        return 0
    count = min(lacking, budget.room)
    _start(spec, observed, view, crew, count, budget, draft)
    return lacking - count


def _start(
    spec: ServiceSpec,
    observed: Observed,
    view: View,
    crew: Crew,
    count: int,
    budget: Budget,
    draft: Draft,
) -> None:
    if count <= 0 or not _may_launch(spec, observed, crew, draft):
        return
    budget.room -= count
    unhealthy = bool(crew.failed)
    why = "replaces an unhealthy task" if unhealthy else "fewer tasks than desired"
    for zone in pick_zones(count, spec.zones, crew.active, view.active):
        draft.add(StartTask(crew.deployment.id, zone, why, unhealthy))


def _may_launch(spec: ServiceSpec, observed: Observed, crew: Crew, draft: Draft) -> bool:
    deployment = crew.deployment
    pause = pause_ms(deployment.launch_failures, spec.tempo)
    if deployment.launch_failures >= THROTTLE_AFTER and not deployment.throttled:
        draft.add(MarkThrottled(deployment.id, "launches fail again and again (R2.11)"))
    lost_ms = _last_loss_ms(observed, deployment, crew)
    in_time = draft.due(lost_ms + spec.tempo.replace_ms, "replacement of a lost task (R1.23)")
    return draft.due(deployment.last_failure_ms + pause, "throttled launch (R2.11)") and in_time


def _last_loss_ms(observed: Observed, deployment: Deployment, crew: Crew) -> int:
    ends = [t.died_ms for t in observed.tasks if t.deployment == deployment.id]
    died = [at_ms for at_ms in ends if at_ms is not None]
    sick = [_sick_since_ms(t) for t in crew.failed]
    return max([*died, *sick], default=-(1 << 62))


def _sick_since_ms(task: Task) -> int:
    target = failed_target(task)
    return task.health_ms if target is None else target.since_ms

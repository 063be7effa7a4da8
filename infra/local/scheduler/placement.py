"""Spreading tasks over Availability Zones, at launch and at stop (R2.16)."""

from collections import Counter
from collections.abc import Iterable

from infra.local.scheduler.model import Task


def pick_zones(
    count: int, zones: Iterable[str], same: Iterable[Task], all_tasks: Iterable[Task]
) -> tuple[str, ...]:
    """Zones for `count` new tasks: each where its own deployment has fewest, then the service."""
    ordered = tuple(sorted(zones))
    own = Counter(t.zone for t in same)
    service = Counter(t.zone for t in all_tasks)
    picked = []
    for _ in range(count):
        zone = min(ordered, key=lambda z: (own[z], service[z], z))
        own[zone] += 1
        service[zone] += 1
        picked.append(zone)
    return tuple(picked)


def pick_stops(count: int, candidates: Iterable[Task]) -> tuple[Task, ...]:
    """Which `count` tasks to stop: from the fullest zone each time, the newest there first."""
    left = sorted(candidates, key=lambda t: (t.created_ms, t.id))
    picked: list[Task] = []
    while left and len(picked) < count:
        crowd = Counter(t.zone for t in left)
        task = max(left, key=lambda t: (crowd[t.zone], t.created_ms, t.id))
        left.remove(task)
        picked.append(task)
    return tuple(picked)

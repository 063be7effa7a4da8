"""Load on a stack while something goes on, and what came of every request."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.load import Load, LoadPlan
from chaos.records import Request, read_records, tally
from chaos.stop import Stop
from tests.compose.stack import SERVICES, Stack
from tests.plane.up import wait_for

LONGEST_S = 5.0
SETTLED_S = 120.0


@dataclass
class Traffic:
    """The load while it runs, and its requests once it has ended."""

    record: Path
    requests: tuple[Request, ...] = field(default=())

    def count(self) -> int:
        """How many arrivals were recorded so far."""
        return tally(self.record, 0).arrivals

    @property
    def failed(self) -> list[Request]:
        return [r for r in self.requests if r.error is not None]


@contextmanager
def load(stack: Stack, record: Path, rate: float = 60.0, limit_s: float = 900) -> Iterator[Traffic]:
    """Requests at that rate (per second) meanwhile; those in flight at the end are awaited."""
    traffic = Traffic(record)
    plan = LoadPlan(
        url=stack.url,
        rate=rate,
        record=record,
        time_scale=stack.scale,
        seed=1,
        longest_seconds=LONGEST_S,
        duration_seconds=limit_s,
    )
    process = Load(plan)
    process.start(Stop())
    try:
        yield traffic
        assert process.finish() is None
    finally:
        process.kill()
    traffic.requests = read_records(record).requests


def redeploy(stack: Stack, services: tuple[str, ...] = SERVICES) -> None:
    """Force a new deployment of each, and wait until they are completed."""
    ecs = stack.client("ecs")
    for name in services:
        ecs.update_service(cluster="rehearsal", service=name, forceNewDeployment=True)
    wait_for(lambda: settled(stack), SETTLED_S, lambda: json.dumps(rollouts(stack)))


def settled(stack: Stack) -> bool:
    return all(states == ["COMPLETED"] for states in rollouts(stack).values())


def rollouts(stack: Stack) -> dict[str, list[str]]:
    found = stack.client("ecs").describe_services(cluster="rehearsal", services=list(SERVICES))
    return {s["serviceName"]: [d["rolloutState"] for d in s["deployments"]] for s in
            found["services"]}  # fmt: skip


def roll(stack: Stack, record: Path, count: int, rate: float) -> dict[str, Any]:
    """Deploy both services anew until so many requests were sent; none may have failed."""
    rolled = 0
    with load(stack, record, rate, limit_s=count / rate * 3 + SETTLED_S) as traffic:
        while traffic.count() < count:
            redeploy(stack)
            rolled += len(SERVICES)
    assert traffic.failed == [], traffic.failed[:5]
    served = len({r.task for r in traffic.requests if r.task})
    return {"requests": len(traffic.requests), "failed": 0, "deployments": rolled, "tasks": served}


def running(stack: Stack, service: str) -> set[str]:
    """The ids of the service's running tasks."""
    ecs = stack.client("ecs")
    arns = ecs.list_tasks(cluster="rehearsal", serviceName=service)["taskArns"]
    if not arns:
        return set()
    described = ecs.describe_tasks(cluster="rehearsal", tasks=arns)["tasks"]
    return {t["taskArn"].rpartition("/")[2] for t in described if t["lastStatus"] == "RUNNING"}


def until(
    condition: Callable[[], object],
    limit_s: float = SETTLED_S,
    why: Callable[[], object] = lambda: "not in time",
) -> None:
    wait_for(condition, limit_s, lambda: str(why()))

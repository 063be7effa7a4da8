"""What DescribeTasks says of a task that the scheduler stops: the exact texts (section 1.2)."""

from dataclasses import replace

import pytest

from infra.local.scheduler.model import HealthStatus, Observed, ServiceSpec, StopCode
from infra.local.scheduler.reconcile import reconcile
from infra.local.scheduler.steps import StopTask
from tests.scheduler.situation import (
    NEW,
    NOW_MS,
    ONLY,
    deploying,
    healthy,
    probed,
    quiet,
    service,
    sick,
)

DEPLOYMENT = "ecs-svc/1234567890123456789"
GROUP = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/73e2d6bc24d8a067"


def stopped(spec: ServiceSpec, observed: Observed) -> list[StopTask]:
    plan = reconcile(spec, observed, NOW_MS)
    return [step for step in plan.steps if isinstance(step, StopTask)]


def test_scale_in_names_the_deployment() -> None:
    only = replace(ONLY, id=DEPLOYMENT)
    tasks = (healthy("o1", DEPLOYMENT), healthy("o2", DEPLOYMENT))
    (stop,) = stopped(service(1), Observed((only,), tasks))
    assert stop.reason == f"Scaling activity initiated by (deployment {DEPLOYMENT})"


def test_a_deployment_names_the_new_deployment() -> None:
    new = replace(NEW, id=DEPLOYMENT)
    tasks = (healthy("o1"), healthy("n1", DEPLOYMENT))
    (stop,) = stopped(service(1), deploying(*tasks, new=new))
    assert (stop.task, stop.reason) == (
        "o1",
        f"Scaling activity initiated by (deployment {DEPLOYMENT})",
    )


def test_a_task_that_its_load_balancer_condemned_names_the_target_group() -> None:
    spec = service(1, groups=(GROUP,))
    (ill,) = (replace(t, group=GROUP) for t in sick("o1").targets)
    (well,) = (replace(t, group=GROUP) for t in healthy("o2").targets)
    tasks = (replace(sick("o1"), targets=(ill,)), replace(healthy("o2"), targets=(well,)))
    (stop,) = stopped(spec, quiet(*tasks))
    assert stop.reason == f"Task failed ELB health checks in (target-group {GROUP})"


def test_a_task_that_its_own_check_condemned() -> None:
    tasks = (probed(healthy("o1"), HealthStatus.UNHEALTHY), healthy("o2"))
    (stop,) = stopped(service(1), quiet(*tasks))
    assert stop.reason == "Task failed container health checks"


@pytest.mark.parametrize(
    "observed", [quiet(healthy("o1"), healthy("o2")), quiet(sick("o1"), healthy("o2"))]
)
def test_the_scheduler_stops_with_one_code_only(observed: Observed) -> None:
    assert {s.code for s in stopped(service(1), observed)} == {StopCode.SERVICE_SCHEDULER_INITIATED}

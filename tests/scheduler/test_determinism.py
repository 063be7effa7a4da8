"""The same situation gives the same plan, in whatever order it is told and under any hash seed."""

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace

import pytest

from infra.local.scheduler.model import Observed, ServiceSpec, Task
from infra.local.scheduler.reconcile import reconcile, reconcile_task
from tests.scheduler import breaker_cases, ending_cases, health_cases, rollout_cases
from tests.scheduler.case import Case
from tests.scheduler.situation import NOW_MS, healthy, leaving, running

CASES = (
    *rollout_cases.CASES,
    *health_cases.CASES,
    *ending_cases.CASES,
    *breaker_cases.CASES,
)


def shuffled(observed: Observed, rng: random.Random) -> Observed:
    """The same situation with every tuple in another order."""

    def mix(task: Task) -> Task:
        return replace(
            task,
            targets=tuple(rng.sample(task.targets, len(task.targets))),
            containers=tuple(rng.sample(task.containers, len(task.containers))),
        )

    tasks = [mix(task) for task in observed.tasks]
    deployments = tuple(rng.sample(observed.deployments, len(observed.deployments)))
    return replace(observed, deployments=deployments, tasks=tuple(rng.sample(tasks, len(tasks))))


def turned(spec: ServiceSpec) -> ServiceSpec:
    return replace(spec, groups=spec.groups[::-1], zones=spec.zones[::-1])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_order_of_the_input_does_not_matter(case: Case) -> None:
    rng = random.Random(case.sentence)
    expected = reconcile(case.spec, case.observed, NOW_MS)
    for _ in range(3):
        told = shuffled(case.observed, rng)
        assert reconcile(turned(case.spec), told, NOW_MS) == expected


def digest_of_all_plans() -> str:
    """One digest over every case's plan; printed by each subprocess below."""
    plans = [repr(reconcile(case.spec, case.observed, NOW_MS)) for case in CASES]
    return hashlib.sha256("\n".join(plans).encode()).hexdigest()


def test_hash_seed_does_not_matter() -> None:
    script = "from tests.scheduler.test_determinism import digest_of_all_plans as d; print(d())"
    running_ = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "1", "4242")
    ]
    told = {child.communicate(timeout=30)[0].strip() for child in running_}
    assert told == {digest_of_all_plans()}


def test_a_task_of_no_service_ends_without_waiting() -> None:
    task = replace(leaving(running("t1")), targets=())
    assert [type(s).__name__ for s in reconcile_task(task, NOW_MS).steps] == ["BeginStop"]


def test_a_task_of_no_service_that_runs_needs_nothing_and_says_so() -> None:
    plan = reconcile_task(healthy("t1"), NOW_MS)
    assert plan.steps == ()
    assert plan.look_again_at_ms is None
    assert "runs" in plan.why

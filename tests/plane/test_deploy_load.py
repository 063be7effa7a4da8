"""`rehearse deploy` of bad revisions and a slow one while clients send requests: none fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.load import Load, LoadPlan
from chaos.records import read_records
from chaos.stop import Stop
from tests.plane.test_deploy import SICK, deploy, service
from tests.plane.up import Up

pytestmark = [pytest.mark.runtime, pytest.mark.drill]

RATE = 100.0
SCALE = 10
THRESHOLD = 3  # of 2 desired tasks (R3.1)
# 4 s until it listens, within the settings' grace period of 60 s
SLOW = ("--env", "FAULTS=allow", "--env", f"FAULT_START_DELAY_SECONDS={4 * SCALE}")
BAD: list[tuple[str, tuple[str, ...]]] = [
    ("Task failed ELB health checks", SICK),
    ("CannotPullContainerError", ("--image", "order-api:nope")),
    ("exited with 3", ("--command", "sh -c 'exit 3'")),
]


def test_no_client_notices_any_of_them(make_plane: Callable[..., Up], tmp_path: Path) -> None:
    plane = make_plane(scale=SCALE).start()
    (home,) = service(plane)["deployments"]
    load = _load(plane, tmp_path / "requests.sqlite")
    load.start(Stop())
    try:
        for why, words in BAD:
            code, answer, said = deploy(plane, tmp_path, *words)
            assert (code, answer["outcome"]) == (1, "ROLLED_BACK"), said
            assert why in " ".join(answer["why"])
            release = _release(plane, answer)
            assert release["status"] == "ROLLBACK_SUCCESSFUL"
            expected = {"status": "TRIGGERED", "failureCount": THRESHOLD, "threshold": THRESHOLD}
            assert release["deploymentCircuitBreaker"] == expected
            _assert_stable_without(plane, answer["deployment"])
            assert [d["id"] for d in service(plane)["deployments"]] == [home["id"]]
        code, answer, said = deploy(plane, tmp_path, *SLOW)
        assert (code, answer["outcome"]) == (0, "SUCCESSFUL"), said
        assert load.finish() is None
    finally:
        load.kill()
    rows = read_records(tmp_path / "requests.sqlite").requests
    print(f"{len(rows)} requests")
    assert len(rows) > 1000
    assert [row for row in rows if row.error is not None] == []


def _load(plane: Up, record: Path) -> Load:
    return Load(
        LoadPlan(
            url=plane.url,
            rate=RATE,
            record=record,
            time_scale=SCALE,
            seed=1,
            longest_seconds=5,
            duration_seconds=400,
        )
    )


def _release(plane: Up, answer: dict[str, Any]) -> dict[str, Any]:
    described = plane.client("ecs").describe_service_deployments(
        serviceDeploymentArns=[answer["service_deployment"]]
    )
    found: dict[str, Any] = described["serviceDeployments"][0]
    return found


def _assert_stable_without(plane: Up, failed: str) -> None:
    """The failed deployment leaves the list, and boto3's waiter is content."""
    waiter = plane.client("ecs").get_waiter("services_stable")
    waiter.wait(
        cluster="rehearsal", services=["order-api"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert failed not in {deployment["id"] for deployment in service(plane)["deployments"]}

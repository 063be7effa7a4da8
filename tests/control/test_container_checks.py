"""The container health check's arithmetic (R1.30, R1.31)."""

import pytest

from infra.local.control.checks import CheckCount, count, task_health
from infra.local.scheduler.model import HealthStatus

UNKNOWN, HEALTHY, UNHEALTHY = HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY


@pytest.mark.parametrize(
    ("before", "passed", "starting", "after"),
    [
        pytest.param(CheckCount(), True, False, CheckCount(HEALTHY), id="one pass is enough"),
        pytest.param(CheckCount(), True, True, CheckCount(HEALTHY), id="in startPeriod as well"),
        pytest.param(CheckCount(), False, True, CheckCount(), id="startPeriod forgives failures"),
        pytest.param(
            CheckCount(HEALTHY), False, True, CheckCount(HEALTHY, 1), id="but not after a pass"
        ),
        pytest.param(
            CheckCount(HEALTHY, 1), False, False, CheckCount(HEALTHY, 2), id="below retries"
        ),
        pytest.param(
            CheckCount(HEALTHY, 2), False, False, CheckCount(UNHEALTHY, 3), id="at retries"
        ),
        pytest.param(CheckCount(UNHEALTHY, 3), True, False, CheckCount(HEALTHY), id="it recovers"),
    ],
)
def test_one_more_check(
    before: CheckCount, passed: bool, starting: bool, after: CheckCount
) -> None:
    assert count(before, passed=passed, retries=3, starting=starting) == after


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        pytest.param([], UNKNOWN, id="no container"),
        pytest.param([(UNKNOWN, False)], UNKNOWN, id="no check"),
        pytest.param([(HEALTHY, True), (UNKNOWN, False)], HEALTHY, id="only checked ones count"),
        pytest.param([(HEALTHY, True), (UNKNOWN, True)], UNKNOWN, id="one is not known yet"),
        pytest.param([(HEALTHY, True), (UNHEALTHY, True)], UNHEALTHY, id="one is unhealthy"),
    ],
)
def test_a_task_is_as_healthy_as_its_essential_containers(
    containers: list[tuple[HealthStatus, bool]], expected: HealthStatus
) -> None:
    assert task_health(containers) is expected

"""The container health check's arithmetic (R1.30, R1.31). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.local.scheduler.model import HealthStatus


@dataclass(frozen=True, slots=True)
class CheckCount:
    """A container's health and how many checks in a row have failed."""

    health: HealthStatus = HealthStatus.UNKNOWN
    failures: int = 0


def count(before: CheckCount, *, passed: bool, retries: int, starting: bool) -> CheckCount:
    """The count after one more check. `starting`: within startPeriod, where failures are free
    as long as no check has passed."""
    if passed:
        return CheckCount(HealthStatus.HEALTHY)
    if starting and before.health is HealthStatus.UNKNOWN:
        return before
    failures = before.failures + 1
    health = HealthStatus.UNHEALTHY if failures >= retries else before.health
    return CheckCount(health, failures)


def task_health(essential: Iterable[tuple[HealthStatus, bool]]) -> HealthStatus:
    """A task's health from its essential containers' (health, has a check) (R1.31)."""
    checked = [health for health, has_check in essential if has_check]
    if HealthStatus.UNHEALTHY in checked:
        return HealthStatus.UNHEALTHY
    if checked and all(health is HealthStatus.HEALTHY for health in checked):
        return HealthStatus.HEALTHY
    return HealthStatus.UNKNOWN

"""Settings by their names in the AWS APIs, and which value was in effect when."""

from chaos.entries import SettingSeen
from chaos.history import History

DELAY = "deregistration_delay.timeout_seconds"
GRACE = "healthCheckGracePeriodSeconds"
BREAKER = "deploymentCircuitBreaker.enable"
ROLLBACK = "deploymentCircuitBreaker.rollback"
THRESHOLD = "deploymentCircuitBreaker.thresholdConfiguration"
DESIRED = "desiredCount"
IDLE_TIMEOUT = "idle_timeout.timeout_seconds"
DRAIN = "DRAIN_SECONDS"  # the services' own: how long to serve on after SIGTERM
KEEP_ALIVE = "KEEP_ALIVE_SECONDS"  # and how long to keep an idle connection
INTERVAL = "HealthCheckIntervalSeconds"
HEALTHY_COUNT = "HealthyThresholdCount"
UNHEALTHY_COUNT = "UnhealthyThresholdCount"


def in_effect(
    history: History, service: str, name: str, at_ms: float = float("inf")
) -> SettingSeen | None:
    """The last value of a service's setting recorded up to a moment; None if there is none."""
    found = [
        entry
        for entry in history.of(SettingSeen)
        if entry.service == service and entry.name == name and entry.at_ms <= at_ms
    ]
    return found[-1] if found else None


def number_in_effect(history: History, service: str, name: str) -> float | None:
    """The same as a number, at the end of the run's steps."""
    seen = in_effect(history, service, name)
    return float(seen.value) if seen is not None else None

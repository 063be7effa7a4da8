"""The growing pause between launches that fail (R2.11; the curve is a calibrated guess)."""

from infra.local.scheduler.model import Tempo

THROTTLE_AFTER = 3  # failed launches in a row before the service says so


def pause_ms(failures: int, tempo: Tempo) -> int:
    """How long to wait after the last of `failures` launches in a row that never got RUNNING."""
    if failures == 0:
        return 0
    doublings = min(failures - 1, 30)
    return min(tempo.throttle_ms << doublings, tempo.throttle_max_ms)

"""The order in which a task's containers start (R1.32). Pure."""

from infra.local.scheduler.model import HealthStatus
from infra.local.store import Container, ContainerState


def start_order(containers: tuple[Container, ...]) -> tuple[Container, ...]:
    """The containers so that each comes after those it depends on; otherwise as declared."""
    placed: list[Container] = []
    waiting = list(containers)
    while waiting:
        names = {c.name for c in placed}
        ready = [c for c in waiting if all(name in names for name, _ in c.depends_on)]
        if not ready:
            raise ValueError(f"dependsOn is circular or unknown in {[c.name for c in waiting]}")
        placed.append(ready[0])
        waiting.remove(ready[0])
    return tuple(placed)


def is_met(condition: str, state: ContainerState) -> bool:
    """Whether the container is in the condition that another waits for."""
    match condition:
        case "START":
            return state.started_ms is not None
        case "HEALTHY":
            return state.health is HealthStatus.HEALTHY
        case "COMPLETE":
            return state.last_status == "STOPPED"
        case "SUCCESS":
            return state.last_status == "STOPPED" and state.exit_code == 0
        case _:
            raise ValueError(f"dependsOn condition {condition!r} is unknown")

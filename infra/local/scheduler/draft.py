"""A plan in the making: the rules add steps and times to look again."""

from infra.local.scheduler.steps import Plan, Step


class Draft:
    """Collects what the rules of one pass decide. Lives for one call of `reconcile` only."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.steps: list[Step] = []
        self._waits: list[tuple[int, str]] = []

    def add(self, step: Step) -> None:
        self.steps.append(step)

    def due(self, at_ms: int, why: str) -> bool:
        """Whether the time has come; if not, the pass that follows is asked for at that time."""
        if at_ms <= self.now_ms:
            return True
        self._waits.append((at_ms, why))
        return False

    def plan(self, idle: str) -> Plan:
        """The finished plan; `idle` says why there is nothing to do, if nothing waits either."""
        first = min(self._waits, default=None)
        waiting = f"waiting: {first[1]}" if first else idle
        why = self.steps[0].why if self.steps else waiting
        return Plan(tuple(self.steps), why, first[0] if first else None)

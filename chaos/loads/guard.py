"""What ends a load early: it dies, too much fails, no threshold can be met, its knee is found."""

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.clock import Clock
from chaos.loads.hope import Hope
from chaos.loads.progress import Progress
from chaos.lookout import Found
from chaos.outcome import Outcome
from chaos.run import Limits

FEW = 20  # fewer recent arrivals than this say nothing about a share


@dataclass(frozen=True, slots=True)
class LoadGuard:
    """What a lookout looks at during a load. `hopes` empty: nothing ends it early."""

    progress: Progress
    limits: Limits
    clock: Clock
    hopes: Sequence[Hope]

    def look(self) -> Found | None:
        """The outcome and why to end the load, in words; None while it should go on."""
        why = self._why()
        return None if why is None else (Outcome.ABORTED, why)

    def _why(self) -> str | None:
        rows = self.progress.read()
        for hope in self.hopes:
            hope.add(rows)
            if (lost := hope.lost) is not None:
                return lost
        if not self.hopes:
            return None
        window_ms = self.limits.error_window_real_seconds * 1000
        count, percent = self.progress.recent_share(self.clock.now_ms() - window_ms)
        limit = max(self.limits.error_share_percent, *(hope.may_fail for hope in self.hopes))
        if count < FEW or percent <= limit:
            return None
        return f"guard: {percent:.0f} % of the last {count} requests failed (limit {limit:g} %)"

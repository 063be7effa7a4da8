"""What ends a run early: the load dying, too many failures, the deadline."""

from dataclasses import dataclass
from pathlib import Path

from chaos.clock import Clock
from chaos.load import Load
from chaos.lookout import Found
from chaos.outcome import Outcome
from chaos.records import tally
from chaos.run import Limits
from chaos.stop import Deadline

FEW = 20  # fewer recent arrivals than this say nothing about a share


@dataclass(frozen=True, slots=True)
class Guard:
    """What a lookout looks at during a drill."""

    load: Load
    record: Path
    limits: Limits
    deadline: Deadline
    clock: Clock

    def look(self) -> Found | None:
        """The outcome and reason to stop with, None while all is well."""
        if (why := self.load.ended) is not None:
            return Outcome.INVALID, f"load not offered: the load ended during the drill ({why})"
        if self.deadline.over:
            return Outcome.ABORTED, f"not done after {self.deadline.seconds:.0f} s: the deadline"
        window_ms = self.limits.error_window_real_seconds * 1000
        now = tally(self.record, self.clock.now_ms() - window_ms)
        percent = 100 * now.recent_failed / now.recent if now.recent >= FEW else 0.0
        if percent <= self.limits.error_share_percent:
            return None
        return Outcome.ABORTED, (
            f"guard: {percent:.0f} % of the last {now.recent} requests failed"
            f" (limit {self.limits.error_share_percent:g} %)"
        )

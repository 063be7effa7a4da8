"""What ends a run early: the load dying, too many failures, the deadline."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from chaos.clock import Clock
from chaos.load import Load
from chaos.outcome import Outcome
from chaos.records import tally
from chaos.run import Limits
from chaos.stop import Deadline, Stop

LOOK_SECONDS = 0.5
FEW = 20  # fewer recent arrivals than this say nothing about a share


@dataclass(slots=True)
class Guard:
    """A thread that asks the run to stop; it never acts on the target itself."""

    load: Load
    record: Path
    limits: Limits
    deadline: Deadline
    clock: Clock
    stop: Stop
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="guard", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking: from here on the load may end."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)

    def _loop(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            if (found := self.look()) is not None:
                self.stop.ask(*found)
                return

    def look(self) -> tuple[Outcome, str] | None:
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

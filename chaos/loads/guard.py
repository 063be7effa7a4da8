"""What ends a load early: it dies, too much fails, no threshold can be met, its knee is found."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chaos.clock import Clock
from chaos.load import Load
from chaos.loads.hope import Hope
from chaos.loads.progress import Progress
from chaos.outcome import Outcome
from chaos.run import Limits

LOOK_SECONDS = 0.5
FEW = 20  # fewer recent arrivals than this say nothing about a share
Ask = Callable[[Outcome, str], None]


@dataclass(slots=True)
class LoadGuard:
    """A thread that looks at what is recorded. `hopes` empty: nothing ends the load early."""

    load: Load
    progress: Progress
    limits: Limits
    clock: Clock
    ask: Ask
    hopes: Sequence[Hope]
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="load guard", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking. May be called twice, and without `start`."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)

    def _loop(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            if (why := self.look()) is not None:
                self.ask(Outcome.ABORTED, why)
                return

    def look(self) -> str | None:
        """Why to end the load, in words; None while it should go on."""
        rows = self.progress.read()
        for hope in self.hopes:
            hope.add(rows)
            if (lost := hope.lost) is not None:
                return lost
        if not self.hopes:
            return None
        window_ms = self.limits.error_window_real_seconds * 1000
        count, percent = self.progress.recent_share(self.clock.now_ms() - window_ms)
        if count < FEW or percent <= self.limits.error_share_percent:
            return None
        return (
            f"guard: {percent:.0f} % of the last {count} requests failed"
            f" (limit {self.limits.error_share_percent:g} %)"
        )

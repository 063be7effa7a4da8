"""A thread that looks again and again until it finds a reason to end the run."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.outcome import Outcome

LOOK_SECONDS = 0.5
JOIN_SECONDS = 5.0

Found = tuple[Outcome, str]


@dataclass(slots=True)
class Lookout:
    """Asks once, with the first outcome and reason that `look` finds, and then ends.

    It never acts on the target itself.
    """

    look: Callable[[], Found | None]
    ask: Callable[[Outcome, str], None]
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="lookout", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking. May be called twice, and without `start`."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(JOIN_SECONDS)

    def _loop(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            try:
                found = self.look()
            except Exception as error:  # noqa: BLE001 - the loop guard: the run ends with ERROR
                found = Outcome.ERROR, f"looking for a reason to end the run failed: {error!r}"
            if found is not None:
                self.ask(*found)
                return

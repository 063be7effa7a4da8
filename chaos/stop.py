"""The one flag that ends a run early, and the signals that set it."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from chaos.errors import StoppedError
from chaos.outcome import Outcome, worst

SLICE_SECONDS = 0.05  # how long a wait may overlook the flag


class Stop:
    """Set by a signal, a guard or the deadline; seen by every wait of the runner."""

    def __init__(self) -> None:
        # A list, not threading.Event: setting an Event in a handler can deadlock with its waiter.
        self._asked: list[tuple[Outcome, str]] = []

    def ask(self, outcome: Outcome, reason: str) -> None:
        """End the run at its next wait. Safe in a signal handler; any number of times."""
        self._asked.append((outcome, reason))

    @property
    def asked(self) -> StoppedError | None:
        """Why the run must end: the worst of what was asked, None if nothing was."""
        asked = tuple(self._asked)
        if not asked:
            return None
        outcome = worst(outcome for outcome, _ in asked)
        return StoppedError(outcome, next(why for what, why in asked if what is outcome))

    def check(self) -> None:
        """Raise StoppedError if the run must end."""
        if (error := self.asked) is not None:
            raise error

    def wait(self, seconds: float) -> None:
        """Wait for real seconds, or raise StoppedError as soon as the run must end."""
        end = time.monotonic() + seconds
        self.check()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, SLICE_SECONDS))
            self.check()


class Deadline:
    """A moment after which waiting has no sense."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left_seconds(self) -> float:
        return self._end - time.monotonic()

    @property
    def over(self) -> bool:
        return self.left_seconds <= 0


@contextmanager
def signals_stop(stop: Stop) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP only set the flag, any number of times, until the block ends.

    Handlers are set explicitly: a background job of a shell inherits SIGINT ignored. Outside the
    main thread nothing is installed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        stop.ask(Outcome.INTERRUPTED, f"stopped by {signal.Signals(number).name}")

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = [(number, signal.signal(number, handle)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in former:
            signal.signal(number, handler)

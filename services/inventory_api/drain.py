"""The service's phase, and what SIGTERM does to it.

ECS sends SIGTERM while the load balancer may still route here: the task keeps serving for the
drain period with `/healthz` at 503, then finishes what is in flight (server.py).
"""

import signal
import socket
import time
from collections.abc import Callable
from enum import StrEnum
from types import FrameType

from services.inventory_api.log import now_text, write_event

ENDED_BY_SIGTERM = 128 + signal.SIGTERM


class Phase(StrEnum):
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"


class Lifecycle:
    """Where the process is: starting, ready, draining; it never goes back.

    `clock` gives monotonic seconds. `task` is the hostname until the ECS task id is known.
    """

    def __init__(
        self, version: str, drain_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.version = version
        self.task = socket.gethostname()
        self.phase = Phase.STARTING
        self._drain_seconds = drain_seconds
        self._clock = clock
        self._drain_since = 0.0

    def become_ready(self) -> None:
        """The server listens. No effect once SIGTERM came."""
        if self.phase is Phase.STARTING:
            self.phase = Phase.READY

    def begin_drain(self) -> bool:
        """SIGTERM came: log it at once. False, without effect, when it had come before."""
        if self.phase is Phase.DRAINING:
            return False
        self._drain_since = self._clock()
        self.phase = Phase.DRAINING
        write_event("sigterm", at=now_text(), task=self.task, version=self.version)
        return True

    @property
    def drained(self) -> bool:
        """Whether the drain period is over, and the server may stop listening."""
        if self.phase is not Phase.DRAINING:
            return False
        return self._clock() - self._drain_since >= self._drain_seconds


def end_on_sigterm(lifecycle: Lifecycle) -> None:
    """Until the server listens, SIGTERM ends the process at once: nothing is in flight.

    Needed early: as PID 1 of a container, a process without a handler never sees SIGTERM, as
    the kernel drops it.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        if lifecycle.begin_drain():
            raise SystemExit(ENDED_BY_SIGTERM)

    signal.signal(signal.SIGTERM, end)

"""Waiting for the earlier of an event and a time."""

import anyio

from infra.local.clock import Clock


class Bell:
    """Rung from anywhere on the loop; one waiter. Rings between waits are not lost."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def ring(self) -> None:
        self._event.set()

    async def wait(self, clock: Clock, until_ms: int | None) -> None:
        """Return at the next ring, or at `until_ms` of the clock if that is earlier."""
        delay = None if until_ms is None else max(0, until_ms - clock.now_ms()) / 1000
        with anyio.move_on_after(delay):
            await self._event.wait()
        self._event = anyio.Event()

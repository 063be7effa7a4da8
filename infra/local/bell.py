"""How a loop is woken: rung any number of times, heard once."""

import asyncio

import anyio


class Bell:
    """Wakes one loop. Ringing before the loop listens is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake the loop; call it on the event loop's thread."""
        self._event.set()

    async def wait(self, limit_ms: int | None) -> None:
        """Return at the next ring, or after `limit_ms` (None: no limit)."""
        with anyio.move_on_after(None if limit_ms is None else max(limit_ms, 0) / 1000):
            await self._event.wait()
        self._event.clear()

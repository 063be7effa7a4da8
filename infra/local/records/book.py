"""Keeping the records on disk while the plane runs, so that a next plane can go on with them.

What the file says may be some 50 ms old when a plane is killed. What must not be lost in them is
committed first: a change that a caller of the API was told, and what a signal to a container means.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import anyio

from infra.local.bell import Bell
from infra.local.clock import Clock
from infra.local.records.file import Kept, Stamp, write
from infra.local.store import Store

FLUSH_MS = 50  # changes of so long are written together


class KeptBook:
    """A `Book` in a file. Belongs to the event loop's thread."""

    def __init__(
        self, path: Path, store: Store, stamp: Stamp, clock: Clock, applied: str | None
    ) -> None:
        self._path = path
        self._store = store
        self._stamp = stamp
        self._clock = clock
        self._applied = applied
        self._dirty = False
        self._ended = False
        self._bell = Bell()
        self._waiting: list[Callable[[], None]] = []

    def changed(self) -> None:
        self._dirty = True
        self._bell.ring()

    def commit(self) -> None:
        if self._dirty and not self._ended:
            self._dirty = False
            kept = Kept(self._store, self._clock.now_ms(), self._applied)
            write(self._path, self._stamp, kept)

    def after_commit(self, act: Callable[[], None]) -> None:
        """All that is asked for in one turn of the event loop shares one commit."""
        self._dirty = True
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._act)
        self._waiting.append(act)

    def _act(self) -> None:
        self.commit()
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()

    def note_applied(self, mark: str) -> None:
        self._applied = mark
        self.changed()
        self.commit()

    async def run(self) -> None:
        while True:
            await self._bell.wait(None)
            await anyio.sleep(FLUSH_MS / 1000)
            self.commit()

    def end(self) -> None:
        self._ended = True
        self._path.unlink(missing_ok=True)

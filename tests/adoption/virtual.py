"""An event loop in which waiting costs no time: its clock jumps to whatever comes next."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

EPOCH_MS = 1_800_000_000_000


class _Impatient(selectors.SelectSelector):
    """Looks, and never waits."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Raises RuntimeError where a real loop would wait for ever."""

    def __init__(self) -> None:
        super().__init__(_Impatient())
        self._now_s = 0.0

    def time(self) -> float:
        return self._now_s

    def _run_once(self) -> None:
        loop: Any = self  # the loop's own queues have no public names
        if not loop._ready:
            if not loop._scheduled:
                raise RuntimeError("nobody will ever do anything again")
            self._now_s = max(self._now_s, loop._scheduled[0]._when)
        run_once: Callable[[], None] = super()._run_once  # type: ignore[misc]  # as above
        run_once()


class VirtualClock:
    """The loop's time, on the epoch's scale."""

    def __init__(self, since_ms: int = 0) -> None:
        self._since_ms = since_ms

    def now_ms(self) -> int:
        return max(self._since_ms, EPOCH_MS + round(asyncio.get_running_loop().time() * 1000))


def run_virtually(main: Callable[..., Awaitable[Any]], *given: object) -> Any:
    return anyio.run(main, *given, backend_options={"loop_factory": VirtualLoop})

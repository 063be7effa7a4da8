"""Starting applications a few at a time, because here they share one machine.

On Fargate each task starts on processors of its own. Here the start-up of many at once would take
the processors from the tasks that serve, and clients would see what no client of Fargate sees.
"""

import os

import anyio

from infra.local import store
from infra.local.control.context import Context
from infra.local.runtime.protocol import Network, Runtime

HOLD_MAX_S = 1.5  # a start that takes longer mostly waits: it lets the next one in
LOOK_EVERY_S = 0.02
WIDTH = max(1, (os.cpu_count() or 1) - 1)


class StartGate:
    """Lets `WIDTH` containers start at once: each holds its place until it listens, or ends."""

    def __init__(self, context: Context, runtime: Runtime) -> None:
        self._context = context
        self._runtime = runtime
        self._places = anyio.Semaphore(WIDTH)

    async def enter(self) -> None:
        """Wait for a place; every `enter` is followed by one `leave` or `leave_later`."""
        await self._places.acquire()

    def leave(self) -> None:
        self._places.release()

    def leave_later(self, state: store.ContainerState, network: Network, port: int | None) -> None:
        """Give the place back when the started container listens on its port, if it has one."""
        if port is None:
            self.leave()
        else:
            self._context.spawn(self._leave_when_listening, state, network, port)

    async def _leave_when_listening(
        self, state: store.ContainerState, network: Network, port: int
    ) -> None:
        with anyio.move_on_after(HOLD_MAX_S):
            while state.last_status == "RUNNING" and self._runtime.is_starting(network, port):
                await anyio.sleep(LOOK_EVERY_S)
        self.leave()

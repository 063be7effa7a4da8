"""The loops' guard: a bug in one service's loop or one task's start does not end the plane."""

import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from anyio.abc import TaskGroup

from infra.local.control.context import Note


class Guarded:
    """Starts coroutine functions in a task group; what one of them raises is told and recorded.

    The failed work stops, loudly: the journal and stderr have the traceback. A `control.Spawn`.
    """

    def __init__(self, tasks: TaskGroup, note: Note) -> None:
        self._tasks = tasks
        self._note = note

    def __call__(self, work: Callable[..., Coroutine[Any, Any, None]], /, *given: object) -> None:
        self._tasks.start_soon(self._run, work, given)

    async def _run(
        self, work: Callable[..., Coroutine[Any, Any, None]], given: tuple[object, ...]
    ) -> None:
        try:
            await work(*given)
        except Exception as error:  # noqa: BLE001 - this is the guard
            told = traceback.format_exc()
            name = getattr(work, "__qualname__", repr(work))
            self._note("internal-error", {"in": name, "error": str(error), "traceback": told})
            traceback.print_exc()

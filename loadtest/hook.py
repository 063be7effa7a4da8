"""Our own events: typed, and an error in a listener is not swallowed."""

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Hook(Generic[P]):
    """Calls its listeners in the order they were added."""

    def __init__(self) -> None:
        self._listeners: list[Callable[P, None]] = []

    def add_listener(self, listener: Callable[P, None]) -> None:
        self._listeners.append(listener)

    def fire(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for listener in self._listeners:
            listener(*args, **kwargs)

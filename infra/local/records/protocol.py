"""What keeps a plane's records, as seen by those who change them."""

from collections.abc import Callable
from typing import Protocol


class Book(Protocol):
    """What the plane tells of changes. All methods but `run` return at once or in milliseconds."""

    def changed(self) -> None:
        """Something in the store changed: write it soon."""

    def commit(self) -> None:
        """Write what changed, now."""

    def after_commit(self, act: Callable[[], None]) -> None:
        """Do this once everything that is in the store now is written; soon, in order."""

    def note_applied(self, mark: str) -> None:
        """The settings of that mark were applied to the end."""

    async def run(self) -> None:
        """Write changes until cancelled."""

    def end(self) -> None:
        """The plane ends in order, and nothing of it is to be gone on with."""


class Unkept:
    """The book of a plane that nothing outlives."""

    def changed(self) -> None:
        return

    def commit(self) -> None:
        return

    def after_commit(self, act: Callable[[], None]) -> None:
        act()

    def note_applied(self, mark: str) -> None:
        return

    async def run(self) -> None:
        return

    def end(self) -> None:
        return

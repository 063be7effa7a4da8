"""What must be put back, whatever way a drill ends."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.entries import Step
from chaos.journal import Journal


@dataclass(slots=True)
class UndoStack:
    """Undos, last in first out. Register each one *before* its act.

    An undo must be safe to run when its act was never carried out, or only half.
    """

    journal: Journal
    now_ms: Callable[[], float]
    _undos: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    def register(self, text: str, undo: Callable[[], None]) -> None:
        """Remember how to put something back; `text` says what that does."""
        self._undos.append((text, undo))

    def run(self) -> tuple[str, ...]:
        """Run all, each isolated from the failures of the others; one sentence per failure."""
        failures = []
        while self._undos:
            text, undo = self._undos.pop()
            try:
                undo()
            except Exception as error:  # noqa: BLE001 - the fault-undo guard: recorded, exit 70
                failures.append(f"undo failed: {text}: {error}")
                self._note("undo failed", f"{text}: {error}")
            else:
                self._note("undo", text)
        return tuple(failures)

    def _note(self, name: str, text: str) -> None:
        self.journal.write(Step(at_ms=self.now_ms(), name=name, text=text))

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
    under_way: list[str] = field(default_factory=list)
    _undos: list[tuple[str, Callable[[], None], str]] = field(default_factory=list)

    def register(self, text: str, undo: Callable[[], None], follow: str = "") -> None:
        """Remember how to put something back; `text` says what that does.

        `follow` is the command that watches it, if it goes on after the call that starts it was
        accepted; `under_way` has a sentence for each such undo once it was run.
        """
        self._undos.append((text, undo, follow))

    def run(self) -> tuple[str, ...]:
        """Run all, each isolated from the failures of the others; one sentence per failure."""
        failures = []
        while self._undos:
            text, undo, follow = self._undos.pop()
            try:
                undo()
            except Exception as error:  # noqa: BLE001 - the fault-undo guard: recorded, exit 70
                failures.append(f"undo failed: {text}: {error}")
                self._note("undo failed", f"{text}: {error}")
            else:
                self._note("undo", text)
                if follow:
                    self.under_way.append(f"under way: {text}; watch it with: {follow}")
        return tuple(failures)

    def _note(self, name: str, text: str) -> None:
        self.journal.write(Step(at_ms=self.now_ms(), name=name, text=text))

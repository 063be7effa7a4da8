"""What must be put back, whatever way a drill ends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from chaos.entries import Step
from chaos.errors import TargetError
from chaos.journal import Journal
from chaos.target import ServiceChange, Target, group_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """One thing to put back, as data, so that another process can do it.

    An `attribute` of a target group, a `change` of the service, or a `security_group` (its name)
    to be deleted once the service's tasks no longer have it. `text` says what it does;
    `follow` is the command that watches it, if it goes on after the call that starts it was
    accepted. It is safe to carry out when its act never was, or only half.
    """

    text: str
    service: str
    follow: str = ""
    group: str = ""
    attribute: str = ""
    value: str = ""
    change: ServiceChange | None = None
    security_group: str = ""


def carry_out(undo: Undo, target: Target) -> bool:
    """Put it back; false if nothing had to be done. Raises TargetError."""
    if undo.security_group:
        return target.remove_security_group(undo.security_group)
    if undo.change is None:
        target.set_attributes(undo.group, {undo.attribute: undo.value})
        now = target.attributes(undo.group).get(undo.attribute)
        if now != undo.value:
            where = f"{undo.attribute} of {group_name(undo.group)}"
            raise TargetError(f"{where} is {now}, not {undo.value} again")
    elif _runs(target, undo.service, undo.change.task_definition):
        return False
    else:
        target.update_service(undo.service, undo.change)
    return True


def _runs(target: Target, service: str, task_definition: str | None) -> bool:
    """Whether the service is back on the revision already, as after a rollback."""
    if task_definition is None:
        return False
    views = {view.name: view for view in target.services()}
    if service not in views:
        raise TargetError(f"service {service} is gone")
    return views[service].task_definition == task_definition


def undo_all(
    undos: list[Undo], put_back: Callable[[Undo], bool]
) -> Iterator[tuple[Undo, str, bool]]:
    """Empty the list, last in first out, each isolated from the failures of the others.

    Yields each with what went wrong, in words, or an empty text, and whether anything was done.
    """
    while undos:
        undo = undos.pop()
        try:
            acted = put_back(undo)
        except Exception as error:  # noqa: BLE001 - the fault-undo guard: recorded, exit 70
            yield undo, str(error), False
        else:
            yield undo, "", acted


class Keeper(Protocol):
    """Someone who puts back what is registered if this process dies without `release`."""

    def remember(self, undo: Undo) -> None: ...

    def release(self) -> None: ...


@dataclass(slots=True)
class UndoStack:
    """Undos, last in first out. Register each one *before* its act.

    `under_way` has a sentence for each undo that did something which goes on.
    """

    journal: Journal
    now_ms: Callable[[], float]
    keeper: Keeper | None = None
    under_way: list[str] = field(default_factory=list)
    _undos: list[Undo] = field(default_factory=list)

    def register(self, undo: Undo) -> None:
        self._undos.append(undo)
        if self.keeper is not None:
            self.keeper.remember(undo)

    def run(self, put_back: Callable[[Undo], bool]) -> tuple[str, ...]:
        """Run all; one sentence per failure."""
        failures = []
        for undo, error, acted in undo_all(self._undos, put_back):
            if error:
                failures.append(f"undo failed: {undo.text}: {error}")
                self._note("undo failed", f"{undo.text}: {error}")
            else:
                self._note("undo", undo.text)
                if undo.follow and acted:
                    self.under_way.append(f"under way: {undo.text}; watch it with: {undo.follow}")
        if self.keeper is not None:
            self.keeper.release()
        return tuple(failures)

    def _note(self, name: str, text: str) -> None:
        self.journal.write(Step(at_ms=self.now_ms(), name=name, text=text))

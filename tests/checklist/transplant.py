"""A bug put into the checklist as it runs: the code of one module's functions is exchanged.

So every test can be asked what it says, without a second copy of the package.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from infra.checklist.rule import Rule

PACKAGE = "infra.checklist"
SWAPPED = ("__code__", "__defaults__", "__kwdefaults__")


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """`text` occurs exactly once in the module, which is named below infra.checklist."""

    name: str
    module: str
    text: str
    instead: str


def real(bug: PlantedBug) -> ModuleType:
    return import_module(f"{PACKAGE}.{bug.module}")


@contextmanager
def planted(bug: PlantedBug) -> Iterator[None]:
    """The package with the bug in it, until the end of the block."""
    module = real(bug)
    source = Path(str(module.__file__)).read_text()
    count = source.count(bug.text)
    assert count == 1, f"{bug.name}: {count} times in {bug.module}"
    copy: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(source.replace(bug.text, bug.instead), f"<{bug.name}>", "exec"), copy)
    with ExitStack() as undo:
        exchanged = [
            _exchange(module, name, new, undo.callback)
            for name, new in copy.items()
            if not name.startswith("__")
        ]
        assert any(exchanged), f"{bug.name}: nothing is exchanged"
        yield


Undo = Callable[..., Any]


def _exchange(module: ModuleType, name: str, new: object, undo: Undo) -> bool:
    """Put the new function, rule, class or constant in the old one's place; whether it differs."""
    old = getattr(module, name, None)
    own = getattr(new, "__module__", None) == module.__name__
    if isinstance(new, FunctionType) and isinstance(old, FunctionType):
        return own and _swap(old, new, undo)
    if isinstance(new, Rule) and isinstance(old, Rule):
        return _rule(old, new, undo)
    if isinstance(new, type):
        return own and isinstance(old, type) and _class(old, new, undo)
    if isinstance(new, str | int | tuple | frozenset | dict | re.Pattern) and new != old:
        setattr(module, name, new)
        undo(setattr, module, name, old)
        return True
    return False


def _swap(old: FunctionType, new: FunctionType, undo: Undo) -> bool:
    if old.__code__.co_freevars or new.__code__.co_freevars:
        return False
    differs = old.__code__ != new.__code__
    for name in SWAPPED:
        undo(setattr, old, name, getattr(old, name))
        setattr(old, name, getattr(new, name))
    return differs


def _class(old: type, new: type, undo: Undo) -> bool:
    """Methods and properties that somebody wrote."""
    differs = False
    for name, method in vars(new).items():
        there = vars(old).get(name)
        method = method.fget if isinstance(method, property) else method
        there = there.fget if isinstance(there, property) else there
        written = not name.startswith("__") or name in ("__init__", "__getattribute__")
        if written and isinstance(method, FunctionType) and isinstance(there, FunctionType):
            differs |= _swap(there, method, undo)
    return differs


def _rule(old: Rule, new: Rule, undo: Undo) -> bool:
    """A rule's two functions, and when it cuts requests and how bad it is."""
    differs = False
    for name in ("check", "over"):
        there, function = getattr(old, name), getattr(new, name)
        if function.__module__ == old.check.__module__:
            differs |= _swap(there, function, undo)
    for name in ("severity", "cut"):
        before = getattr(old, name)
        differs |= before != getattr(new, name)
        object.__setattr__(old, name, getattr(new, name))
        undo(object.__setattr__, old, name, before)
    return differs

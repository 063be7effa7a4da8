"""The core under test: the real one, or a copy of it with a planted bug, loaded in memory."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from infra.local.scheduler import lifecycle
from infra.local.scheduler import reconcile as reconcile_module
from infra.local.scheduler.model import Observed, ServiceSpec, Task, TaskStatus
from infra.local.scheduler.steps import Plan

PACKAGE = "infra.local.scheduler"
FOLDER = Path(reconcile_module.__file__).parent
SHARED = ("model", "steps")  # data only; the world and the copies must agree on these classes
IMPORT = re.compile(rf"^from {re.escape(PACKAGE)}\.(\w+) import", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Core:
    """What the world needs of the scheduler."""

    reconcile: Callable[[ServiceSpec, Observed, int], Plan]
    reconcile_task: Callable[[Task, int], Plan]
    advance: Callable[[TaskStatus, Any], TaskStatus]  # Any: a copy has its own TaskEvent


REAL = Core(reconcile_module.reconcile, reconcile_module.reconcile_task, lifecycle.advance)


@cache
def sources() -> Mapping[str, str]:
    """The text of every module of the core that has rules in it."""
    texts = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.py"))}
    return {name: text for name, text in texts.items() if name not in SHARED}


def load(alias: str, changed: Mapping[str, str]) -> Core:
    """A copy of the core under another package name, with the texts of `changed` modules.

    The files stay as they are. `unload` forgets the copy.
    """
    texts = {**sources(), **changed}
    package = ModuleType(alias)
    package.__path__ = []
    sys.modules[alias] = package
    for name in SHARED:
        sys.modules[f"{alias}.{name}"] = import_module(f"{PACKAGE}.{name}")
    for name in texts:
        _execute(alias, name, texts)
    top, table = sys.modules[f"{alias}.reconcile"], sys.modules[f"{alias}.lifecycle"]
    return Core(top.reconcile, top.reconcile_task, table.advance)


def _execute(alias: str, name: str, texts: Mapping[str, str]) -> None:
    full = f"{alias}.{name}"
    if full in sys.modules:
        return
    for needed in IMPORT.findall(texts[name]):
        if needed not in SHARED:
            _execute(alias, needed, texts)
    module = ModuleType(full)
    sys.modules[full] = module
    code = texts[name].replace(f"from {PACKAGE}.", f"from {alias}.")
    exec(compile(code, f"<{full}>", "exec"), module.__dict__)


def unload(alias: str) -> None:
    """Forget a copy made by `load`."""
    for full in [m for m in sys.modules if m == alias or m.startswith(alias + ".")]:
        del sys.modules[full]

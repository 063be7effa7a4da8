"""The network's rules under test: the real ones, or a copy with a planted bug, in memory."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from infra.network import reach

PACKAGE = "infra.network"
FOLDER = Path(reach.__file__).parent
MODULES = ("permits", "routes", "reach")  # each after what it imports; the nouns are the real ones


@dataclass(frozen=True, slots=True)
class Rules:
    """The modules by name; Any, as a copy has functions of its own."""

    permits: Any
    routes: Any
    reach: Any


REAL = Rules(**{name: import_module(f"{PACKAGE}.{name}") for name in MODULES})


@cache
def sources() -> Mapping[str, str]:
    return {name: (FOLDER / f"{name}.py").read_text() for name in MODULES}


def load(alias: str, changed: Mapping[str, str]) -> Rules:
    """A copy under another package name, with the texts of `changed` modules. See `unload`."""
    texts = {**sources(), **changed}
    package = ModuleType(alias)
    package.__path__ = []
    sys.modules[alias] = package
    return Rules(**{name: _execute(f"{alias}.{name}", alias, texts[name]) for name in MODULES})


def _execute(full: str, alias: str, text: str) -> ModuleType:
    module = ModuleType(full)
    sys.modules[full] = module
    names = "|".join(MODULES)
    own = rf"^from {re.escape(PACKAGE)}\.({names}) "
    code = re.sub(own, rf"from {alias}.\1 ", text, flags=re.MULTILINE)
    exec(compile(code, f"<{full}>", "exec"), module.__dict__)
    return module


def unload(alias: str) -> None:
    """Forget a copy made by `load`."""
    for full in [m for m in sys.modules if m == alias or m.startswith(alias + ".")]:
        del sys.modules[full]

"""A copy of the API with one text replaced in one of its modules, in memory."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from infra.local.api import app

PACKAGE = "infra.local.api"
ALIAS = "planted_api"
FOLDER = Path(app.__file__).parent
# Only these are copied: the others, such as the models of botocore, are slow to load or shared
COPIED = ("app", "tags", "validation", "protocol", "ecs", "elbv2", "cloudmap")


@contextmanager
def planted(module: str, text: str, instead: str) -> Iterator[Callable[..., Any]]:
    """`build_app` of the copy. `text` must be in the module exactly once."""
    source = sources()[module]
    assert source.count(text) == 1, f"{text!r} is {source.count(text)} times in {module}"
    finder = _Finder({module: source.replace(text, instead)})
    sys.meta_path.insert(0, finder)
    try:
        yield import_module(f"{ALIAS}.app").build_app
    finally:
        sys.meta_path.remove(finder)
        for name in [m for m in sys.modules if m == ALIAS or m.startswith(ALIAS + ".")]:
            del sys.modules[name]


@cache
def sources() -> Mapping[str, str]:
    """By the module's name within the package: `elbv2.rules`."""
    found = {}
    for path in sorted(FOLDER.rglob("*.py")):
        parts = path.relative_to(FOLDER).with_suffix("").parts
        if parts[0] in COPIED:
            found[".".join(parts)] = path.read_text()
    return found


@cache
def _code(module: str, source: str) -> CodeType:
    """Compiled, with the copied modules' imports led to the copy."""
    for name in COPIED:
        source = source.replace(f"from {PACKAGE}.{name}", f"from {ALIAS}.{name}")
    return compile(source, f"<{ALIAS}.{module}>", "exec")


class _Finder(MetaPathFinder, Loader):
    def __init__(self, changed: Mapping[str, str]) -> None:
        self._texts = {**sources(), **changed}

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        name = fullname.removeprefix(f"{ALIAS}.")
        package = fullname == ALIAS or f"{name}.__init__" in self._texts
        if not package and (name == fullname or name not in self._texts):
            return None
        return spec_from_loader(fullname, self, is_package=package)

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__.removeprefix(f"{ALIAS}.")
        if name in self._texts:
            exec(_code(name, self._texts[name]), module.__dict__)

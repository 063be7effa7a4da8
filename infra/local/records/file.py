"""The file of the records: stamped, written whole or not at all, refused when it does not fit."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.local.records import codec
from infra.local.store import Store


class UnusableRecordsError(Exception):
    """The records cannot be gone on with; the message says why."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What records must share with the plane that reads them. `shape`: that of the records."""

    shape: str
    region: str
    zones: tuple[str, ...]
    scale: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What was read. `saved_ms`: when it was written. `applied`: the mark of the settings that
    were applied to the end; None if none were."""

    store: Store
    saved_ms: int
    applied: str | None


def write(path: Path, stamp: Stamp, kept: Kept) -> int:
    """Write beside the file and rename over it; how many bytes that were.

    It outlives the end of this process at any moment. That of the machine ends the tasks too.
    """
    head = {**asdict(stamp), "saved_ms": kept.saved_ms, "applied": kept.applied}
    parts = [f'"stamp":{json.dumps(head)}']
    parts += [f"{json.dumps(name)}:{text}" for name, text in codec.encode(kept.store)]
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        size = file.write(text)
    draft.replace(path)
    return size


def read(path: Path, stamp: Stamp) -> Kept | None:
    """What `write` wrote; None if there is no file. Raises UnusableRecordsError."""
    try:
        document = json.loads(path.read_text())
        head, parts = document.pop("stamp"), document
        _demand_fit(head, stamp)
        return Kept(codec.decode(parts), int(head["saved_ms"]), head["applied"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UnusableRecordsError(f"{path} is broken: {error}") from error


def _demand_fit(head: Mapping[str, Any], stamp: Stamp) -> None:
    for name, wanted in asdict(stamp).items():
        found = tuple(head[name]) if name == "zones" else head[name]
        if found != wanted:
            what = WORDS.get(name, name)
            raise UnusableRecordsError(
                f"the records are of {what} {_say(found)}, not {_say(wanted)}"
            )


def _say(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


WORDS = {"shape": "another version of this program:", "scale": "time scale"}

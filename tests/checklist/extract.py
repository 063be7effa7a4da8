"""Writes the states of `states/` anew: `python -m tests.checklist.extract`. Needs terraform.

They are mocked applies of `hcl/`, stripped of what no fact is read from, so that rules are tested
where there is no terraform, too.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from infra.checklist.documents import Kind, Resource, load
from infra.checklist.terraform import facts_of
from tests.checklist.mocked import Document, article_state, stack_states

STATES = Path(__file__).with_name("states")


class Recorded(dict[str, Any]):
    """Attributes that remember which of them were asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)

    def kept(self) -> dict[str, Any]:
        return {name: value for name, value in self.items() if name in self.asked}


def stripped(document: Document, folder: Path) -> list[Document]:
    """The resources with the attributes that facts are read from."""
    path = folder / "state.json"
    path.write_text(json.dumps(document))
    found = load(path, Kind.STATE)
    recorded = [Recorded(dict(one.values)) for one in found]
    facts_of(
        [
            Resource(one.at, one.type, values, depends_on=one.depends_on)
            for one, values in zip(found, recorded, strict=True)
        ],
        "recorded",
    )
    return [
        {
            "address": one.at,
            "mode": "managed",
            "type": one.type,
            "depends_on": list(one.depends_on or ()),
            "values": values.kept(),
        }
        for one, values in zip(found, recorded, strict=True)
        if values.asked
    ]


def write(name: str, document: Document, folder: Path) -> None:
    """One resource on a line, so that a change can be read."""
    lines = ",\n".join(json.dumps(one) for one in stripped(document, folder))
    head = '{"format_version": "1.0", "values": {"root_module": {"resources": [\n'
    text = head + lines + "\n]}}}\n"
    (STATES / f"{name}.json").write_text(text)


def main() -> int:
    STATES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write("article", article_state(folder), folder)
        for stack, document in stack_states(folder).items():
            write(stack, document, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())

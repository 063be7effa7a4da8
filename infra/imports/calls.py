"""Who calls whom by Service Connect: by the names that stand in a service's environment."""

import re
from collections.abc import Mapping

from infra.checklist.facts import Facts
from infra.imports.container import aliases
from infra.imports.notes import Note, fill, left
from infra.imports.service import Made
from infra.imports.source import of


def calls_of(facts: Facts, made: Mapping[str, Made], notes: list[Note]) -> None:
    """Set each service's calls; a client's names must exist when it is deployed (R6.6)."""
    for name, one in sorted(made.items()):
        if not of(of(one.service, "connect", None), "enabled", False):
            continue
        for other in sorted(made):
            if other != name and _names(one, made[other]):
                _call(name, other, made, notes)
        if one.settings["service_connect"] is None and not one.settings["calls"]:
            notes.append(
                fill(
                    name,
                    "Service Connect as a client",
                    "no environment variable of it names an imported service",
                    "import what it calls with --service, or list it in calls",
                )
            )


def _names(caller: Made, callee: Made) -> bool:
    if callee.settings["service_connect"] is None:
        return False
    names = "|".join(map(re.escape, aliases(callee.service)))
    pattern = re.compile(rf"(?<![\w.-])({names})(?![\w-])")
    return bool(names) and any(pattern.search(value) for value in caller.environment)


def _call(name: str, other: str, made: Mapping[str, Made], notes: list[Note]) -> None:
    if name in _reached(other, made):
        notes.append(
            left(
                name,
                f"calls {other}",
                f"{other} calls it too, and one must come first",
                f"{name} cannot call {other} here",
            )
        )
    else:
        made[name].settings["calls"].append(other)


def _reached(start: str, made: Mapping[str, Made]) -> set[str]:
    """All that a service calls, and what those call."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        calls = set(made[waiting.pop()].settings["calls"]) - found
        found |= calls
        waiting += calls
    return found

"""The stored states, and what tests change in them."""

import copy
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from infra.checklist.check import check
from infra.checklist.documents import Kind, Resource, load
from infra.checklist.expected import Expected
from infra.checklist.findings import Finding, Verdict
from infra.checklist.terraform import facts_of
from infra.checklist.waivers import WaiverFile

STATES = Path(__file__).with_name("states")
TODAY = date(2026, 11, 28)
ORDER = "aws_ecs_service.order"
ORDER_TASK = 'aws_ecs_task_definition.this["order"]'

Change = Callable[[dict[str, Any]], None]


def resources(name: str) -> list[Resource]:
    return load(STATES / f"{name}.json", Kind.STATE)


def findings(found: list[Resource], expected: Expected | None = None) -> list[Finding]:
    """What all rules say."""
    said = WaiverFile(expected=expected or Expected())
    return list(check(facts_of(found, "state.json"), said, TODAY).findings)


def changed(name: str, changes: Mapping[str, Change]) -> list[Resource]:
    """A stored state in which resources are changed; each address has a key of `changes` in it."""
    result = resources(name)
    for part, change in changes.items():
        hits = [n for n, one in enumerate(result) if part in one.at]
        assert hits, f"nothing has {part}"
        for number in hits:
            one = result[number]
            values = copy.deepcopy(dict(one.values))
            change(values)
            result[number] = Resource(one.at, one.type, values, depends_on=one.depends_on)
    return result


def without(name: str, part: str) -> list[Resource]:
    """A stored state without the resources whose address has that part."""
    kept = [one for one in resources(name) if part not in one.at]
    assert len(kept) < len(resources(name)), f"nothing has {part}"
    return kept


def setting(**values: object) -> Change:
    """A change of attributes."""
    return lambda found: found.update(values)


def container(**values: object) -> Change:
    """A change of the first container's definition; None takes a key out."""

    def change(found: dict[str, Any]) -> None:
        containers = json.loads(found["container_definitions"])
        containers[0].update(values)
        for name in [name for name, value in values.items() if value is None]:
            del containers[0][name]
        found["container_definitions"] = json.dumps(containers)

    return change


def environment(**values: str) -> Change:
    """A container's whole environment."""
    return container(environment=[{"name": n, "value": v} for n, v in values.items()])


def nested(block: str, **values: object) -> Change:
    """A change in the first block of that name."""
    return lambda found: found[block][0].update(values)


def of_rule(found: list[Finding], rule: str) -> list[Finding]:
    return [one for one in found if one.rule.id == rule]


def verdicts(found: list[Finding], rule: str, at: str = "") -> set[Verdict]:
    """What a rule says about resources whose address ends so."""
    return {one.verdict for one in of_rule(found, rule) if one.at.endswith(at)}

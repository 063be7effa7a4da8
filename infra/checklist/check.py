"""One check from end to end: facts, rules, waivers, report."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from infra.checklist.documents import DocumentError, Kind, Resource, load
from infra.checklist.facts import Facts
from infra.checklist.findings import judge
from infra.checklist.known import NotKnownError
from infra.checklist.owners import name_of
from infra.checklist.report import Report
from infra.checklist.rules import RULES
from infra.checklist.terraform import facts_of
from infra.checklist.waivers import WaiverFile, apply


def read_files(paths: Sequence[Path], kind: Kind) -> Facts:
    """The facts of Terraform's files together. Raises DocumentError."""
    resources: list[Resource] = []
    for path in paths:
        resources += load(path, kind)
    source = ", ".join(map(str, paths))
    facts = facts_of(resources, source)
    if not facts.services:
        raise DocumentError(
            f"{source} has no aws_ecs_service",
            "give the state that has the services; other states may be given beside it",
        )
    return facts


def check(facts: Facts, waivers: WaiverFile, today: date) -> Report:
    """Judge the facts by all rules."""
    facts = _expecting(facts, waivers)
    findings, notes = apply(waivers.waivers, judge(facts, RULES), today)
    return Report(facts.source, findings, notes, _names(facts))


def _expecting(facts: Facts, waivers: WaiverFile) -> Facts:
    """The facts with what the file says; a copy field by field, as unknown ones stay unknown."""
    fields = {name: object.__getattribute__(facts, name) for name in facts.__dataclass_fields__}
    return Facts(**{**fields, "expected": waivers.expected})


def _names(facts: Facts) -> list[str]:
    try:
        return list(dict.fromkeys(name_of(one) for one in facts.services))
    except NotKnownError:
        return []

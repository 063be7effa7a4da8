"""Services side by side, the one that would lose most requests first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.checklist.findings import Finding, Verdict
from infra.checklist.rule import Cut, Severity


@dataclass(frozen=True, slots=True)
class Standing:
    """One service: how many broken rules cost it requests, by when, and what is the worst."""

    service: str
    cuts: dict[Cut, int]
    errors: int
    warnings: int
    unknown: int
    worst: Finding | None

    @property
    def rank(self) -> tuple[int, ...]:
        """Larger is worse: what always cuts before what cuts at a loss, errors before warnings."""
        return (*(self.cuts[cut] for cut in Cut), self.errors, self.warnings, self.unknown)


def standings(findings: Sequence[Finding], services: Iterable[str]) -> list[Standing]:
    """Every service's standing, the worst first. Warnings cut no requests by themselves."""
    found = [_standing(name, [f for f in findings if name in f.services]) for name in services]
    return sorted(found, key=lambda one: (*(-n for n in one.rank), one.service))


def _standing(name: str, findings: Sequence[Finding]) -> Standing:
    failed = [f for f in findings if f.verdict is Verdict.FAIL and f.waived is None]
    errors = [f for f in failed if f.severity is Severity.ERROR]
    rules = {f.rule.id: f.rule.cut for f in errors}
    cuts = {cut: sum(one is cut for one in rules.values()) for cut in Cut}
    order = list(Cut)
    worst = min(errors or failed, key=lambda f: order.index(f.rule.cut), default=None)
    warnings = {f.rule.id for f in failed} - set(rules)
    unknown = {f.rule.id for f in findings if f.verdict is Verdict.UNKNOWN}
    return Standing(name, cuts, len(rules), len(warnings), len(unknown), worst)

"""The result of one check, and its text and JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from infra.checklist.findings import Finding, Verdict
from infra.checklist.fleet import Standing, standings
from infra.checklist.rule import Cut, Rule, Severity

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Report:
    """Findings of one source. `notes` are about waivers; `services` are names."""

    source: str
    findings: Sequence[Finding]
    notes: Sequence[str]
    services: Sequence[str]

    @property
    def errors(self) -> int:
        return sum(one.is_error for one in self.findings)

    @property
    def unknown(self) -> int:
        return len(self.of(Verdict.UNKNOWN))

    def of(self, verdict: Verdict) -> list[Finding]:
        return [one for one in self.findings if one.verdict is verdict]

    @property
    def summary(self) -> str:
        failed = [one for one in self.of(Verdict.FAIL) if one.waived is None]
        waived = len(self.of(Verdict.FAIL)) - len(failed)
        counts = (
            (self.errors, "errors"),
            (len(failed) - self.errors, "warnings"),
            (waived, "waived"),
            (self.unknown, "unknown"),
            (len(self.of(Verdict.PASS)), "passed"),
        )
        return ", ".join(f"{count} {word}" for count, word in counts)

    def standings(self) -> list[Standing]:
        return standings(self.findings, self.services)


def as_text(report: Report) -> str:
    """For people: what fails with how to mend it, what is not known and why, the services."""
    failed = report.of(Verdict.FAIL)
    open_ones = [one for one in failed if one.waived is None]
    parts = [
        *_failures([one for one in open_ones if one.severity is Severity.ERROR]),
        *_failures([one for one in open_ones if one.severity is Severity.WARN]),
        *_unknown(report.of(Verdict.UNKNOWN)),
        *(f"WAIVED {one.rule.id} {one.at}: {one.waived}" for one in failed if one.waived),
        *(f"NOTE  {note}" for note in report.notes),
        *_ranking(report.standings()),
        f"{report.source}: {report.summary}",
    ]
    return "\n".join(parts)


def _failures(findings: Sequence[Finding]) -> Iterator[str]:
    for rule, group in groupby(findings, key=lambda one: one.rule):
        found = list(group)
        cuts = rule.cut is not Cut.NEVER and found[0].is_error
        cut = f" (cuts requests: {rule.cut})" if cuts else ""
        yield f"{found[0].severity.upper():<5} {rule.id} {rule.title}{cut}"
        yield from (f"      {one.at}: {one.text}" for one in found)
        yield f"      mend: {rule.mend}"
        if rule.article:
            yield f"      article: {rule.article}"
        if rule.drill:
            yield f"      see it: rehearse drill {rule.drill} --variant both"


def _unknown(findings: Sequence[Finding]) -> Iterator[str]:
    """One line for each reason: one missing fact often keeps many rules from an answer."""
    reasons: dict[str, dict[str, None]] = {}
    for one in findings:
        reasons.setdefault(one.text, {})[one.rule.id] = None
    for reason, rules in reasons.items():
        yield f"UNKNOWN {reason}: {', '.join(rules)}"


def _ranking(found: Sequence[Standing]) -> Iterator[str]:
    """A table where there are several services."""
    if len(found) < 2:
        return
    width = max(len(one.service) for one in found)
    cuts = [cut for cut in Cut if cut is not Cut.NEVER]
    yield ""
    yield f"{'requests are cut':<{width}}  " + "  ".join(cuts) + "  worst"
    for one in found:
        numbers = "  ".join(f"{one.cuts[cut] or '-':>{len(cut)}}" for cut in cuts)
        worst = f"{one.worst.rule.id} {one.worst.rule.title}" if one.worst else "-"
        yield f"{one.service:<{width}}  {numbers}  {worst}"
    yield ""


def as_document(report: Report) -> dict[str, Any]:
    """The same as JSON, by findings.schema.json: all findings, also what passed."""
    used = {one.rule.id: one.rule for one in report.findings}
    return {
        "version": SCHEMA,
        "source": report.source,
        "errors": report.errors,
        "unknown": report.unknown,
        "summary": report.summary,
        "rules": [_rule(rule) for rule in used.values()],
        "findings": [_finding(one) for one in report.findings],
        "notes": list(report.notes),
        "services": [_standing(one) for one in report.standings()],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "cuts": rule.cut,
        "article": rule.article or None,
        "source": rule.source,
        "mend": rule.mend,
        "drill": rule.drill or None,
        "see_also": list(rule.see_also),
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule.id,
        "verdict": one.verdict,
        "severity": one.severity,
        "resource": one.at,
        "text": one.text,
        "services": list(one.services),
        "waived": one.waived,
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        "service": one.service,
        "cuts": {str(cut): one.cuts[cut] for cut in Cut if cut is not Cut.NEVER},
        "errors": one.errors,
        "warnings": one.warnings,
        "unknown": one.unknown,
        "worst": one.worst.rule.id if one.worst else None,
    }

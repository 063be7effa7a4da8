"""Running the rules: facts in, findings out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from infra.checklist.facts import Facts
from infra.checklist.known import Maybe, NotApplicableError, NotKnownError
from infra.checklist.owners import Owners
from infra.checklist.rule import Problem, Rule, Severity


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one resource. `waived` is the reason why a failure is let be."""

    rule: Rule
    verdict: Verdict
    at: str
    text: str
    severity: Severity
    services: tuple[str, ...] = ()
    waived: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether it makes the check fail."""
        failed = self.verdict is Verdict.FAIL and self.waived is None
        return failed and self.severity is Severity.ERROR


def judge(facts: Facts, rules: Sequence[Rule]) -> list[Finding]:
    """All findings of all rules, in the rules' order."""
    owners = Owners(facts)
    found = [one for rule in rules for one in _of_rule(rule, facts)]
    return [replace(one, services=owners.services_of(one.at)) for one in found]


def _of_rule(rule: Rule, facts: Facts) -> Iterator[Finding]:
    try:
        subjects = list(rule.over(facts))
    except NotKnownError as error:
        yield Finding(rule, Verdict.UNKNOWN, facts.source, str(error), rule.severity)
        return
    if not subjects:
        why = "there is nothing of the kind"
        yield Finding(rule, Verdict.NOT_APPLICABLE, facts.source, why, rule.severity)
    for subject in subjects:
        yield from _of_subject(rule, facts, subject)


def _of_subject(rule: Rule, facts: Facts, subject: Maybe) -> Iterator[Finding]:
    """Problems if there are any; else what kept the rule from an answer; else it passes."""
    problems: list[Problem] = []
    verdict, text = Verdict.PASS, ""
    try:
        for one in rule.check(facts, subject):
            problems += [one if isinstance(one, Problem) else Problem(one)]
    except NotKnownError as error:
        verdict, text = Verdict.UNKNOWN, str(error)
    except NotApplicableError as error:
        verdict, text = Verdict.NOT_APPLICABLE, str(error)
    for one in problems:
        severity = one.severity or rule.severity
        yield Finding(rule, Verdict.FAIL, one.at or subject.at, one.text, severity)
    if not problems:
        yield Finding(rule, verdict, subject.at, text, rule.severity)

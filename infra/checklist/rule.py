"""What a rule is: its sentence, its source, and a small function that yields problems."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from infra.checklist.facts import Facts
from infra.checklist.known import NotApplicableError


class Severity(StrEnum):
    ERROR = "error"
    WARN = "warn"


class Cut(StrEnum):
    """When requests are lost if the rule is broken, the worst first."""

    ALWAYS = "always"  # tasks do not start, or no request reaches them
    SOMETIMES = "now and then"
    DEPLOYMENT = "at a deployment"
    LOSS = "when a task or a zone is lost"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong. `at` and `severity` stand for the subject's and the rule's own."""

    text: str
    at: str | None = None
    severity: Severity | None = None


Found = Iterator[str | Problem]
Check = Callable[[Facts, Any], Found]  # the subject is of the kind that `over` gives


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the checklist.

    `check` yields what is wrong with one subject, nothing if all is well. It raises
    NotApplicableError (by `skip`) where it does not apply, NotKnownError where a fact is missing;
    what was yielded before counts all the same.
    """

    id: str
    title: str
    severity: Severity
    cut: Cut
    over: Callable[[Facts], Iterable[Any]]
    check: Check
    source: str  # the URL that says so
    mend: str
    article: str = ""  # where the article's checklist asks it
    drill: str = ""  # the drill that shows what it does to requests
    see_also: tuple[str, ...] = ()  # other tools' ids


def rule(
    id: str,
    title: str,
    *,
    over: Callable[[Facts], Iterable[Any]],
    source: str,
    mend: str,
    severity: Severity = Severity.ERROR,
    cut: Cut = Cut.NEVER,
    article: str = "",
    drill: str = "",
    see_also: tuple[str, ...] = (),
) -> Callable[[Check], Rule]:
    """Make a rule of a function; the modules of `rules` hold nothing but these."""

    def made(check: Check) -> Rule:
        return Rule(
            id, title, severity, cut, over, check, source, mend, article, drill, see_also
        )  # fmt: skip

    return made


def skip(why: str) -> NoReturn:
    """Say that the rule is not about this subject."""
    raise NotApplicableError(why)

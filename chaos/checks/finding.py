"""What a check says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from chaos.diagnosis import Diagnosis
from chaos.history import History

EVIDENCE_MAX = 20


class Result(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`evidence` are line numbers of journal.jsonl; the sentence has the value beside its limit.

    `premise`: the check asks whether the run can prove anything; if it fails the run is INVALID.
    """

    result: Result
    sentence: str
    evidence: tuple[int, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    check: str = ""
    premise: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A named judge. Every check is essential: `unknown` makes the run INVALID."""

    name: str
    judge: Callable[[History], Finding]
    premise: bool = False

    def run(self, history: History) -> Finding:
        """Judge; a judge that fails is `unknown`, never a pass."""
        try:
            finding = self.judge(history)
        except Exception as error:  # noqa: BLE001 - the checker guard: becomes unknown
            finding = unknown(f"the check itself failed: {error!r}")
        return replace(
            finding,
            check=self.name,
            premise=self.premise,
            evidence=finding.evidence[:EVIDENCE_MAX],
        )


def passed(sentence: str, evidence: tuple[int, ...] = ()) -> Finding:
    return Finding(Result.PASS, sentence, evidence)


def failed(
    sentence: str, evidence: tuple[int, ...] = (), diagnoses: tuple[Diagnosis, ...] = ()
) -> Finding:
    return Finding(Result.FAIL, sentence, evidence, diagnoses)


def unknown(sentence: str) -> Finding:
    return Finding(Result.UNKNOWN, sentence)

"""The verdict of a recorded run, and the file verdict.json."""

import json
from dataclasses import dataclass
from pathlib import Path

from chaos.causes import Cause
from chaos.checks.finding import Check, Finding, Result
from chaos.entries import Note, ObservationEnded
from chaos.history import History
from chaos.outcome import Outcome
from chaos.run import JUDGED, UNFINISHED, Run

SCHEMA_VERSION = 1
SCHEMA = Path(__file__).with_name("verdict.schema.json")
NOT_OBSERVABLE = "not observable here: "


@dataclass(frozen=True, slots=True)
class Verdict:
    """One run's outcome and why, in a sentence; `findings` in the drill's order."""

    run: Run
    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...]
    not_observable: tuple[str, ...]
    missing: tuple[str, ...]
    worst_error_ms: float | None

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What the findings' diagnoses say, in the order of the checks."""
        return tuple(d.cause for finding in self.findings for d in finding.diagnoses)


def judge_history(history: History, checks: tuple[Check, ...]) -> Verdict:
    """Judge a recorded run; the same record gives the same verdict for ever."""
    findings = tuple(check.run(history) for check in checks)
    outcome, reason = _decide(history, findings)
    notes = [note.text for note in history.of(Note) if note.text.startswith(NOT_OBSERVABLE)]
    seen = history.of(ObservationEnded)
    return Verdict(
        run=history.run,
        outcome=outcome,
        reason=reason,
        findings=findings,
        not_observable=(
            *history.run.not_observable,
            *(text.removeprefix(NOT_OBSERVABLE) for text in notes),
        ),
        missing=history.missing,
        worst_error_ms=max((e.worst_error_ms for e in seen), default=None),
    )


def _decide(history: History, findings: tuple[Finding, ...]) -> tuple[Outcome, str]:
    """First how the run ended, then whether it can prove anything, then what it proved."""
    run = history.run
    if run.ending == UNFINISHED:
        return Outcome.INVALID, "the runner was killed: nothing after its last line is known"
    if run.ending != JUDGED:
        return Outcome(run.ending), run.why
    if history.missing:
        return Outcome.INVALID, f"data missing: {history.missing[0]}"
    failed = [f for f in findings if f.result is Result.FAIL and not f.premise]
    others = f" ({len(failed)} other checks failed, too)" if failed else ""
    for finding in findings:
        if finding.premise and finding.result is not Result.PASS:
            return Outcome.INVALID, f"{_named(finding)}{others}"
    if failed:
        return Outcome.FAIL, _blame(failed)
    for finding in findings:
        if finding.result is Result.UNKNOWN:
            return Outcome.INVALID, f"{finding.check}: not observable here: {finding.sentence}"
    return Outcome.PASS, f"all {len(findings)} checks passed"


def _named(finding: Finding) -> str:
    negation = "not true: " if finding.result is Result.FAIL else "unknown: "
    return f"{negation}{finding.check}: {finding.sentence}"


def _blame(failed: list[Finding]) -> str:
    """The most frequent derived cause if there is one, else the first failed check."""
    for finding in failed:
        if finding.diagnoses:
            return finding.diagnoses[0].sentence
    return failed[0].sentence


def to_document(verdict: Verdict) -> dict[str, object]:
    """verdict.json's content; chaos/verdict.schema.json describes it."""
    run = verdict.run
    return {
        "schema_version": SCHEMA_VERSION,
        "drill": run.drill,
        "variant": run.variant,
        "outcome": verdict.outcome.value,
        "exit_code": verdict.outcome.exit_code,
        "reason": verdict.reason,
        "target": run.target,
        "cluster": run.cluster,
        "time_scale": run.time_scale,
        "rate": run.rate,
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "findings": [_finding(finding) for finding in verdict.findings],
        "causes": [cause.value for cause in verdict.causes],
        "not_observable": list(verdict.not_observable),
        "not_emulated": list(run.not_emulated),
        "missing": list(verdict.missing),
        "undo_failures": list(run.undo_failures),
        "worst_error_ms": verdict.worst_error_ms,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.check,
        "result": finding.result.value,
        "premise": finding.premise,
        "sentence": finding.sentence,
        "evidence": list(finding.evidence),
        "causes": [
            {
                "cause": diagnosis.cause.value,
                "count": diagnosis.count,
                "sentence": diagnosis.sentence,
                "advice": diagnosis.advice,
                "evidence": list(diagnosis.evidence),
            }
            for diagnosis in finding.diagnoses
        ],
    }


def write_verdict(folder: Path, verdict: Verdict) -> None:
    text = json.dumps(to_document(verdict), indent=2) + "\n"
    (folder / "verdict.json").write_text(text, encoding="utf-8")

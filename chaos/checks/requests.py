"""Did any request fail, and why?"""

from chaos.causes import failed_requests, find_causes
from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.diagnosis import diagnose
from chaos.history import History


def judge_requests(history: History) -> Finding:
    """No request may fail; a failure is explained from the data."""
    rows = history.records.requests
    if not rows:
        return unknown("no requests were recorded")
    bad = failed_requests(history)
    if not bad:
        return passed(f"0 of {len(rows)} requests failed")
    diagnoses = diagnose(history, find_causes(history))
    sentence = f"{len(bad)} of {len(rows)} requests failed ({100 * len(bad) / len(rows):.2f} %)"
    evidence = tuple(line for diagnosis in diagnoses for line in diagnosis.evidence)
    return failed(sentence, evidence, diagnoses)


REQUESTS = Check("no request failed", judge_requests)

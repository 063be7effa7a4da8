"""Layer 1: one situation, one plan."""

import pytest

from infra.local.scheduler.reconcile import reconcile
from tests.scheduler import breaker_cases, ending_cases, health_cases, rollout_cases
from tests.scheduler.case import Case

CASES = (
    *rollout_cases.CASES,
    *health_cases.CASES,
    *ending_cases.CASES,
    *breaker_cases.CASES,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_situation_gives_plan(case: Case) -> None:
    assert case.fault(reconcile) is None


def test_every_sentence_is_written_once() -> None:
    sentences = [case.sentence for case in CASES]
    assert sorted(set(sentences)) == sorted(sentences)

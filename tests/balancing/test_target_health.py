"""Target health and registration: one situation, one answer (R4.3-R4.6, R4.30, R4.35, I3, I11)."""

import pytest

from tests.balancing.rule_cases import HEALTH, REGISTRATION, Case
from tests.balancing.rules import REAL


@pytest.mark.parametrize("case", [*HEALTH, *REGISTRATION], ids=lambda case: case.sentence)
def test_a_target_becomes(case: Case) -> None:
    assert case.fault(REAL) is None

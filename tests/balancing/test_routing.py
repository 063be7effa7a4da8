"""Which targets get requests: one situation, one answer (R4.10, R4.32)."""

import pytest

from tests.balancing.rule_cases import DEPARTING, ROUTING, Case
from tests.balancing.rules import REAL


@pytest.mark.parametrize("case", [*ROUTING, *DEPARTING], ids=lambda case: case.sentence)
def test_who_gets_requests(case: Case) -> None:
    assert case.fault(REAL) is None

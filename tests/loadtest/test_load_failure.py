import pytest

from loadtest.failure import Failure, Outcome, error_class, write_outcome


@pytest.mark.parametrize(
    ("failure", "status", "task", "expected", "outcome"),
    [
        pytest.param(None, 201, "t1", None, Outcome.ACKNOWLEDGED, id="an expected answer is good"),
        pytest.param(None, 503, "t1", "app-503", Outcome.UNKNOWN, id="a 503 of the application"),
        pytest.param(None, 503, None, "proxy-503", Outcome.UNKNOWN, id="a 503 of the balancer"),
        pytest.param(None, 502, None, "proxy-502", Outcome.UNKNOWN, id="a 502 of the balancer"),
        pytest.param(None, 409, "t1", "status-409", Outcome.REFUSED, id="a conflict"),
        pytest.param(None, 404, None, "status-404", Outcome.REFUSED, id="no such route"),
        pytest.param(None, 301, None, "status-301", Outcome.REFUSED, id="redirects: not followed"),
        pytest.param(None, 204, "t1", "status-204", Outcome.REFUSED, id="an unexpected success"),
        pytest.param(Failure.REFUSED, None, None, "refused", Outcome.REFUSED, id="never connected"),
        pytest.param(Failure.RESET, None, None, "reset", Outcome.UNKNOWN, id="closed, no answer"),
        pytest.param(
            Failure.TIMEOUT, None, None, "timeout", Outcome.UNKNOWN, id="no answer in time"
        ),
        pytest.param(Failure.TRUNCATED, 201, "t1", "truncated", Outcome.UNKNOWN, id="half a 201"),
    ],
)
def test_each_lost_or_wrong_answer_has_its_class(
    failure: Failure | None,
    status: int | None,
    task: str | None,
    expected: str | None,
    outcome: Outcome,
) -> None:
    error = error_class(failure, status, task, {201})
    assert error == expected
    assert write_outcome(error) is outcome

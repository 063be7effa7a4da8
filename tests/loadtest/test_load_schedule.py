import pytest

from loadtest.schedule import Schedule


def test_the_millionth_arrival_is_where_arithmetic_puts_it() -> None:
    schedule = Schedule(start_ms=1_000.0, rate=300)
    assert schedule.due_ms(1_000_000) == pytest.approx(1_000 + 1_000_000 * 1000 / 300, abs=1e-3)


@pytest.mark.parametrize(
    ("rate", "duration_ms", "expected"),
    [
        pytest.param(200, 1_500, 300, id="a rate that divides the duration"),
        pytest.param(3, 1_000, 3, id="a rate whose interval is no whole number"),
        pytest.param(10, 1_001, 11, id="a duration just past an arrival"),
        pytest.param(0.5, 1_000, 1, id="a duration shorter than the interval has one arrival"),
    ],
)
def test_a_duration_holds_as_many_arrivals_as_its_rate_says(
    rate: float, duration_ms: float, expected: int
) -> None:
    schedule = Schedule(0.0, rate, duration_ms)
    assert [schedule.ended(step) for step in range(expected + 1)] == [False] * expected + [True]


def test_without_a_duration_arrivals_never_end() -> None:
    assert not Schedule(0.0, 1000.0).ended(10**9)


def test_processes_share_the_arrivals_of_one_schedule() -> None:
    alone = Schedule(5.0, 90, 1_000)
    shares = [Schedule(5.0, 90, 1_000, index, share=3) for index in range(3)]
    shared = {s.number(step): s.due_ms(step) for s in shares for step in range(30)}
    assert shared == {step: alone.due_ms(step) for step in range(90)}
    assert all(share.ended(30) for share in shares)

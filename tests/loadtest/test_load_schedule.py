import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.schedule import Schedule
from loadtest.shapes import SCENARIOS, Shape, Stage, constant, make_shape

RATES = st.floats(0.1, 5000)
STAGES = st.builds(Stage, st.floats(0.1, 500), RATES | st.just(0.0), RATES)
SHAPES = st.builds(Shape, st.lists(STAGES, min_size=1, max_size=8))


def arrivals(schedule: Schedule) -> list[tuple[int, float]]:
    """Number and due time of each."""
    steps = itertools.takewhile(lambda step: not schedule.ended(step), itertools.count())
    return [(schedule.number(step), schedule.due_ms(step)) for step in steps]


def test_the_millionth_arrival_is_where_arithmetic_puts_it() -> None:
    schedule = Schedule(1_000.0, constant(300))
    assert schedule.due_ms(1_000_000) == pytest.approx(1_000 + 1_000_000 * 1000 / 300, abs=1e-3)


@pytest.mark.parametrize(
    ("rate", "seconds", "expected"),
    [
        pytest.param(200, 1.5, 300, id="a rate that divides the duration"),
        pytest.param(3, 1, 3, id="a rate whose interval is no whole number"),
        pytest.param(10, 1.001, 11, id="a duration just past an arrival"),
        pytest.param(0.5, 1, 1, id="a duration shorter than the interval has one arrival"),
        pytest.param(0.1, 30, 3, id="a rate that no float holds"),
    ],
)
def test_a_duration_holds_as_many_arrivals_as_its_rate_says(
    rate: float, seconds: float, expected: int
) -> None:
    schedule = Schedule(0.0, constant(rate, seconds))
    assert [schedule.ended(step) for step in range(expected + 1)] == [False] * expected + [True]


def test_without_a_duration_arrivals_never_end() -> None:
    assert not Schedule(0.0, constant(1000.0)).ended(10**9)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
@pytest.mark.parametrize("share", [1, 3, 7])
def test_processes_share_the_arrivals_of_one_schedule(name: str, share: int) -> None:
    shape = make_shape(name, 40, 6)
    whole = arrivals(Schedule(5.0, shape))
    shared = [
        pair for index in range(share) for pair in arrivals(Schedule(5.0, shape, index, share))
    ]
    assert len(whole) > 30
    assert sorted(shared) == whole


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        pytest.param("smoke", [100] * 10, id="smoke: one rate"),
        pytest.param("steady", [100] * 10, id="steady: one rate"),
        pytest.param("soak", [100] * 10, id="soak: one rate"),
        # 0 to 100/s over 7.5 s: 100 t^2 / 15 arrivals by second t
        pytest.param("ramp", [7, 20, 33, 47, 60, 73, 87, 98, 100, 100], id="ramp: rises, is held"),
        pytest.param("spike", [20] * 4 + [100] * 2 + [20] * 4, id="spike: a fifth, all, a fifth"),
        pytest.param("stress", list(range(10, 101, 10)), id="stress: ten steps"),
    ],
)
def test_each_scenario_has_its_rate_in_every_second(name: str, counts: list[int]) -> None:
    shape = make_shape(name, 100, 10)
    seconds = [0] * 10
    for number in itertools.takewhile(shape.has, itertools.count()):
        seconds[int(shape.offset_ms(number) / 1000 + 1e-9)] += 1
    assert seconds == pytest.approx(counts, abs=1)
    assert sum(seconds) == pytest.approx(sum(counts), abs=1)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_each_scenario_has_a_rate_and_a_time_of_its_own(name: str) -> None:
    scenario, shape = SCENARIOS[name], make_shape(name)
    assert shape.peak == scenario.rate
    assert shape.seconds == pytest.approx(scenario.seconds)
    assert scenario.steady == (len(shape.stages) == 1)


def test_a_shape_is_written_as_seconds_and_rates() -> None:
    assert str(make_shape("ramp", 200, 40)) == "30@0-200,10@200"
    assert str(constant(5)) == "inf@5"


@given(SHAPES)
def test_arrivals_come_in_order_and_within_the_shape(shape: Shape) -> None:
    count = int(sum(stage.arrivals for stage in shape.stages))
    numbers = sorted({min(count - 1, round(count * k / 50)) for k in range(50)} - {-1})
    due = [shape.offset_ms(number) for number in numbers]
    assert due == sorted(due)
    assert all(0 <= at <= shape.seconds * 1000 * (1 + 1e-9) for at in due)


@given(SHAPES, st.floats(0, 1))
def test_as_many_arrivals_are_due_by_a_moment_as_the_rates_add_up_to(
    shape: Shape, share: float
) -> None:
    count = int(sum(stage.arrivals for stage in shape.stages))
    number = int(count * share)
    if not shape.has(number):
        return
    at_s, area = shape.offset_ms(number) / 1000, 0.0
    for stage in shape.stages:  # the area under the rate up to then, by trapezoids
        spent = min(at_s, stage.seconds)
        rate = stage.first + (stage.last - stage.first) * spent / stage.seconds
        area += spent * (stage.first + rate) / 2
        at_s -= spent
    assert area == pytest.approx(number, rel=1e-6, abs=1e-3)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import UsageError
from chaos.loads.thresholds import DEFAULTS, choose_thresholds, parse_threshold


@pytest.mark.parametrize(
    ("text", "endpoint", "figure", "comparison", "number"),
    [
        pytest.param("p99<250ms", None, "p99", "<", 250, id="a percentile in milliseconds"),
        pytest.param("p99.9 <= 1.5s", None, "p99.9", "<=", 1500, id="spaces, seconds"),
        pytest.param("max<3s", None, "max", "<", 3000, id="the maximum"),
        pytest.param("mean<20ms", None, "mean", "<", 20, id="the mean"),
        pytest.param("errors<0.1%", None, "errors", "<", 0.1, id="errors in percent"),
        pytest.param("errors<=0%", None, "errors", "<=", 0, id="no error at all"),
        pytest.param("rps>=500", None, "rps", ">=", 500, id="a rate"),
        pytest.param("rps>=500/s", None, "rps", ">=", 500, id="a rate with its unit"),
        pytest.param("knee>=400", None, "knee", ">=", 400, id="a knee"),
        pytest.param("GET /orders p95<1s", "GET /orders", "p95", "<", 1000, id="an endpoint"),
        pytest.param(
            "POST /inventory/{sku}/reservations errors<1%",
            "POST /inventory/{sku}/reservations",
            "errors",
            "<",
            1,
            id="an endpoint with a variable",
        ),
    ],
)
def test_thresholds_are_read(
    text: str, endpoint: str | None, figure: str, comparison: str, number: float
) -> None:
    found = parse_threshold(text)
    assert (found.endpoint, found.figure, found.comparison) == (endpoint, figure, comparison)
    assert found.limit.value(None) == number


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "is no threshold", id="nothing"),
        pytest.param("fast", "is no threshold", id="a word"),
        pytest.param("p99=250ms", "is no threshold", id="no comparison"),
        pytest.param("p99<250ms please", "is no threshold", id="more behind it"),
        pytest.param("get /orders p99<1s", "is no threshold", id="a method in small letters"),
        pytest.param("p99<250", "p99<250ms", id="a latency without unit"),
        pytest.param("p99<1%", "p99<250ms", id="a latency in percent"),
        pytest.param("p99<ms", "p99<250ms", id="no number"),
        pytest.param("p99<-5ms", "p99<250ms", id="a negative latency"),
        pytest.param("errors<1", "errors<0.1%", id="errors without unit"),
        pytest.param("rps>=5ms", "rps>=500", id="a rate in milliseconds"),
        pytest.param("p100<1s", "there is no figure 'p100'", id="no such percentile"),
        pytest.param("p0<1s", "there is no figure 'p0'", id="no percentile at all"),
        pytest.param("latency<1s", "there is no figure 'latency'", id="no such figure"),
        pytest.param("p99>250ms", "did you mean 'p99<250ms'", id="a demand to be slow"),
        pytest.param("rps<=10", "did you mean 'rps>=10'", id="a demand to answer little"),
        pytest.param("GET /x knee>=1", "leave out the endpoint", id="a knee of an endpoint"),
        pytest.param("max<baseline", "a baseline has no such figure", id="not in a baseline"),
        pytest.param("p99<baseline20%", "like baseline+20%", id="a baseline without sign"),
        pytest.param("p99<baseline+20", "like baseline+20%", id="a baseline without unit"),
    ],
)
def test_wrong_thresholds_are_refused_in_one_sentence_with_a_hint(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_threshold(text)
    sentence = str(caught.value)
    assert said in sentence
    assert "hint: " in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("text", "before", "limit"),
    [
        pytest.param("p99<=baseline", 80.0, 80.0, id="the same"),
        pytest.param("p99<=baseline+20%", 80.0, 96.0, id="a fifth more"),
        pytest.param("p95<baseline + 50ms", 80.0, 130.0, id="so much more"),
        pytest.param("rps>=baseline-5%", 200.0, 190.0, id="a little less"),
        pytest.param("errors<=baseline+0.5%", 0.25, 0.75, id="percent of errors are points"),
        pytest.param("p99<=baseline", None, None, id="a baseline that does not know"),
    ],
)
def test_a_limit_may_be_that_of_a_baseline(
    text: str, before: float | None, limit: float | None
) -> None:
    found = parse_threshold(text).limit.value(before)
    assert found == (None if limit is None else pytest.approx(limit))


@given(
    st.sampled_from(["p50", "p99", "p99.99", "max", "mean"]),
    st.sampled_from(["<", "<="]),
    st.integers(0, 100_000),
    st.booleans(),
)
def test_what_was_written_is_what_is_held(
    figure: str, comparison: str, limit: int, spaced: bool
) -> None:
    space = " " if spaced else ""
    found = parse_threshold(f"GET /orders {figure}{space}{comparison}{space}{limit}ms")
    assert found.limit.number == limit
    assert found.holds(limit - 1, limit)
    assert not found.holds(limit + 1, limit)
    assert found.holds(limit, limit) == (comparison == "<=")


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse_threshold(text)
    except UsageError as error:
        assert "hint: " in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("asked", "stress", "held"),
    [
        pytest.param((), False, DEFAULTS, id="nothing: the defaults"),
        pytest.param(("p99<1s",), False, ("p99<1s", "errors<0.1%"), id="errors always count"),
        pytest.param(("errors<5%",), False, ("errors<5%",), id="unless something is said of them"),
        pytest.param(
            ("GET /orders errors<5%",),
            False,
            ("GET /orders errors<5%", "errors<0.1%"),
            id="of all requests",
        ),
        pytest.param((), True, (), id="a stress load goes where errors are"),
        pytest.param(("knee>=9", "knee>=9"), True, ("knee>=9",), id="each one once"),
    ],
)
def test_a_gate_without_thresholds_means_something(
    asked: tuple[str, ...], stress: bool, held: tuple[str, ...]
) -> None:
    assert choose_thresholds(asked, stress=stress, baseline=False) == held


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("knee>=400", "only a stress load", id="a knee of a steady load"),
        pytest.param("p99<baseline", "--baseline RUN_DIR", id="a baseline that is not given"),
    ],
)
def test_a_threshold_that_nothing_can_answer_is_refused(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"hint: .*{hint}"):
        choose_thresholds((text,), stress=False, baseline=False)

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.errors import UsageError
from chaos.loads.baseline import (
    Change,
    changes_of,
    check_comparable,
    compare,
    find_noise,
    read_baseline,
)
from chaos.loads.checks import load_checks
from chaos.loads.setup import Measure
from chaos.outcome import Outcome
from chaos.verdict import judge_history
from tests.chaos.builder import RunBuilder
from tests.chaos.loadrun import Latency, baseline_of, fail, good_load, make_setup, stages_of


def noisy(seed: int, middle_ms: float) -> Latency:
    draw = random.Random(seed)
    return lambda number, at_s: middle_ms * draw.lognormvariate(0.0, 0.4)


def compared(before: RunBuilder, after: RunBuilder, folder: Path, *thresholds: str) -> RunBuilder:
    """The second run with the first as its baseline."""
    setup = make_setup(
        thresholds=thresholds or ("errors<100%",), baseline=baseline_of(before, make_setup())
    )
    after.run = replace(after.run, load=setup)
    return after


def words(built: RunBuilder, folder: Path) -> dict[tuple[str, str], str]:
    changes = changes_of(built.history(folder))
    return {(change.endpoint, change.figure): change.word for change in changes}


def test_two_runs_of_the_same_differ_by_noise(tmp_path: Path) -> None:
    before, after = (good_load(latency=noisy(seed, 20.0)) for seed in (1, 2))
    assert set(words(compared(before, after, tmp_path), tmp_path).values()) == {"within noise"}


def test_a_slower_run_is_worse_and_a_faster_one_better(tmp_path: Path) -> None:
    before, after = good_load(latency=noisy(1, 20.0)), good_load(latency=noisy(2, 35.0))
    found = words(compared(before, after, tmp_path), tmp_path / "a")
    assert found["all", "p50_ms"] == found["POST /orders", "p99_ms"] == "worse"
    assert found["all", "rps"] == found["all", "errors_percent"] == "within noise"
    before, after = good_load(latency=noisy(1, 20.0)), good_load(latency=noisy(2, 10.0))
    assert words(compared(before, after, tmp_path), tmp_path / "b")["all", "p95_ms"] == "better"


def test_more_errors_are_worse(tmp_path: Path) -> None:
    before, after = good_load(), good_load()
    after.requests = [fail(r) if n % 20 == 0 else r for n, r in enumerate(after.requests)]
    found = words(compared(before, after, tmp_path), tmp_path)
    assert found["all", "errors_percent"] == "worse"
    assert found["GET /orders/{id}", "errors_percent"] == "within noise"


def test_an_endpoint_of_one_run_only_is_told(tmp_path: Path) -> None:
    before, after = good_load(), good_load()
    after.requests = [
        replace(r, name="GET /new") if r.method == "GET" else r for r in after.requests
    ]
    found = words(compared(before, after, tmp_path), tmp_path)
    assert found["GET /new", "p99_ms"] == found["GET /orders/{id}", "p99_ms"] == "not in both"


@pytest.mark.parametrize(
    ("threshold", "outcome"),
    [
        pytest.param("p50<=baseline+20%", Outcome.FAIL, id="slower than may be"),
        pytest.param("p50<=baseline+200%", Outcome.PASS, id="not slower than may be"),
        pytest.param("GET /new p50<=baseline", Outcome.INVALID, id="nothing to compare with"),
    ],
)
def test_a_baseline_can_be_a_threshold(tmp_path: Path, threshold: str, outcome: Outcome) -> None:
    before, after = good_load(latency=noisy(1, 20.0)), good_load(latency=noisy(2, 35.0))
    built = compared(before, after, tmp_path, threshold, "errors<1%")
    verdict = judge_history(built.history(tmp_path), load_checks(built.run))
    assert verdict.outcome is outcome, verdict.reason


def measures(values: list[float | None]) -> list[Measure]:
    return [
        Measure(requests=10, good=10, p50_ms=v, p95_ms=v, p99_ms=v, errors_percent=0.0, rps=1.0)
        for v in values
    ]


@pytest.mark.parametrize(
    ("before", "after", "noise"),
    [
        pytest.param([20.0] * 10, [30.0] * 10, None, id="always ten more"),
        pytest.param([20.0, 40.0] * 5, [40.0, 20.0] * 5, "within noise", id="up and down"),
        pytest.param([20.0] * 9 + [500.0], [21.5] * 10, "within noise", id="one part was bad"),
        pytest.param([20.0] * 10, [20.4] * 10, "within noise", id="too small to matter"),
        pytest.param([0.2] * 10, [0.9] * 10, "within noise", id="below a millisecond"),
        pytest.param([None] * 8 + [20.0] * 2, [90.0] * 10, "too little data", id="few parts"),
    ],
)
def test_noise_is_what_varies_from_part_to_part(
    before: list[float | None], after: list[float | None], noise: str | None
) -> None:
    assert find_noise(measures(before), measures(after), "p99_ms") == noise


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(10, 1000), min_size=10, max_size=10),
    st.lists(st.floats(10, 1000), min_size=10, max_size=10),
)
def test_what_is_noise_one_way_is_noise_the_other_way(one: list[float], two: list[float]) -> None:
    """Unless only the share of the level, which differs, makes it small."""
    there, back = (
        find_noise(measures([*a]), measures([*b]), "p50_ms") for a, b in ((one, two), (two, one))
    )
    if abs(sum(one) - sum(two)) > 0.06 * max(sum(one), sum(two)):
        assert there == back


def test_a_run_compared_with_itself_differs_in_nothing() -> None:
    endpoints = baseline_of(good_load(), make_setup()).endpoints
    changes: list[Change] = list(compare(endpoints, endpoints))
    assert {change.word for change in changes} == {"within noise"}
    assert {change.delta for change in changes} == {0.0}


def test_a_baseline_is_read_from_a_run_folder(tmp_path: Path) -> None:
    built = good_load()
    baseline, setup = read_baseline(built.write(tmp_path / "before"))
    assert baseline.folder == "before"
    assert setup == built.run.load
    assert [e.endpoint for e in baseline.endpoints] == ["all", "GET /orders/{id}", "POST /orders"]
    assert baseline.endpoints[0].whole.requests == 1000


@pytest.mark.parametrize("what", ["no folder", "a drill", "no request"])
def test_what_is_no_load_is_no_baseline(tmp_path: Path, what: str) -> None:
    built = good_load()
    if what == "a drill":
        built.run = replace(built.run, load=None)
    if what == "no request":
        built.requests = []
    folder = tmp_path / "run"
    if what != "no folder":
        built.write(folder)
    with pytest.raises(UsageError):
        read_baseline(folder)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"scenario": "soak"}, id="another scenario"),
        pytest.param({"mix": "exports"}, id="another mix"),
        pytest.param({"stages": stages_of(200.0)}, id="another rate"),
    ],
)
def test_only_the_same_load_can_be_compared(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="hint: "):
        check_comparable(make_setup(), make_setup(**changes), tmp_path)

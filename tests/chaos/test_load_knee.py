from dataclasses import replace
from pathlib import Path

import pytest

from chaos.loads.checks import load_checks
from chaos.loads.knee import find_knee, read_stages
from chaos.loads.setup import LoadSetup
from chaos.outcome import Outcome
from chaos.verdict import Verdict, judge_history
from tests.chaos.builder import RunBuilder
from tests.chaos.loadrun import Latency, fail, good_load, make_setup, stages_of

RATES = (50.0, 100.0, 150.0, 200.0)


def queue(capacity: float, setup: LoadSetup) -> Latency:
    """A server that answers so many requests a second, one after the other."""
    free_s = [0.0]

    def latency(number: int, at_s: float) -> float:
        free_s[0] = max(free_s[0], at_s) + 1 / capacity
        return (free_s[0] - at_s) * 1000

    return latency


def stress(*thresholds: str) -> LoadSetup:
    return make_setup(scenario="stress", stages=stages_of(*RATES), thresholds=thresholds)


def judged(built: RunBuilder, folder: Path) -> Verdict:
    return judge_history(built.history(folder), load_checks(built.run))


@pytest.mark.parametrize(
    ("capacity", "kept", "broke"),
    [
        pytest.param(1000.0, 200.0, None, id="more than was asked for"),
        pytest.param(170.0, 150.0, 200.0, id="the last stage is too much"),
        pytest.param(120.0, 100.0, 150.0, id="the third is"),
        pytest.param(40.0, None, 50.0, id="even the first is"),
    ],
)
def test_the_knee_is_where_the_queue_grows(
    tmp_path: Path, capacity: float, kept: float | None, broke: float | None
) -> None:
    setup = stress()
    built = good_load(setup, queue(capacity, setup))
    knee = find_knee(read_stages(built.history(tmp_path), setup))
    assert knee is not None
    assert (knee.kept, knee.broke) == (kept, broke)


@pytest.mark.parametrize(
    ("capacity", "threshold", "outcome"),
    [
        pytest.param(120.0, None, Outcome.PASS, id="a knee that was found is an answer"),
        pytest.param(1000.0, None, Outcome.PASS, id="so is none"),
        pytest.param(40.0, None, Outcome.FAIL, id="keeping up with nothing is no answer"),
        pytest.param(120.0, "knee>=100", Outcome.PASS, id="a knee that is enough"),
        pytest.param(120.0, "knee>=150", Outcome.FAIL, id="a knee that is not"),
        pytest.param(120.0, "p99<1s", Outcome.PASS, id="figures are those up to the knee"),
        pytest.param(120.0, "rps>=74", Outcome.PASS, id="so is the rate"),
        pytest.param(120.0, "rps>=76", Outcome.FAIL, id="which is 75/s there"),
    ],
)
def test_a_stress_load_is_judged_by_its_knee(
    tmp_path: Path, capacity: float, threshold: str | None, outcome: Outcome
) -> None:
    setup = stress(*([threshold] if threshold else []))
    verdict = judged(good_load(setup, queue(capacity, setup)), tmp_path)
    assert verdict.outcome is outcome, verdict.reason


def test_errors_make_a_knee(tmp_path: Path) -> None:
    setup = stress()
    built = good_load(setup)
    built.requests = [
        fail(r) if n >= 1500 and n % 50 == 0 else r for n, r in enumerate(built.requests)
    ]
    knee = find_knee(read_stages(built.history(tmp_path), setup))
    assert knee is not None
    assert knee.sentence == ("kept up with 100/s and not with 150/s: 2.0 % of 1500 requests failed")


@pytest.mark.parametrize(
    ("slow", "why"),
    [
        pytest.param(
            lambda n, at_s: 700.0 if 19.305 < at_s < 20 else 5.0,
            "only 931 requests were answered well while 1000 arrived",
            id="not yet slow, and behind",
        ),
        pytest.param(
            lambda n, at_s: 1500.0 if at_s < 18 and at_s > 10 and n % 50 == 0 else 5.0,
            "p99 1500 ms (limit 1000 ms)",
            id="not behind, and slow",
        ),
    ],
)
def test_each_way_of_not_keeping_up_is_enough(tmp_path: Path, slow: Latency, why: str) -> None:
    setup = stress()
    stages = read_stages(good_load(setup, slow).history(tmp_path), setup)
    assert [stage.why for stage in stages] == [None, why]


def test_a_load_ended_after_its_knee_was_offered(tmp_path: Path) -> None:
    """The next stage had only begun."""
    setup = stress()
    built = good_load(setup, queue(120.0, setup))
    built.requests = built.requests[:3100]
    verdict = judged(built, tmp_path)
    assert verdict.outcome is Outcome.PASS, verdict.reason


def test_a_stage_cut_before_a_knee_was_not_offered(tmp_path: Path) -> None:
    setup = stress()
    built = good_load(setup)
    built.requests = built.requests[:2500]
    assert judged(built, tmp_path).outcome is Outcome.INVALID


def test_a_generator_that_is_late_finds_no_knee(tmp_path: Path) -> None:
    setup = stress("knee>=100")
    built = good_load(setup)
    built.requests = [
        replace(r, sent_ms=r.scheduled_ms + 400, latency_ms=410.0) if n >= 1500 else r
        for n, r in enumerate(built.requests)
    ]
    verdict = judged(built, tmp_path)
    assert verdict.outcome is Outcome.INVALID
    assert "the generator itself was late" in verdict.reason


def test_nothing_has_no_knee(tmp_path: Path) -> None:
    setup = stress()
    built = good_load(setup)
    built.requests = []
    assert find_knee(read_stages(built.history(tmp_path), setup)) is None

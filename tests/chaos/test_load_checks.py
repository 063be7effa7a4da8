from dataclasses import replace
from pathlib import Path

import pytest

from chaos.checks.finding import Result
from chaos.loads.checks import load_checks
from chaos.loads.setup import LoadSetup
from chaos.outcome import Outcome
from chaos.suite import judge_folder
from chaos.verdict import Verdict, judge_history
from tests.chaos.builder import RunBuilder
from tests.chaos.loadrun import fail, good_load, make_setup, stages_of


def judged(built: RunBuilder, folder: Path) -> Verdict:
    return judge_history(built.history(folder), load_checks(built.run))


def finding(verdict: Verdict, check: str) -> tuple[Result, str]:
    found = next(f for f in verdict.findings if f.check == check)
    return found.result, found.sentence


def held(*thresholds: str, **changes: object) -> LoadSetup:
    return make_setup(thresholds=thresholds, **changes)


def test_a_good_load_passes(tmp_path: Path) -> None:
    verdict = judged(good_load(held("p99<250ms", "errors<0.1%", "rps>=99")), tmp_path)
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert finding(verdict, "p99<250ms")[1] == "14.0 ms of 1000 good requests (limit < 250.0 ms)"
    assert finding(verdict, "rps>=99")[1].startswith("100.0/s: 1000 good answers in 10 s")


@pytest.mark.parametrize(
    ("threshold", "result"),
    [
        # latencies are 5 to 14 ms, each a tenth of the requests
        pytest.param("p50<=9ms", Result.PASS, id="the fifth of ten"),
        pytest.param("p50<9ms", Result.FAIL, id="the limit itself is not below it"),
        pytest.param("p90<=13ms", Result.PASS, id="nine tenths"),
        pytest.param("p91<=13ms", Result.FAIL, id="a little more"),
        pytest.param("max<=14ms", Result.PASS, id="the maximum"),
        pytest.param("mean<=9.5ms", Result.PASS, id="the mean"),
        pytest.param("mean<9.5ms", Result.FAIL, id="the mean, too slow"),
        pytest.param("rps>=100", Result.PASS, id="all of the rate"),
        pytest.param("rps>100", Result.FAIL, id="more than was offered"),
        pytest.param("errors<=0%", Result.PASS, id="no error"),
        pytest.param("POST /orders p50<1s", Result.PASS, id="an endpoint"),
        pytest.param("POST /orders rps>=25", Result.PASS, id="an endpoint's share of the rate"),
        pytest.param("GET /none p50<1s", Result.UNKNOWN, id="an endpoint without data"),
        pytest.param("GET /none errors<1%", Result.UNKNOWN, id="no errors of nothing"),
        pytest.param("GET /none rps>=1", Result.UNKNOWN, id="no rate of nothing"),
    ],
)
def test_thresholds_are_judged(tmp_path: Path, threshold: str, result: Result) -> None:
    verdict = judged(good_load(held(threshold)), tmp_path)
    assert finding(verdict, threshold)[0] is result
    wanted = {Result.PASS: Outcome.PASS, Result.FAIL: Outcome.FAIL, Result.UNKNOWN: Outcome.INVALID}
    assert verdict.outcome is wanted[result]


def test_failed_requests_count_as_errors_and_not_as_fast(tmp_path: Path) -> None:
    built = good_load(held("errors<1%", "p99<1s", "rps>=99"))
    built.requests = [fail(r) if n % 50 == 0 else r for n, r in enumerate(built.requests)]
    verdict = judged(built, tmp_path)
    assert verdict.outcome is Outcome.FAIL
    errors = (Result.FAIL, "2 %: 20 of 1000 requests failed (limit < 1 %)")
    assert finding(verdict, "errors<1%") == errors
    assert "of 980 good requests" in finding(verdict, "p99<1s")[1]
    assert finding(verdict, "rps>=99")[0] is Result.FAIL


def test_without_a_good_request_no_latency_passes(tmp_path: Path) -> None:
    built = good_load(held("p99<1s", "errors<=100%"))
    built.requests = [fail(row) for row in built.requests]
    verdict = judged(built, tmp_path)
    assert finding(verdict, "p99<1s")[0] is Result.UNKNOWN
    assert verdict.outcome is Outcome.INVALID


def test_long_exports_count_only_by_their_name(tmp_path: Path) -> None:
    built = good_load(held("p99<20ms", "GET /orders/export p50<20ms"))
    rows = built.requests
    built.requests = [
        replace(r, name="GET /orders/export", length_ms=1500.0, latency_ms=1510.0)
        if n % 10 == 1
        else r
        for n, r in enumerate(rows)
    ]
    verdict = judged(built, tmp_path)
    assert finding(verdict, "p99<20ms")[0] is Result.PASS
    assert finding(verdict, "GET /orders/export p50<20ms")[0] is Result.FAIL


def test_a_percentile_of_few_requests_says_that_it_is_the_largest(tmp_path: Path) -> None:
    built = good_load(held("p99<1s", stages=stages_of(5.0)))
    assert "which is the largest" in finding(judged(built, tmp_path), "p99<1s")[1]


def spoil(built: RunBuilder, how: str) -> None:
    rows = built.requests
    match how:
        case "no record":
            built.requests, built.meta = [], {}
        case "killed":
            del built.meta["ended_ms"]
        case "no self-test":
            built.meta["self_test"] = "failed"
        case "too few":
            built.requests = rows[:900]
        case "too many":
            built.requests = rows + [replace(r, request_id=f"x{r.request_id}") for r in rows[:100]]
        case "late":
            built.requests = [replace(r, sent_ms=r.scheduled_ms + 400) for r in rows]
        case "a generator is missing":
            built.meta["generators"] = "2"
        case _:
            built.meta |= {"generators": "2", "generator 1": "started"}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no record", "no request"),
        ("killed", "killed"),
        ("no self-test", "self-test"),
        ("too few", "900 arrivals instead of 1000"),
        ("too many", "1100 arrivals instead of 1000"),
        ("late", "lag 400 ms"),
        ("a generator is missing", "of 2 generators, no complete record of number 1"),
        ("a generator was killed", "of 2 generators, no complete record of number 1"),
    ],
)
def test_a_load_that_was_not_offered_proves_nothing(tmp_path: Path, how: str, said: str) -> None:
    built = good_load()
    spoil(built, how)
    verdict = judged(built, tmp_path)
    assert verdict.outcome is Outcome.INVALID
    assert said in finding(verdict, "load was offered")[1]


def test_each_stage_must_be_offered(tmp_path: Path) -> None:
    """The whole has nearly all its arrivals, and the spike was not there."""
    built = good_load(make_setup(scenario="spike", stages=stages_of(100, 500, 100)))
    spike = built.requests[1000:6000]
    built.requests = built.requests[:1000] + spike[:4700] + built.requests[6000:]
    verdict = judged(built, tmp_path)
    assert verdict.outcome is Outcome.INVALID
    assert "4700 arrivals instead of 5000 in 10 s at 500/s" in verdict.reason


def test_a_small_stage_may_lack_an_arrival(tmp_path: Path) -> None:
    """At its edge rounding decides where an arrival belongs."""
    built = good_load(make_setup(stages=stages_of(1.0)))
    built.requests = built.requests[:8]
    assert judged(built, tmp_path / "a").outcome is Outcome.PASS
    built.requests = built.requests[:7]
    assert judged(built, tmp_path / "b").outcome is Outcome.INVALID


def test_dropped_arrivals_are_failures_of_the_service(tmp_path: Path) -> None:
    built = good_load(held("errors<1%"))
    built.requests[500:600] = [
        replace(r, error="dropped", status=None, sent_ms=None, service_ms=None)
        for r in built.requests[500:600]
    ]
    verdict = judged(built, tmp_path)
    assert verdict.outcome is Outcome.FAIL
    assert "100 found no free slot" in finding(verdict, "load was offered")[1]


def test_orders_are_verified_after_every_load(tmp_path: Path) -> None:
    built = good_load()
    built.entries = built.entries[:1]
    verdict = judged(built, tmp_path)
    assert verdict.outcome is Outcome.INVALID
    assert "the orders were not asked for" in verdict.reason


def test_the_run_folder_is_judged_as_any_other(tmp_path: Path) -> None:
    folder = good_load(held("p99<1ms")).write(tmp_path / "run")
    _, verdict = judge_folder(folder)
    assert verdict.outcome is Outcome.FAIL
    written = {path.name for path in folder.iterdir()}
    assert written >= {"verdict.json", "junit.xml", "report.html", "run.json"}
    page = (folder / "report.html").read_text()
    assert "load (steady): FAIL" in page
    assert "POST /orders  " in page  # each endpoint's figures

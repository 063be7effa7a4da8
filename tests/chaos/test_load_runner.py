"""Whole loads by a fake generator: endings, evidence, and that nothing survives."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.entries import OrdersSeen, Step, TaskSeen
from chaos.history import read_history
from chaos.loads.runner import LoadOrder, place_of_url, run_load
from chaos.loads.setup import LoadSetup
from chaos.outcome import Outcome
from chaos.run import JUDGED, Run
from chaos.suite import judge_folder
from chaos.target import Target
from tests.chaos.fake import FakeTarget, front
from tests.chaos.loadrun import make_setup, stages_of

FAKE = str(Path(__file__).with_name("fake_load.py"))


def run(
    folder: Path,
    url: str,
    setup: LoadSetup,
    mode: str = "good",
    target: Target | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    order = LoadOrder(
        setup=setup,
        place=target.place if target else place_of_url(url, None, 1.0),
        target=target,
        rate=setup.stages[-1].last,
        longest_seconds=0.1,
        load_command=(sys.executable, FAKE, "--mode", mode),
        say=say,
    )
    return run_load(order, folder)


def short(**changes: object) -> LoadSetup:
    return make_setup(stages=stages_of(60.0, seconds=2.0), **changes)


def test_a_load_on_a_url_is_run_recorded_and_judged(tmp_path: Path) -> None:
    with front(FakeTarget()) as target:
        done = run(tmp_path, target.url, short())
    assert done.ending == JUDGED, done.why
    history, verdict = judge_folder(tmp_path)
    results = {finding.check: finding.result.value for finding in verdict.findings}
    results.pop("every acknowledged order exactly once")  # the fake load writes none
    assert set(results.values()) == {"pass"}, verdict.findings
    assert [step.name for step in history.of(Step)] == ["load", "load ends"]
    assert history.of(OrdersSeen)
    assert history.of(TaskSeen) == ()
    assert "tasks, targets and logs: only a URL was given" in verdict.not_observable


def test_where_there_is_a_cluster_its_tasks_are_watched(tmp_path: Path) -> None:
    with front(FakeTarget()) as target:
        done = run(tmp_path, target.url, short(), target=target)
    assert done.ending == JUDGED, done.why
    history, _ = judge_folder(tmp_path)
    assert len({seen.task for seen in history.of(TaskSeen)}) == 4
    assert history.run.services


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("refuses", "the load did not start: exit code 2: loadtest: the self-test failed"),
        ("dies", "load not offered: killed by signal 9"),
    ],
)
def test_a_load_that_breaks_proves_nothing(tmp_path: Path, mode: str, why: str) -> None:
    with front(FakeTarget()) as target:
        done = run(tmp_path, target.url, short(), mode)
    assert (done.ending, done.why) == (Outcome.INVALID.value, why)
    _, verdict = judge_folder(tmp_path)
    assert verdict.outcome is Outcome.INVALID


def test_beyond_hope_it_is_ended_early_and_evidence_asked_for(tmp_path: Path) -> None:
    setup = make_setup(stages=stages_of(60.0, seconds=30.0))
    with front(FakeTarget()) as target:
        began = time.monotonic()
        done = run(tmp_path, target.url, setup, "fails")
    assert time.monotonic() - began < 20
    assert done.ending == Outcome.ABORTED.value
    assert done.why.startswith("errors<0.1% is broken beyond hope: ")
    history, verdict = judge_folder(tmp_path)
    assert verdict.outcome is Outcome.ABORTED
    assert history.of(OrdersSeen)
    assert "ended_ms" in history.records.meta  # it was told to end, and did


def test_one_that_is_to_keep_going_is_judged_at_its_end(tmp_path: Path) -> None:
    with front(FakeTarget()) as target:
        done = run(tmp_path, target.url, short(keep_going=True), "fails")
    assert done.ending == JUDGED
    _, verdict = judge_folder(tmp_path)
    failed = next(f for f in verdict.findings if f.check == "errors<0.1%")
    assert failed.result.value == "fail"


def test_failures_that_may_be_do_not_end_it_early(tmp_path: Path) -> None:
    setup = make_setup(stages=stages_of(60.0, seconds=3.0), thresholds=("errors<=100%",))
    with front(FakeTarget()) as target:
        done = run(tmp_path, target.url, setup, "fails")
    assert done.ending == JUDGED, done.why


def test_a_stage_that_begins_is_a_step(tmp_path: Path) -> None:
    setup = make_setup(scenario="spike", stages=stages_of(20.0, 60.0, 20.0, seconds=0.6))
    with front(FakeTarget()) as target:
        run(tmp_path, target.url, setup)
    names = [step.name for step in read_history(tmp_path).of(Step)]
    assert names == ["load", "20/s", "60/s", "20/s", "load ends"]


def test_nothing_of_it_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    with front(FakeTarget()) as target:
        run(tmp_path, target.url, short(), target=target)
    assert threading.active_count() == before


def test_headers_and_environment_are_in_no_repr() -> None:
    order = LoadOrder(
        setup=short(),
        place=place_of_url("http://x", None, 1.0),
        rate=1.0,
        longest_seconds=1.0,
        headers={"authorization": "s3cret"},
        environment={"LOAD_HEADERS": "s3cret"},
    )
    assert "s3cret" not in repr(order)

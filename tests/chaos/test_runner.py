"""Whole runs against the fake target: endings, undo, exit codes, and that nothing survives."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chaos.drill import Variant
from chaos.effect import BREAKER, DELAY
from chaos.entries import Step
from chaos.errors import InvalidError
from chaos.gate import pass_gate
from chaos.history import read_history
from chaos.outcome import Outcome
from chaos.run import JUDGED, UNFINISHED
from chaos.stop import Stop
from tests.chaos.builder import SERVICES, group_arn
from tests.chaos.fake import FakeTarget, front
from tests.chaos.play import play

LIMIT_SECONDS = 40.0


def steps(folder: Path) -> list[str]:
    return [step.name for step in read_history(folder).of(Step)]


def test_a_good_deployment_is_run_recorded_and_judged(tmp_path: Path) -> None:
    with front(FakeTarget()) as target:
        run, verdict = play(tmp_path, target)
    findings = {finding.check: finding.result.value for finding in verdict.findings}
    findings.pop("every acknowledged order exactly once")  # the fake load writes none
    assert set(findings.values()) == {"pass"}, verdict.findings
    assert run.ending == JUDGED
    assert verdict.outcome is Outcome.INVALID  # no order was acknowledged
    assert steps(tmp_path) == ["load", "deploy", "deploy", "settled", "load ends"]
    assert (tmp_path / "report.html").stat().st_size < 100_000


def test_the_broken_variant_shortens_the_delay_and_puts_it_back(tmp_path: Path) -> None:
    with front(FakeTarget()) as target:
        play(tmp_path, target, Variant.BROKEN)
    groups = [group_arn(name) for name in SERVICES]
    assert target.history == [
        *((group, "5") for group in groups),
        *((group, "30") for group in reversed(groups)),
    ]
    assert steps(tmp_path)[-2:] == ["undo", "undo"]


def test_a_load_that_is_killed_makes_the_run_invalid(tmp_path: Path) -> None:
    with front(FakeTarget()) as target:
        run, verdict = play(tmp_path, target, mode="dies")
    assert verdict.outcome is Outcome.INVALID
    assert "load not offered: the load ended during the drill (killed by signal 9" in run.why


def test_a_load_that_cannot_start_makes_the_run_invalid(tmp_path: Path) -> None:
    with front(FakeTarget()) as target:
        run, verdict = play(tmp_path, target, mode="refuses")
    assert verdict.outcome is Outcome.INVALID
    assert run.why == "the load did not start: exit code 2: loadtest: the self-test failed"


def test_the_guard_aborts_when_most_requests_fail(tmp_path: Path) -> None:
    with front(FakeTarget(never_settles=True)) as target:
        run, verdict = play(tmp_path, target, Variant.BROKEN, mode="fails")
    assert verdict.outcome is Outcome.ABORTED
    assert run.why.startswith("guard: 100 % of the last")
    assert set(target.delays.values()) == {"30"}


def test_a_call_that_is_refused_makes_the_run_invalid_and_is_undone(tmp_path: Path) -> None:
    with front(FakeTarget(refuse={"UpdateService"})) as target:
        run, verdict = play(tmp_path, target, Variant.BROKEN)
    assert verdict.outcome is Outcome.INVALID
    assert run.why == "UpdateService: AccessDeniedException"
    assert set(target.delays.values()) == {"30"}


def test_an_undo_that_fails_is_an_internal_error_and_the_others_still_run(
    tmp_path: Path,
) -> None:
    with front(FakeTarget(refuse={"undo"})) as target:
        run, verdict = play(tmp_path, target, Variant.BROKEN)
    assert verdict.outcome is Outcome.ERROR
    assert verdict.outcome.exit_code == 70
    assert len(run.undo_failures) == 2
    assert "back to 30" in run.why


@contextmanager
def playing(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The drill as a process of its own, started with SIGINT ignored as shells do with jobs."""
    command = [sys.executable, "-m", "tests.chaos.play", str(folder), "broken", *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LIMIT_SECONDS)


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"the drill never said {words!r}")


def load_pids(folder: Path) -> list[int]:
    """Processes whose command line names this folder's record: our load, if it still lives."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(folder / "requests.sqlite").encode() in words:
                found.append(int(entry.name))
    return found


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end, "waited 10 s in vain"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([signal.SIGINT], id="SIGINT once"),
        pytest.param([signal.SIGINT, signal.SIGINT], id="SIGINT twice"),
        pytest.param([signal.SIGTERM], id="SIGTERM"),
        pytest.param([signal.SIGTERM, signal.SIGINT, signal.SIGTERM], id="three signals"),
    ],
)
def test_signals_end_the_run_and_everything_is_undone(
    numbers: list[signal.Signals], tmp_path: Path
) -> None:
    with playing(tmp_path, "--never-settles") as process:
        read_until(process, "waiting: inventory-api")
        assert load_pids(tmp_path)
        for number in numbers:
            process.send_signal(number)
        assert process.wait(LIMIT_SECONDS) == Outcome.INTERRUPTED.exit_code
    left = json.loads((tmp_path / "left.json").read_text())
    assert set(left[DELAY].values()) == {"30"}
    assert steps(tmp_path)[-2:] == ["undo", "undo"]
    assert load_pids(tmp_path) == []
    assert "stopped by SIG" in (tmp_path / "verdict.json").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_faulty_release_is_taken_back_when_the_drill_is_interrupted(
    number: signal.Signals, tmp_path: Path
) -> None:
    with playing(tmp_path, "--drill", "bad-image", "--never-settles") as process:
        read_until(process, "waiting: order-api")
        process.send_signal(number)
        assert process.stdout is not None
        said = process.stdout.read()
        assert process.wait(LIMIT_SECONDS) == Outcome.INTERRUPTED.exit_code
    left = json.loads((tmp_path / "left.json").read_text())
    assert left[BREAKER] is True
    assert left["deployed"] == {}
    assert "under way: order-api back to order-api:1; watch it with: aws ecs wait" in said
    assert [e.text for e in read_history(tmp_path).of(Step)][-2:] == [
        "order-api back to order-api:1",
        "order-api back to deploymentCircuitBreaker.enable=true,"
        " deploymentCircuitBreaker.rollback=true",
    ]


def test_a_failing_undo_outweighs_the_interruption(tmp_path: Path) -> None:
    with playing(tmp_path, "--never-settles", "--undo-fails") as process:
        read_until(process, "waiting: inventory-api")
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_SECONDS) == Outcome.ERROR.exit_code


def test_nothing_of_ours_survives_kill_9_and_the_folder_says_so(tmp_path: Path) -> None:
    with playing(tmp_path, "--never-settles") as process:
        read_until(process, "waiting: inventory-api")
        assert load_pids(tmp_path)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(LIMIT_SECONDS)
        wait_for(lambda: not load_pids(tmp_path))
    assert read_history(tmp_path).run.ending == UNFINISHED


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        pytest.param(
            FakeTarget(deployed=dict.fromkeys(SERVICES, 4e12), never_settles=True),
            200,
            "not steady before the drill: inventory-api",
            id="services that are not stable",
        ),
        pytest.param(FakeTarget(), 500, "answered 500", id="probes that fail"),
        pytest.param(FakeTarget(refuse={"DescribeServices"}), 200, "AccessDenied", id="no access"),
    ],
)
def test_the_gate_refuses(target: FakeTarget, status: int, words: str) -> None:
    if target.never_settles:
        target.deployed = dict.fromkeys(SERVICES, 0.0)
    with front(target, status), pytest.raises(InvalidError, match=words):
        pass_gate(target, ("/orders?limit=1",), Stop(), patience_seconds=0.2)

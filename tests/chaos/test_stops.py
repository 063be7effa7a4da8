"""Checks and advice on stops and idle connections: a good, a bad and an empty run for each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.causes import Cause, find_causes
from chaos.checks.finding import Check, Result
from chaos.checks.keepalive import IDLE, MEASURED
from chaos.checks.requests import REQUESTS
from chaos.checks.stops import (
    IN_ORDER,
    LONG_IN_FLIGHT,
    PID_ONE,
    PROMPT,
    ROUTED,
    SCALED,
    STOP_SEEN,
    exec_form,
)
from chaos.diagnosis import Diagnosis
from chaos.drill import Drill
from chaos.drills import all_drills
from chaos.entries import BurstSeen, KeepAliveSeen, LogSeen, SettingSeen, TaskSeen
from chaos.outcome import Outcome
from chaos.verdict import judge_history
from tests.chaos.builder import T0, RunBuilder
from tests.chaos.stops import SIGTERM, STOP_CAUSES, SURPLUS, VICTIM, idle, lose, scale_in, stop_task

KILLED = replace(VICTIM, stopped=SIGTERM + 3000)
DEAF = replace(KILLED, sigterm=None)
SHELL = ("sh", "-c", "python -m app; true")


def deaf() -> RunBuilder:
    """SIGTERM was sent and did not arrive: SIGKILL after stopTimeout."""
    builder = stop_task(DEAF, exit_code=137, command=SHELL)
    stopping = next(e for e in builder.entries if isinstance(e, TaskSeen) and e.stop_code)
    builder.add(replace(stopping, at_ms=T0 + SIGTERM + 40, status="STOPPING"))
    return builder


def dark() -> RunBuilder:
    """The same, and the task's log cannot be read."""
    builder = deaf()
    builder.drop(LogSeen)
    return builder


def both_stops() -> RunBuilder:
    """A stop by the scheduler and one by StopTask."""
    builder, other = stop_task(), scale_in()
    builder.entries += [e for e in other.entries if getattr(e, "task", "") == SURPLUS.task]
    builder.entries += [
        e for e in other.entries if str(getattr(e, "address", "")).startswith(SURPLUS.address)
    ]
    builder.requests += [r for r in other.requests if r.task == SURPLUS.task]
    return builder


def without_pid_one() -> RunBuilder:
    builder = stop_task()
    builder.run = replace(builder.run, not_emulated=("PID 1 is not emulated",))
    return builder


def untouched() -> RunBuilder:
    """Nobody asked the task after its SIGTERM."""
    builder = stop_task()
    builder.requests = [r for r in builder.requests if r.scheduled_ms < T0 + SIGTERM - 50]
    return builder


def unscaled() -> RunBuilder:
    builder = scale_in()
    builder.drop(SettingSeen, value="2")
    return builder


def too_early() -> RunBuilder:
    return scale_in(replace(SURPLUS, sigterm=4000, stopped=4500))


def watched_briefly() -> RunBuilder:
    builder = idle()
    builder.entries = [
        replace(e, waited_seconds=20.0) if isinstance(e, KeepAliveSeen) else e
        for e in builder.entries
    ]
    return builder


def unmeasured() -> RunBuilder:
    builder = idle(reachable=False)
    builder.drop(BurstSeen)
    return builder


P, F, U = Result.PASS, Result.FAIL, Result.UNKNOWN
CASES = [
    pytest.param(STOP_SEEN, stop_task(), P, "1 task stopped by StopTask", id="a stop was seen"),
    pytest.param(STOP_SEEN, scale_in(), F, "no task", id="a scale-in is no StopTask"),
    pytest.param(ROUTED, stop_task(), P, "requests were sent to 1 task after SIGTERM",
                 id="requests came after SIGTERM"),
    pytest.param(ROUTED, untouched(), F, "nothing was tried", id="none came after SIGTERM"),
    pytest.param(LONG_IN_FLIGHT, both_stops(), P, "as StopTask began", id="long ones in flight"),
    pytest.param(LONG_IN_FLIGHT, stop_task(), F, "as a stop by the scheduler began",
                 id="long ones in flight to one kind of stop only"),
    pytest.param(PID_ONE, stop_task(), P, "is PID 1", id="PID 1 as in a container"),
    pytest.param(PID_ONE, without_pid_one(), F, "nothing can be said", id="no namespaces"),
    pytest.param(PROMPT, stop_task(), P, "at most 18.0 s after SIGTERM (exit code 0)",
                 id="ended by itself"),
    pytest.param(PROMPT, stop_task(exit_code=143), P, "exit code 143", id="143 is clean"),
    pytest.param(PROMPT, deaf(), F, "1 of 1 stopped tasks were killed", id="deaf to SIGTERM"),
    pytest.param(SCALED, scale_in(), P, "order-api from 2 to 1", id="a scale-in was seen"),
    pytest.param(SCALED, unscaled(), F, "proves nothing", id="the count was never lowered"),
    pytest.param(IN_ORDER, scale_in(), P, "drained for the whole delay", id="the whole delay"),
    pytest.param(IN_ORDER, scale_in(replace(SURPLUS, draining=None, left=3000), delay="0"), P,
                 "1 had no delay", id="without a delay nothing is waited for"),
    pytest.param(IN_ORDER, too_early(), F, "before its target left", id="SIGTERM while draining"),
    pytest.param(MEASURED, idle(), P, "2 of 2 tasks were measured", id="idle times measured"),
    pytest.param(MEASURED, unmeasured(), F, "neither", id="neither measured nor tried"),
    pytest.param(IDLE, idle(), P, "2 tasks keep", id="tasks outlast the load balancer"),
    pytest.param(IDLE, idle(75.0), P, "2 tasks keep", id="closed, but later"),
    pytest.param(IDLE, idle(5.1), F, "close idle connections after 5.1", id="closed too soon"),
    pytest.param(IDLE, idle(reachable=False), U, "not reachable", id="not reachable, nothing met"),
    pytest.param(IDLE, idle(reachable=False, lost=3), F, "3 requests got no good answer",
                 id="not reachable, but the race was met"),
    pytest.param(IDLE, idle(lost=2), F, "though every task", id="lost for another reason"),
    pytest.param(IDLE, watched_briefly(), U, "watched for 20 s of 60 s", id="watched too briefly"),
]  # fmt: skip


CHECKS: tuple[Check, ...] = (
    STOP_SEEN,
    ROUTED,
    LONG_IN_FLIGHT,
    PID_ONE,
    PROMPT,
    SCALED,
    IN_ORDER,
    MEASURED,
    IDLE,
)


def test_every_check_has_good_and_bad_cases() -> None:
    told = {(case.values[0], case.values[2]) for case in CASES}
    assert told >= {(check, result) for check in CHECKS for result in (P, F)}


@pytest.mark.parametrize(("check", "builder", "result", "words"), CASES)
def test_a_check_says(
    check: Check, builder: RunBuilder, result: Result, words: str, tmp_path: Path
) -> None:
    finding = check.run(builder.history(tmp_path))
    assert finding.result is result, finding.sentence
    assert words in finding.sentence


@pytest.mark.parametrize("check", CHECKS,
                         ids=lambda check: check.name)  # fmt: skip
def test_an_empty_run_never_passes(check: Check, tmp_path: Path) -> None:
    finding = check.run(RunBuilder().history(tmp_path))
    assert finding.result is (Result.FAIL if check.premise else Result.UNKNOWN)


def the_diagnosis(check: Check, builder: RunBuilder, folder: Path) -> Diagnosis:
    (found,) = check.run(builder.history(folder)).diagnoses
    return found


def test_every_cause_of_stops_that_is_not_about_requests_is_found(tmp_path: Path) -> None:
    guilty = (
        (PROMPT, deaf()),
        (PROMPT, stop_task(KILLED, exit_code=137)),
        (IDLE, idle(5.1)),
    )
    found = {
        the_diagnosis(check, builder, tmp_path / str(number)).cause
        for number, (check, builder) in enumerate(guilty)
    }
    assert found == STOP_CAUSES


def test_a_deaf_task_is_told_the_exec_form(tmp_path: Path) -> None:
    found = the_diagnosis(PROMPT, deaf(), tmp_path)
    assert found.cause is Cause.SIGTERM_IGNORED
    assert "(stopTimeout 30 s)" in found.sentence
    assert "set it to ['sh', '-c', 'exec python -m app']" in found.advice


def test_a_busy_task_is_told_a_stop_timeout_that_its_requests_support(tmp_path: Path) -> None:
    found = the_diagnosis(PROMPT, stop_task(KILLED, exit_code=137, stop_timeout=4), tmp_path)
    assert found.cause is Cause.STOP_TIMEOUT
    assert "stopTimeout of order-api is 4 s; set it to at least 25 s" in found.advice


def test_without_a_log_nobody_is_called_deaf(tmp_path: Path) -> None:
    assert the_diagnosis(PROMPT, dark(), tmp_path).cause is Cause.UNKNOWN


def test_a_short_keep_alive_is_told_a_value_above_the_load_balancers(tmp_path: Path) -> None:
    found = the_diagnosis(IDLE, idle(5.1, lost=1), tmp_path)
    assert (found.cause, found.count) == (Cause.KEEP_ALIVE_SHORT, 2)
    assert "1 requests of bursts" in found.sentence
    assert "KEEP_ALIVE_SECONDS of order-api is 5 s; set it to at least 75 s" in found.advice


@pytest.mark.parametrize(
    ("command", "better"),
    [
        (SHELL, ["sh", "-c", "exec python -m app"]),
        (("/bin/sh", "-c", "migrate && serve"), ["/bin/sh", "-c", "migrate && exec serve"]),
        (("entry.sh",), ["exec form of", "entry.sh"]),
    ],
)
def test_exec_form(command: tuple[str, ...], better: list[str]) -> None:
    assert exec_form(command) == better


def test_who_serves_too_briefly_is_told_how_long_requests_came(tmp_path: Path) -> None:
    builder = lose(lose(stop_task(drain_seconds=0.0), sent=SIGTERM + 60), sent=SIGTERM + 160)
    found = the_diagnosis(REQUESTS, builder, tmp_path)
    assert (found.cause, found.count) == (Cause.STILL_ROUTED, 2)
    assert "DRAIN_SECONDS of order-api is 0 s; set it to at least 5 s" in found.advice
    assert "requests came until 1.6 s after SIGTERM" in found.advice


def test_a_request_that_was_killed_is_told_the_stop_timeout(tmp_path: Path) -> None:
    killed = replace(VICTIM, stopped=SIGTERM + 400)
    builder = stop_task(killed, exit_code=137, stop_timeout=4)
    lose(builder, sent=SIGTERM - 900, took=1290, flags="UC", length_ms=1500.0)
    found = the_diagnosis(REQUESTS, builder, tmp_path)
    assert found.cause is Cause.KILLED_IN_FLIGHT
    assert "stopTimeout of order-api is 4 s; set it to at least 25 s" in found.advice


def test_a_delay_that_is_long_enough_is_not_blamed(tmp_path: Path) -> None:
    """Sent in the middle of the draining, as by a load balancer that never heard of it."""
    late = lose(scale_in(), sent=5500, took=510, flags="UC", asked=SURPLUS, length_ms=1500.0)
    found = the_diagnosis(REQUESTS, late, tmp_path)
    assert found.cause is Cause.CUT_AT_DELAY_END
    assert "is 30 s, which is enough for the longest request seen (15.0 s)" in found.advice


def test_a_target_that_left_too_soon_is_told_the_delay(tmp_path: Path) -> None:
    gone = replace(SURPLUS, draining=None, left=3000, sigterm=2980, stopped=3100)
    builder = lose(scale_in(gone, delay="0"), sent=3120, asked=SURPLUS)
    found = the_diagnosis(REQUESTS, builder, tmp_path)
    assert found.cause is Cause.LEFT_TOO_SOON
    assert "deregistration_delay.timeout_seconds of target group order-api is 0 s" in found.advice
    assert "set it to at least 20 s" in found.advice


STORIES: dict[str, Callable[[], RunBuilder]] = {
    "stop-task": lambda: lose(stop_task(drain_seconds=0.0), sent=SIGTERM + 60),
    "long-request": lambda: lose(
        stop_task(replace(VICTIM, stopped=SIGTERM + 400), exit_code=137, stop_timeout=4),
        sent=SIGTERM - 900, took=1290, flags="UC", length_ms=1500.0,
    ),
    "sigterm-ignored": deaf,
    "scale-in": lambda: lose(
        scale_in(replace(SURPLUS, draining=None, left=3000, sigterm=2980, stopped=3100),
                 delay="0"), sent=3120, asked=SURPLUS,
    ),
}  # fmt: skip
STOP_DRILLS = [drill for drill in all_drills() if drill.name in STORIES]


@pytest.mark.parametrize("judged_by", STOP_DRILLS, ids=lambda drill: drill.name)
@pytest.mark.parametrize("told", STOP_DRILLS, ids=lambda drill: drill.name)
def test_a_cause_is_found_whatever_the_drill_is_called(
    told: Drill, judged_by: Drill, tmp_path: Path
) -> None:
    """The history of one drill's broken variant, judged with the checks of another."""
    verdict = judge_history(STORIES[told.name]().history(tmp_path), judged_by.checks)
    assert told.expected in verdict.causes
    if told is judged_by and told.name != "long-request":  # which also needs a scheduled stop
        assert verdict.outcome is Outcome.FAIL, verdict.reason


@pytest.mark.parametrize(
    ("name", "builder"), [("stop-task", stop_task()), ("sigterm-ignored", stop_task())]
)
def test_a_good_run_passes_all_checks(name: str, builder: RunBuilder, tmp_path: Path) -> None:
    (drill,) = (drill for drill in STOP_DRILLS if drill.name == name)
    verdict = judge_history(builder.history(tmp_path), drill.checks)
    assert verdict.outcome is Outcome.PASS, verdict.reason


@pytest.mark.parametrize("drill", STOP_DRILLS, ids=lambda drill: drill.name)
def test_a_run_that_saw_nothing_is_invalid(drill: Drill, tmp_path: Path) -> None:
    builder = stop_task()
    builder.drop(TaskSeen)
    assert judge_history(builder.history(tmp_path), drill.checks).outcome is Outcome.INVALID


def test_no_cause_where_nothing_failed(tmp_path: Path) -> None:
    assert find_causes(stop_task().history(tmp_path)) == ()

"""Causes come from flags, times and lengths, never from the drill's name."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.causes import REQUEST_CAUSES, Cause, find_causes
from chaos.diagnosis import diagnose, supported_seconds
from chaos.entries import AccessSeen
from tests.chaos.builder import T0, Cast, RunBuilder, cast_of, deployment, good_request, perform

OLD = cast_of()[0]
DRAINING, LEFT = OLD.draining or 0, OLD.left or 0


def with_failure(
    error: str,
    flags: str | None,
    *,
    sent: float,
    took: float,
    status: int | None = 502,
    asked: Cast | None = OLD,
    named: bool = False,
) -> RunBuilder:
    """The good deployment with one failed request; flags None: it is not in the access log."""
    builder = deployment()
    row = replace(
        good_request(sent, 999_999, OLD.task, OLD.service),
        error=error,
        status=status,
        latency_ms=took,
        service_ms=took,
        task=OLD.task if named else None,
    )
    builder.requests.append(row)
    if flags is not None:
        access = AccessSeen(
            at_ms=T0 + sent,
            duration_ms=took,
            method="GET",
            path="/inventory/A1",
            status=status or 0,
            flags=flags,
            upstream=f"{asked.address}:8080" if asked else None,
            request_id=row.request_id,
        )
        builder.add(access)
    return builder


def crash(builder: RunBuilder, at: float) -> RunBuilder:
    """A third old task of inventory-api that dies at `at` without SIGTERM."""
    dead = Cast("dead".ljust(32, "d"), OLD.service, "127.10.9.9", False, stopped=at)
    perform(builder, dead)
    return builder


DEAD = Cast("", "", "127.10.9.9", False)
SHOT = Cast("shot".ljust(32, "d"), OLD.service, "127.10.9.8", False)


def shoot(builder: RunBuilder) -> RunBuilder:
    """StopTask's old order: SIGTERM at 2 s, draining at 3 s."""
    perform(builder, replace(SHOT, sigterm=2000, draining=3000, left=6000, stopped=2600))
    return builder


CASES = [
    pytest.param(
        with_failure("proxy-502", "UC", sent=DRAINING - 400, took=LEFT - DRAINING + 350),
        Cause.CUT_AT_DELAY_END,
        id="UC as the target leaves, sent before it drained: the end of the delay",
    ),
    pytest.param(
        with_failure("proxy-502", None, sent=DRAINING - 400, took=LEFT - DRAINING + 350),
        Cause.CUT_AT_DELAY_END,
        id="the same without an access log: the time alone tells",
    ),
    pytest.param(
        with_failure(
            "truncated", "UC", sent=DRAINING - 400, took=LEFT - DRAINING + 350, named=True
        ),
        Cause.CUT_AT_DELAY_END,
        id="an answer that was cut in the middle: the end of the delay",
    ),
    pytest.param(
        with_failure("proxy-502", "UC", sent=DRAINING - 400, took=1500),
        Cause.UNKNOWN,
        id="UC in the middle of the delay is not its end",
    ),
    pytest.param(
        shoot(with_failure("proxy-502", "UF", sent=2700, took=2, asked=SHOT)),
        Cause.STILL_ROUTED,
        id="UF after a SIGTERM that came before draining",
    ),
    pytest.param(
        shoot(with_failure("proxy-502", "UC", sent=2050, took=40, asked=SHOT)),
        Cause.STILL_ROUTED,
        id="UC of a request sent after SIGTERM: the task closed its connections",
    ),
    pytest.param(
        shoot(with_failure("proxy-503", "-", sent=2700, took=2, status=503, asked=SHOT)),
        Cause.STILL_ROUTED,
        id="503 by the task's own proxy after SIGTERM: nobody behind it",
    ),
    pytest.param(
        shoot(with_failure("proxy-502", "UF", sent=3300, took=2, asked=SHOT)),
        Cause.STILL_ROUTED,
        id="UF after SIGTERM while the target drains: a node had not heard",
    ),
    pytest.param(
        shoot(with_failure("proxy-502", "UC", sent=1900, took=400, asked=SHOT)),
        Cause.KILLED_IN_FLIGHT,
        id="UC of a request that was in flight at SIGTERM",
    ),
    pytest.param(
        with_failure("proxy-502", "UF", sent=LEFT + 200, took=2),
        Cause.LEFT_TOO_SOON,
        id="UF when the target was not even listed any more",
    ),
    pytest.param(
        crash(with_failure("proxy-502", "UF", sent=2500, took=2, asked=DEAD), 2000),
        Cause.REFUSED_BY_DEAD,
        id="UF by a task that ended without SIGTERM",
    ),
    pytest.param(
        crash(with_failure("proxy-502", "UC", sent=1900, took=60, asked=DEAD), 2000),
        Cause.KILLED_IN_FLIGHT,
        id="UC as a task ended",
    ),
    pytest.param(
        with_failure("proxy-502", "UC", sent=8000, took=2, asked=cast_of()[1]),
        Cause.KEEP_ALIVE,
        id="UC on a fast request to a task that nothing happens to",
    ),
    pytest.param(
        with_failure("proxy-502", "UC", sent=8000, took=4000, asked=cast_of()[1]),
        Cause.UNKNOWN,
        id="UC on a slow request to a task that nothing happens to",
    ),
    pytest.param(
        with_failure("proxy-502", "UF", sent=4250, took=2, asked=cast_of()[1]),
        Cause.NOT_READY,
        id="UF by a new task before its target was healthy",
    ),
    pytest.param(
        with_failure("proxy-503", "UH", sent=2000, took=1, status=503, asked=None),
        Cause.NO_TARGETS,
        id="UH: no target",
    ),
    pytest.param(
        with_failure("proxy-504", "SI", sent=2000, took=6000, status=504),
        Cause.BALANCER_TIMEOUT,
        id="504 SI: the target was silent",
    ),
    pytest.param(
        with_failure("app-503", "-", sent=2000, took=3, status=503, named=True),
        Cause.APP_ERROR,
        id="5xx with x-task-id: the application's own",
    ),
    pytest.param(
        with_failure("timeout", "DC", sent=2000, took=10_000, status=None),
        Cause.CLIENT_TIMEOUT,
        id="the client gave up",
    ),
    pytest.param(
        with_failure("refused", None, sent=2000, took=1, status=None),
        Cause.NO_BALANCER,
        id="refused, and not in the access log: the load balancer",
    ),
    pytest.param(
        with_failure("proxy-502", None, sent=2000, took=2),
        Cause.UNKNOWN,
        id="502 without an access log and near nothing",
    ),
]


@pytest.mark.parametrize(("builder", "cause"), CASES)
def test_the_cause_is_derived(builder: RunBuilder, cause: Cause, tmp_path: Path) -> None:
    (found,) = find_causes(builder.history(tmp_path))
    assert found.cause is cause


def test_every_cause_has_a_case() -> None:
    assert {case.values[1] for case in CASES} == set(REQUEST_CAUSES)


def test_a_short_delay_is_named_with_a_value_that_the_data_supports(tmp_path: Path) -> None:
    history = deployment(delay_seconds=5.0).history(tmp_path)
    (diagnosis,) = diagnose(history, find_causes(history))
    assert diagnosis.cause is Cause.CUT_AT_DELAY_END
    assert diagnosis.count == 2
    assert "when its 5 s delay ended" in diagnosis.sentence
    assert "deregistration_delay.timeout_seconds of target group order-api is 5 s" in (
        diagnosis.advice
    )
    assert "set it to at least 20 s: the longest request seen took 15.0 s" in diagnosis.advice


@pytest.mark.parametrize(
    ("longest", "supported"), [(0.1, 5), (4.1, 5), (4.2, 10), (15.0, 20), (100.0, 120)]
)
def test_the_supported_value_has_a_margin(longest: float, supported: int) -> None:
    assert supported_seconds(longest) == supported

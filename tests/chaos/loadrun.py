"""Load runs written by hand: rows that follow the stages, and everything that can be wrong."""

from collections.abc import Callable
from dataclasses import replace

from chaos.entries import OrdersSeen, Step
from chaos.loads.setup import Baseline, LoadSetup, RateStage
from chaos.records import Request, Write
from chaos.run import Run
from tests.chaos.builder import T0, RunBuilder, make_run

LAG_MS = 1.0
Latency = Callable[[int, float], float]  # of arrival n, due so many seconds after the start


def stages_of(*rates: float, seconds: float = 10.0) -> tuple[RateStage, ...]:
    return tuple(RateStage(seconds=seconds, first=rate, last=rate) for rate in rates)


def make_setup(**changes: object) -> LoadSetup:
    setup = LoadSetup(
        scenario="steady", mix="mixed", stages=stages_of(100.0), thresholds=("errors<0.1%",)
    )
    return replace(setup, **changes)  # type: ignore[arg-type]  # any member, by name


def request(number: int, at_s: float, latency_ms: float, **changes: object) -> Request:
    """A good GET of arrival `number`, due `at_s` after the start; every fourth is a POST."""
    due_ms = T0 + at_s * 1000
    row = Request(
        scheduled_ms=due_ms,
        sent_ms=due_ms + LAG_MS,
        latency_ms=latency_ms,
        service_ms=latency_ms - LAG_MS,
        method="POST" if number % 4 == 0 else "GET",
        name="POST /orders" if number % 4 == 0 else "GET /orders/{id}",
        status=200,
        task="task-1",
        error=None,
        request_id=f"{number:032x}",
        length_ms=None,
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # any member, by name


def fail(row: Request, error: str = "app-500") -> Request:
    return replace(row, error=error, status=500)


def make_rows(setup: LoadSetup, latency: Latency) -> list[Request]:
    """Every arrival of constant stages, on time and good."""
    rows: list[Request] = []
    for stage, begin_ms, _ in setup.spans():
        for index in range(round(stage.arrivals)):
            at_s = begin_ms / 1000 + index / stage.first
            rows.append(request(len(rows), at_s, latency(len(rows), at_s)))
    return rows


def good_load(
    setup: LoadSetup | None = None, latency: Latency = lambda number, at_s: 5.0 + number % 10
) -> RunBuilder:
    """A load that was offered as planned, all good, its one order found again."""
    setup = setup or make_setup()
    run: Run = make_run(
        drill="load",
        variant=setup.scenario,
        services=(),
        load=setup,
        ended_ms=T0 + setup.seconds * 1000 + 2000,
    )
    built = RunBuilder(run=run, requests=make_rows(setup, latency))
    built.meta = {"self_test": "passed", "started_ms": str(T0), "ended_ms": str(T0 + 60_000)}
    built.meta |= {"generators": "1", "generator 0": "ended"}
    built.writes = [Write("k", "order-1", "SKU", 1, "customer-1", "acknowledged", T0)]
    built.add(
        Step(at_ms=T0, name="load", text="steady"),
        OrdersSeen(at_ms=T0 + 61_000, acknowledged=1, found=1),
    )
    return built


def baseline_of(built: RunBuilder, setup: LoadSetup) -> Baseline:
    """What this run would be as a baseline."""
    from chaos.history import History
    from chaos.loads.measures import measure_endpoints
    from chaos.records import Records

    records = Records(built.meta, tuple(built.requests), ())
    measured = measure_endpoints(History(built.run, (), records), setup)
    return Baseline(folder="before", endpoints=measured)

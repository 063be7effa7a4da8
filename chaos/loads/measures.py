"""Figures of a recorded load: of all requests and of each endpoint, whole and in parts."""

from collections.abc import Iterable, Sequence

from chaos.history import History
from chaos.loads.setup import ALL, EndpointMeasures, LoadSetup, Measure
from chaos.records import Request
from chaos.series import percentile

PARTS = 10


def started_ms(history: History) -> float:
    """When arrival 0 was due, in epoch milliseconds."""
    rows = history.records.requests
    noted = history.records.meta.get("started_ms")
    return float(noted) if noted else rows[0].scheduled_ms if rows else history.origin_ms


def choose(rows: Iterable[Request], endpoint: str | None) -> list[Request]:
    """The requests to an endpoint; all for None."""
    return [row for row in rows if endpoint is None or row.name == endpoint]


def latencies(rows: Iterable[Request], endpoint: str | None) -> list[float]:
    """Of good requests. Long exports take as long as they were asked to: only by their name."""
    return [
        row.latency_ms
        for row in rows
        if row.error is None and (endpoint is not None or row.length_ms is None)
    ]


def measure(rows: Sequence[Request], endpoint: str | None, seconds: float) -> Measure:
    """Of requests to one endpoint, or to all, that arrived within so many seconds."""
    good = latencies(rows, endpoint)
    answered = sum(row.error is None for row in rows)
    return Measure(
        requests=len(rows),
        good=answered,
        p50_ms=percentile(good, 50) if good else None,
        p95_ms=percentile(good, 95) if good else None,
        p99_ms=percentile(good, 99) if good else None,
        errors_percent=100 * (len(rows) - answered) / len(rows) if rows else None,
        rps=answered / seconds if seconds > 0 else 0.0,
    )


def measure_endpoints(history: History, setup: LoadSetup) -> tuple[EndpointMeasures, ...]:
    """All requests first, then each endpoint by name."""
    rows, start = history.records.requests, started_ms(history)
    names = sorted({row.name for row in rows})
    return tuple(
        _measure_endpoint(choose(rows, name), name, start, setup.seconds) for name in (None, *names)
    )


def _measure_endpoint(
    rows: Sequence[Request], endpoint: str | None, start_ms: float, seconds: float
) -> EndpointMeasures:
    parts: list[list[Request]] = [[] for _ in range(PARTS)]
    for row in rows:
        index = int((row.scheduled_ms - start_ms) / 1000 / seconds * PARTS)
        parts[min(PARTS - 1, max(0, index))].append(row)
    return EndpointMeasures(
        endpoint=endpoint or ALL,
        whole=measure(rows, endpoint, seconds),
        parts=tuple(measure(part, endpoint, seconds / PARTS) for part in parts),
    )

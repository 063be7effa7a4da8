"""A load's figures for the terminal."""

from collections.abc import Iterable, Iterator, Sequence

from chaos.history import History
from chaos.loads.baseline import NAMES, Change, changes_of, show
from chaos.loads.knee import StageResult, read_stages
from chaos.loads.measures import measure_endpoints
from chaos.loads.setup import STRESS, EndpointMeasures


def render_figures(history: History) -> str:
    """Each endpoint's figures, a stress load's stages, and what changed since the baseline."""
    setup = history.run.load
    if setup is None or not history.records.requests:
        return ""
    parts = [_endpoints(measure_endpoints(history, setup))]
    if setup.scenario == STRESS:
        parts.append(_stages(read_stages(history, setup)))
    if setup.baseline is not None:
        parts += [f"  compared with {setup.baseline.folder}:", _changes(changes_of(history))]
    return "\n\n".join(parts)


def _endpoints(endpoints: Iterable[EndpointMeasures]) -> str:
    head = ("endpoint", "requests", "errors", "rate", "p50", "p95", "p99")
    return _align(
        head,
        (
            (
                each.endpoint,
                str(each.whole.requests),
                *(show(f, getattr(each.whole, f)) for f in ("errors_percent", "rps")),
                *(show(f, getattr(each.whole, f)) for f in ("p50_ms", "p95_ms", "p99_ms")),
            )
            for each in endpoints
        ),
    )


def _stages(stages: Iterable[StageResult]) -> str:
    head = ("stage", "arrivals", "errors", "good", "p99", "")
    return _align(
        head,
        (
            (
                f"{each.rate:g}/s",
                str(each.arrivals),
                show("errors_percent", each.errors_percent),
                show("rps", each.rps),
                show("p99_ms", each.p99_ms),
                "kept up" if each.why is None else "too much",
            )
            for each in stages
        ),
    )


def _changes(changes: Iterable[Change]) -> str:
    head = ("endpoint", "figure", "before", "now", "change", "")
    return _align(
        head,
        (
            (
                each.endpoint,
                NAMES[each.figure],
                show(each.figure, each.before),
                show(each.figure, each.after),
                "-" if each.percent is None else f"{each.percent:+.0f} %",
                each.word,
            )
            for each in changes
        ),
    )


def _align(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return "\n".join(_line(row, widths) for row in table)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    def cells() -> Iterator[str]:
        for column, (text, width) in enumerate(zip(row, widths, strict=True)):
            yield f"{text:<{width}}" if column == 0 else f"{text:>{width}}"

    return f"  {'  '.join(cells())}".rstrip()

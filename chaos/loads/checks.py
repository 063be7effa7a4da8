"""What is asked of a recorded load: was it offered, and did it keep to its thresholds?"""

from chaos.causes import find_causes
from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.checks.orders import ORDERS
from chaos.diagnosis import Diagnosis, diagnose
from chaos.history import History
from chaos.loads.baseline import COMPARED
from chaos.loads.knee import find_knee, judged_stages, read_stages
from chaos.loads.measures import choose, latencies, started_ms
from chaos.loads.setup import STRESS, LoadSetup, RateStage
from chaos.loads.thresholds import Threshold, parse_threshold
from chaos.records import DROPPED, Request
from chaos.run import Run
from chaos.series import percentile

FEW = 2  # arrivals that a stage may be off by, however small it is


def load_checks(run: Run) -> tuple[Check, ...]:
    """The checks of a load run, in the order that a verdict shows them."""
    setup = setup_of(run)
    knee = (KNEE,) if setup.scenario == STRESS else ()
    compared = (COMPARED,) if setup.baseline else ()
    held = [threshold_check(parse_threshold(text)) for text in setup.thresholds]
    return (OFFERED, *knee, *held, *compared, ORDERS)


def setup_of(run: Run) -> LoadSetup:
    """The load's part of run.json; only for runs that have one."""
    assert run.load is not None
    return run.load


def judge_offered(history: History) -> Finding:
    """Every stage had the arrivals that it was to have, sent on time, by an honest generator."""
    rows, meta = history.records.requests, history.records.meta
    if history.records.missing or not rows:
        return failed("; ".join(history.records.missing) or "the load recorded no request")
    if "ended_ms" not in meta:
        return failed(f"the load was killed: its record ends after {len(rows)} requests, unclosed")
    if meta.get("self_test") != "passed":
        return failed(f"the load's self-test: {meta.get('self_test', 'not run')}")
    problems = [*_absent_generators(history), *_shortfalls(history), *_lateness(history)]
    if problems:
        return failed("; ".join(problems))
    lags = [row.sent_ms - row.scheduled_ms for row in rows if row.sent_ms is not None]
    sentence = f"{len(rows)} requests, p99 of the generator's lag {percentile(lags, 99):.1f} ms"
    dropped = sum(row.error == DROPPED for row in rows)
    if dropped:
        sentence += f"; {dropped} found no free slot: too many before them were unanswered"
    return passed(sentence)


def _absent_generators(history: History) -> list[str]:
    meta = history.records.meta
    share = int(meta.get("generators", 1))
    absent = [index for index in range(share) if meta.get(f"generator {index}") != "ended"]
    if not absent:
        return []
    names = ", ".join(map(str, absent))
    return [f"of {share} generators, no complete record of number {names}"]


def _offered_stages(history: History) -> tuple[RateStage, ...]:
    """All; of a stress load those up to the first that was too much."""
    setup = setup_of(history.run)
    if setup.scenario != STRESS:
        return setup.stages
    return setup.stages[: len(read_stages(history, setup))]


def _shortfalls(history: History) -> list[str]:
    limit, start = history.run.limits.rate_percent, started_ms(history)
    found, setup = [], setup_of(history.run)
    stages = _offered_stages(history)
    for stage, begin_ms, end_ms in list(setup.spans())[: len(stages)]:
        arrived = _between(history.records.requests, start + begin_ms, start + end_ms)
        off = abs(arrived - stage.arrivals)
        if off > max(FEW, limit / 100 * stage.arrivals):
            found.append(
                f"{arrived} arrivals instead of {stage.arrivals:.0f} in {stage.seconds:g} s at"
                f" {_rates(stage)} (limit {limit:g} % off)"
            )
    return found


def _between(rows: tuple[Request, ...], begin_ms: float, end_ms: float) -> int:
    return sum(begin_ms - 0.01 <= row.scheduled_ms < end_ms - 0.01 for row in rows)


def _rates(stage: RateStage) -> str:
    same = stage.first == stage.last
    return f"{stage.last:g}/s" if same else f"{stage.first:g} to {stage.last:g}/s"


def _lateness(history: History) -> list[str]:
    """Of the stages that were offered; a stress load may be late in the one that was too much."""
    limit_ms = history.run.limits.lag_p99_ms
    setup = setup_of(history.run)
    stages = judged_stages(history, setup, stress=setup.scenario == STRESS)
    rows = _within(history, stages)
    lags = [row.sent_ms - row.scheduled_ms for row in rows if row.sent_ms is not None]
    if not lags or percentile(lags, 99) <= limit_ms:
        return []
    late_ms = percentile(lags, 99)
    return [f"p99 of the generator's lag {late_ms:.0f} ms (limit {limit_ms:g} ms): it was too slow"]


def _within(history: History, stages: tuple[RateStage, ...]) -> list[Request]:
    end_ms = started_ms(history) + sum(stage.seconds for stage in stages) * 1000
    return [row for row in history.records.requests if row.scheduled_ms < end_ms]


def judge_knee(history: History) -> Finding:
    """The service kept up with the lowest rate, and what it did not keep up with is known."""
    knee = find_knee(read_stages(history, setup_of(history.run)))
    if knee is None:
        return unknown("no request was recorded")
    if knee.by_generator:
        return unknown(f"{knee.sentence}; more --processes may help")
    return failed(knee.sentence) if knee.kept is None else passed(knee.sentence)


def threshold_check(threshold: Threshold) -> Check:
    return Check(threshold.text, lambda history: judge_threshold(threshold, history))


def judge_threshold(threshold: Threshold, history: History) -> Finding:
    """Hold the figure to its limit. Without data it is unknown, never a pass."""
    figure = read_figure(threshold, history)
    if figure is None:
        what = threshold.endpoint or "all requests"
        return unknown(f"nothing was recorded that says {threshold.figure} of {what}")
    value, words = figure
    limit = threshold.limit.value(threshold.baseline_figure(setup_of(history.run).baseline))
    if limit is None:
        what = threshold.endpoint or "all requests"
        return unknown(f"the baseline has no {threshold.figure} of {what}")
    sentence = f"{words} (limit {threshold.comparison} {_show(threshold.kind, limit)})"
    if threshold.holds(value, limit):
        return passed(sentence)
    return failed(sentence, diagnoses=_diagnoses(threshold, history))


def _diagnoses(threshold: Threshold, history: History) -> tuple[Diagnosis, ...]:
    if threshold.figure != "errors":
        return ()
    return diagnose(history, find_causes(history))


def read_figure(threshold: Threshold, history: History) -> tuple[float, str] | None:
    """The figure as a number, and in words; None if nothing was recorded that says it."""
    setup = setup_of(history.run)
    stages = judged_stages(history, setup, stress=setup.scenario == STRESS)
    rows = choose(_within(history, stages), threshold.endpoint)
    match threshold.kind:
        case "latency":
            return _latency(threshold, latencies(rows, threshold.endpoint))
        case "errors":
            return _errors(rows)
        case _ if threshold.figure == "knee":
            knee = find_knee(read_stages(history, setup))
            return (knee.kept or 0.0, knee.sentence) if knee and not knee.by_generator else None
        case _:
            return _rps(rows, sum(stage.seconds for stage in stages))


def _latency(threshold: Threshold, good: list[float]) -> tuple[float, str] | None:
    if not good:
        return None
    mean = threshold.figure == "mean"
    value = sum(good) / len(good) if mean else percentile(good, threshold.percent)
    few = not mean and len(good) * (100 - threshold.percent) < 100 and threshold.figure != "max"
    largest = ", which is the largest" if few else ""
    return value, f"{_show('latency', value)} of {len(good)} good requests{largest}"


def _errors(rows: list[Request]) -> tuple[float, str] | None:
    if not rows:
        return None
    bad = sum(row.error is not None for row in rows)
    value = 100 * bad / len(rows)
    return value, f"{_show('errors', value)}: {bad} of {len(rows)} requests failed"


def _rps(rows: list[Request], seconds: float) -> tuple[float, str] | None:
    if not rows:
        return None
    good = sum(row.error is None for row in rows)
    return good / seconds, f"{good / seconds:.1f}/s: {good} good answers in {seconds:g} s"


def _show(kind: str, value: float) -> str:
    if kind == "errors":
        return f"{value:.3g} %"
    return f"{value:.1f} ms" if kind == "latency" else f"{value:g}/s"


OFFERED = Check("load was offered", judge_offered, premise=True)
KNEE = Check("the knee was found", judge_knee)

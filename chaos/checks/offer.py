"""Premises: was the load really offered, and was anything seen of what the drill is about?"""

from chaos.checks.finding import Check, Finding, failed, passed
from chaos.entries import RevisionMade, TargetSeen
from chaos.failures import failures_of, in_brief
from chaos.history import History
from chaos.lives import DRAINING, lines_of, read_lives
from chaos.records import DROPPED
from chaos.series import percentile


def judge_offer(history: History) -> Finding:
    """At least the asked arrivals, at the asked rate, sent on time, none dropped."""
    rows, meta, run = history.records.requests, history.records.meta, history.run
    if history.records.missing or not rows:
        return failed("; ".join(history.records.missing) or "the load recorded no request")
    if "ended_ms" not in meta:
        return failed(f"the load was killed: its record ends after {len(rows)} requests, unclosed")
    if meta.get("self_test") != "passed":
        return failed(f"the load's self-test: {meta.get('self_test', 'not run')}")
    problems = [*_shortfall(history), *_lateness(history)]
    if problems:
        return failed("; ".join(problems))
    lag_ms = percentile([r.sent_ms - r.scheduled_ms for r in rows if r.sent_ms], 99)
    return passed(
        f"{len(rows)} requests at {_rate(history):.0f}/s (asked {run.rate:g}/s, at least"
        f" {run.arrivals}), p99 of the generator's lag {lag_ms:.0f} ms, none dropped"
    )


def _rate(history: History) -> float:
    """Arrivals per real second between the first and the last."""
    rows = history.records.requests
    span_ms = rows[-1].scheduled_ms - rows[0].scheduled_ms
    return (len(rows) - 1) * 1000 / span_ms if span_ms > 0 else 0.0


def _shortfall(history: History) -> list[str]:
    run, rows = history.run, history.records.requests
    found = []
    if len(rows) < run.arrivals:
        found.append(f"only {len(rows)} requests of at least {run.arrivals}")
    off_percent = 100 * abs(_rate(history) - run.rate) / run.rate
    if off_percent > run.limits.rate_percent:
        found.append(
            f"{_rate(history):.0f}/s instead of {run.rate:g}/s"
            f" ({off_percent:.0f} % off, limit {run.limits.rate_percent:g} %)"
        )
    return found


def _lateness(history: History) -> list[str]:
    rows, limit_ms = history.records.requests, history.run.limits.lag_p99_ms
    found = []
    dropped = sum(row.error == DROPPED for row in rows)
    if dropped:
        found.append(f"{dropped} arrivals were dropped by the generator")
    lags = [row.sent_ms - row.scheduled_ms for row in rows if row.sent_ms is not None]
    if lags and percentile(lags, 99) > limit_ms:
        found.append(
            f"p99 of the generator's lag {percentile(lags, 99):.0f} ms (limit {limit_ms:g})"
        )
    return found


def judge_sight(history: History) -> Finding:
    """A rolling deployment was seen: a draining target and a new task."""
    draining = [entry for entry in history.of(TargetSeen) if entry.state == DRAINING]
    new = [life for life in read_lives(history) if life.new]
    missing = ["no target was seen draining"] if not draining else []
    missing += ["no new task was seen"] if not new else []
    if missing:
        return failed(f"{' and '.join(missing)}: the run proves nothing about a deployment")
    targets = len({(entry.group, entry.address) for entry in draining})
    evidence = (*lines_of(draining), *(life.states[0].line for life in new))
    return passed(f"{len(new)} new tasks and {targets} draining targets were seen", evidence)


def judge_failing(history: History) -> Finding:
    """A task of the new revision failed: the release is one that must not succeed."""
    made = history.of(RevisionMade)
    found = [failure for revision in made for failure in failures_of(history, revision)]
    if not found:
        return failed("no task of a new revision failed: the run proves nothing about a failure")
    evidence = tuple(failure.moment.line for failure in found)
    return passed(f"{len(found)} tasks of a new revision failed ({in_brief(found)})", evidence)


OFFER = Check("load was offered", judge_offer, premise=True)
SIGHT = Check("something was seen", judge_sight, premise=True)
FAILING = Check("a failing release was seen", judge_failing, premise=True)

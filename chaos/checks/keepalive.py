"""Do tasks keep idle connections longer than the load balancer? (R4.21, R4.23)"""

from collections.abc import Sequence

from chaos.causes import Cause
from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.diagnosis import Diagnosis, supported_seconds
from chaos.effect import IDLE_TIMEOUT, KEEP_ALIVE
from chaos.entries import BurstSeen, DefinitionSeen, KeepAliveSeen, SettingSeen, TaskSeen
from chaos.history import History
from chaos.lives import lines_of


def judge_measured(history: History) -> Finding:
    """Tasks' idle-close times were measured, or bursts at usual limits were sent instead."""
    seen, bursts = history.of(KeepAliveSeen), history.of(BurstSeen)
    reached = [entry for entry in seen if entry.reachable]
    tried = [entry for entry in bursts if entry.idle_seconds > 0]
    if not reached and not tried:
        return failed("neither was a task's idle-close time measured nor a burst sent")
    told = f"{len(reached)} of {len(seen)} tasks were measured over TCP, {len(tried)} bursts sent"
    return passed(told, lines_of([*reached, *tried]))


def judge_idle(history: History) -> Finding:
    """No task closes an idle connection before the load balancer's idle timeout."""
    timeout = idle_timeout(history)
    if timeout is None:
        return unknown(f"{IDLE_TIMEOUT} of the load balancer is not known")
    reached = [entry for entry in history.of(KeepAliveSeen) if entry.reachable]
    lost = [entry for entry in history.of(BurstSeen) if entry.failed and entry.idle_seconds > 0]
    limit = float(timeout.value)
    short = [e for e in reached if e.closed_seconds is not None and e.closed_seconds < limit]
    if short:
        return _short(history, timeout, short, lost)
    if not reached:
        return _by_bursts(history, timeout, lost)
    if lost:
        return _lost_anyway(lost)
    brief = [e for e in reached if e.closed_seconds is None and e.waited_seconds < limit]
    if brief:
        return unknown(
            f"tasks were watched for {brief[0].waited_seconds:.0f} s of {limit:g} s only"
        )
    asked = sum(entry.asked for entry in history.of(BurstSeen) if entry.idle_seconds > 0)
    return passed(
        f"{len(reached)} tasks keep an idle connection longer than the load balancer does"
        f" ({limit:g} s); {asked} requests in bursts, none lost",
        lines_of(reached),
    )


def idle_timeout(history: History) -> SettingSeen | None:
    found = [entry for entry in history.of(SettingSeen) if entry.name == IDLE_TIMEOUT]
    return found[-1] if found else None


def _short(
    history: History,
    timeout: SettingSeen,
    short: Sequence[KeepAliveSeen],
    lost: Sequence[BurstSeen],
) -> Finding:
    services = sorted({entry.service for entry in short})
    closed = [entry.closed_seconds or 0.0 for entry in short]
    span = f"{min(closed):.1f} to {max(closed):.1f} s"
    sentence = (
        f"{len(short)} tasks of {', '.join(services)} close idle connections after {span}, the load"
        f" balancer after {timeout.value} s"
    )
    bursts = sum(entry.failed for entry in lost)
    met = f"; {bursts} requests of bursts at the limit got no good answer" if bursts else ""
    settings = "; ".join(_setting(history, name, short) for name in services)
    advice = (
        f"{settings}; set it to at least {supported_seconds(float(timeout.value))} s, above"
        f" {IDLE_TIMEOUT} of the load balancer ({timeout.value} s)"
    )
    evidence = lines_of([timeout, *short, *lost])
    diagnosis = Diagnosis(
        Cause.KEEP_ALIVE_SHORT,
        len(short),
        f"{Cause.KEEP_ALIVE_SHORT}: {sentence}{met}",
        advice,
        evidence,
    )
    return failed(sentence + met, evidence, (diagnosis,))


def _setting(history: History, service: str, short: Sequence[KeepAliveSeen]) -> str:
    """`KEEP_ALIVE_SECONDS of inventory-api is 5 s`, of the revision that the tasks ran."""
    tasks = {entry.task for entry in short if entry.service == service}
    ran = {entry.task_definition for entry in history.of(TaskSeen) if entry.task in tasks}
    found = [e for e in history.of(DefinitionSeen) if e.task_definition in ran]
    values = sorted({e.keep_alive_seconds for e in found if e.keep_alive_seconds is not None})
    named = ", ".join(f"{value:g} s" for value in values)
    return f"{KEEP_ALIVE} of {service} is {named or 'not set: the server has its own'}"


def _by_bursts(history: History, timeout: SettingSeen, lost: Sequence[BurstSeen]) -> Finding:
    """Where no task can be reached, only a race that was met says something."""
    if not lost:
        return unknown("the tasks' addresses are not reachable, and no burst met the race")
    limits = sorted({entry.idle_seconds for entry in lost})
    sentence = (
        f"{sum(e.failed for e in lost)} requests got no good answer on connections that had been"
        f" idle for about {limits[0]:g} s, the load balancer's timeout being {timeout.value} s"
    )
    advice = (
        f"{KEEP_ALIVE} of the services is about {limits[0]:g} s; set it to at least"
        f" {supported_seconds(float(timeout.value))} s"
    )
    evidence = lines_of([timeout, *lost])
    cause = Cause.KEEP_ALIVE_SHORT
    diagnosis = Diagnosis(cause, len(lost), f"{cause}: {sentence}", advice, evidence)
    return failed(sentence, evidence, (diagnosis,))


def _lost_anyway(lost: Sequence[BurstSeen]) -> Finding:
    sentence = (
        f"{sum(e.failed for e in lost)} requests of bursts got no good answer, though every task"
        " keeps idle connections long enough"
    )
    advice = "compare the moments of the bursts with the tasks' states and logs"
    evidence = lines_of(lost)
    diagnosis = Diagnosis(
        Cause.UNKNOWN, len(lost), f"{Cause.UNKNOWN}: {sentence}", advice, evidence
    )
    return failed(sentence, evidence, (diagnosis,))


MEASURED = Check("idle connections were tried", judge_measured, premise=True)
IDLE = Check("tasks outlast idle connections", judge_idle)

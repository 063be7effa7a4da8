"""Is a task given the time it needs to start?"""

from chaos.causes import Cause
from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.diagnosis import Diagnosis, supported_seconds
from chaos.effect import GRACE, HEALTHY_COUNT, INTERVAL, in_effect, number_in_effect
from chaos.entries import LogSeen, RevisionMade
from chaos.failures import Failure, failures_of
from chaos.history import History
from chaos.lives import HEALTHY, Life, lines, read_lives
from chaos.target import revision_of

LISTENING = "listening"


def judge_startup(history: History) -> Finding:
    """No task is stopped for its health before it had the time to become healthy (grace period)."""
    made = history.of(RevisionMade)
    if not made:
        return unknown("no new revision was made")
    logged = any(entry.event == LISTENING for entry in history.of(LogSeen))
    told, evidence, diagnoses = [], [], []
    for revision in made:
        early = [f for f in failures_of(history, revision) if _in_startup(history, f)]
        if early:
            told.append(f"{len(early)} tasks of {revision_of(revision.task_definition)}")
            evidence += [failure.moment.line for failure in early]
            diagnose = _too_short if logged else _unmeasured
            diagnoses.append(diagnose(history, revision, early))
    if told:
        sentence = f"{', '.join(told)} were stopped for their health while they started"
        return failed(sentence, tuple(evidence), tuple(diagnoses))
    return _passed(history)


def _in_startup(history: History, failure: Failure) -> bool:
    """Condemned before it listened, or before the health check could have passed since."""
    life = failure.life
    if not failure.condemned or any(entry.state == HEALTHY for entry in life.targets):
        return False
    if life.listening is None or failure.moment.latest_ms < life.listening.earliest_ms:
        return True
    late = any(e.state == "unhealthy" and e.at_ms <= life.listening.latest_ms for e in life.targets)
    passing = _check_seconds(history, life.service, unhealthy=late)
    passing_ms = passing * 1000 / history.run.time_scale
    return failure.moment.latest_ms < life.listening.latest_ms + passing_ms


def _check_seconds(history: History, service: str, *, unhealthy: bool = True) -> float:
    """How long the health check needs to pass once the application answers well; unscaled.

    One success makes an initial target healthy, HealthyThresholdCount an unhealthy one (R4.3).
    """
    interval = number_in_effect(history, service, INTERVAL) or 0.0
    count = number_in_effect(history, service, HEALTHY_COUNT) or 1.0
    return interval * (count if unhealthy else 1.0)


def _age_seconds(history: History, life: Life, at_ms: float) -> float:
    """Unscaled seconds since the task was RUNNING."""
    return (at_ms - (life.running_ms or at_ms)) * history.run.time_scale / 1000


def _too_short(history: History, made: RevisionMade, early: list[Failure]) -> Diagnosis:
    grace = in_effect(history, made.service, GRACE, made.at_ms)
    killed = [_age_seconds(history, f.life, f.moment.latest_ms) for f in early]
    starts = [
        _age_seconds(history, life, life.listening.latest_ms)
        for life in read_lives(history)
        if life.revision == revision_of(made.task_definition) and life.listening is not None
    ]
    # a task that never listened needs longer than it lived
    start, word = (max(starts), "needs") if starts else (max(killed), "needs more than")
    checks = _check_seconds(history, made.service)
    value = "unknown" if grace is None else f"{float(grace.value):g} s"
    evidence = [line for f in early for line in lines(f.moment, f.life.listening)]
    return Diagnosis(
        Cause.GRACE_TOO_SHORT,
        len(early),
        f"{Cause.GRACE_TOO_SHORT}: {len(early)} tasks of {revision_of(made.task_definition)} were"
        f" condemned {_span(killed)} s after RUNNING; such a task {word}"
        f" {start:.0f} s until it listens",
        f"{GRACE} of {made.service} is {value}; set it to at least"
        f" {supported_seconds(start + checks)} s: start {start:.0f} s, and {checks:.0f} s until"
        " the health check has passed",
        tuple(sorted({*evidence, *([grace.line] if grace else [])})),
    )


def _span(values: list[float]) -> str:
    """`21` or `21-25`."""
    return "-".join(dict.fromkeys(f"{value:.0f}" for value in (min(values), max(values))))


def _unmeasured(history: History, made: RevisionMade, early: list[Failure]) -> Diagnosis:
    """Without the tasks' own lines a slow start cannot be told from a sick application."""
    killed = max(_age_seconds(history, f.life, f.moment.latest_ms) for f in early)
    return Diagnosis(
        Cause.UNKNOWN,
        len(early),
        f"{Cause.UNKNOWN}: {len(early)} tasks of {revision_of(made.task_definition)} were never"
        f" healthy, up to {killed:.0f} s after RUNNING, and none logged that it listens",
        f"find out whether they are sick or slow; if slow, {GRACE} of {made.service} must be longer"
        f" than {killed:.0f} s",
        tuple(failure.moment.line for failure in early),
    )


def _passed(history: History) -> Finding:
    new = [life for life in read_lives(history) if life.new]
    parts, evidence = [], []
    for life in new:
        healthy = next((e for e in life.targets if e.state == HEALTHY), None)
        if healthy is not None:
            parts.append(_age_seconds(history, life, healthy.at_ms))
            evidence += [healthy.line]
    if not parts:
        return passed("no task was stopped for its health while it started")
    made = history.of(RevisionMade)
    graces = [in_effect(history, revision.service, GRACE, revision.at_ms) for revision in made]
    values = ", ".join(f"{float(seen.value):g} s" for seen in graces if seen is not None)
    return passed(
        f"{len(parts)} new tasks were healthy at most {max(parts):.0f} s after RUNNING (grace"
        f" period {values or 'unknown'})",
        tuple(evidence),
    )


def judge_slowness(history: History) -> Finding:
    """A new task's target was unhealthy before it was ever healthy: only the grace period helps."""
    slow = []
    for life in (life for life in read_lives(history) if life.new):
        states = [entry.state for entry in life.targets]
        first = states.index(HEALTHY) if HEALTHY in states else len(states)
        slow += [entry for entry in life.targets[:first] if entry.state == "unhealthy"][:1]
    if not slow:
        return failed(
            "no new target was ever unhealthy before it was healthy: the start was not slow for"
            " this health check"
        )
    return passed(
        f"{len(slow)} new targets were unhealthy while their tasks started",
        tuple(entry.line for entry in slow),
    )


STARTUP = Check("no task is stopped while it starts", judge_startup)
SLOWNESS = Check("a slow start was seen", judge_slowness, premise=True)

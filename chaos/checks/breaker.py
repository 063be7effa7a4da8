"""A release whose tasks fail: does the circuit breaker end it, and is the service back?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.causes import Cause
from chaos.checks.finding import Check, Finding, Result, failed, passed, unknown
from chaos.diagnosis import Diagnosis
from chaos.effect import BREAKER, ROLLBACK, in_effect
from chaos.entries import DeploymentSeen, RevisionMade, ServiceDeploymentSeen, ServiceSeen
from chaos.failures import (
    Failure,
    breaker_enabled,
    failures_of,
    in_brief,
    seconds_after,
    threshold_of,
)
from chaos.history import History
from chaos.lives import HEALTHY, read_lives
from chaos.target import revision_of

TRIGGERED = "TRIGGERED"


def judge_breaker(history: History) -> Finding:
    """A release that fails is ended at the failure AWS documents, and not before (R3.1)."""
    return _each(history, _judge_breaker)


def judge_rollback(history: History) -> Finding:
    """A failed release is rolled back to the last COMPLETED deployment, its id kept (R3.7)."""
    return _each(history, _judge_rollback)


def _each(history: History, judge: Callable[[History, RevisionMade], Finding]) -> Finding:
    """Judge every revision that the drill made; the worst finding decides, all have a say."""
    made = history.of(RevisionMade)
    if not made:
        return unknown("no new revision was made")
    found = [judge(history, revision) for revision in made]
    for result in (Result.FAIL, Result.UNKNOWN):
        if chosen := [finding for finding in found if finding.result is result]:
            break
    else:
        chosen = found
    return Finding(
        chosen[0].result,
        "; ".join(finding.sentence for finding in chosen),
        tuple(line for finding in chosen for line in finding.evidence),
        tuple(diagnosis for finding in chosen for diagnosis in finding.diagnoses),
    )


@dataclass(frozen=True, slots=True)
class Trip:
    """The moment at which the breaker was seen tripped, and what it says of itself."""

    at_ms: float
    line: int
    failures: int | None
    threshold: int | None


def _judge_breaker(history: History, made: RevisionMade) -> Finding:
    found, trip = failures_of(history, made), _trip(history, made)
    name = revision_of(made.task_definition)
    if trip is not None:
        return _judge_trip(history, made, trip)
    if not found:
        return passed(f"no task of {name} failed: nothing to end", (made.line,))
    if _is_deployed(history, made):
        story = f"{len(found)} tasks of {name} failed ({in_brief(found)}) before it was deployed"
        return passed(f"{story}: there was nothing to end", _lines(found))
    if breaker_enabled(history, made) is None:
        return unknown(f"whether {made.service} has a circuit breaker was not recorded")
    if not breaker_enabled(history, made):
        return _without_breaker(history, made, found)
    return _untripped(history, made, found)


def _trip(history: History, made: RevisionMade) -> Trip | None:
    """From the service deployment where it can be seen, else from the rolloutState."""
    for entry in history.of(ServiceDeploymentSeen):
        if entry.task_definition == made.task_definition and entry.breaker == TRIGGERED:
            return Trip(entry.at_ms, entry.line, entry.failures, entry.threshold)
    for seen in history.of(ServiceSeen):
        mine = _deployment(seen, made) if seen.service == made.service else None
        if mine is not None and mine.rollout == "FAILED":
            return Trip(seen.at_ms, seen.line, None, None)
    return None


def _judge_trip(history: History, made: RevisionMade, trip: Trip) -> Finding:
    """Never before the failures were there, and by AWS's own count at the documented one."""
    limit = threshold_of(history, made)
    before = [f for f in failures_of(history, made) if f.moment.earliest_ms <= trip.at_ms]
    evidence = (trip.line, *_lines(before))
    said = f"{revision_of(made.task_definition)}: the breaker tripped"
    counted = limit if trip.failures is None else trip.failures
    if counted != limit or (trip.threshold or limit) != limit:
        threshold = limit if trip.threshold is None else trip.threshold
        return failed(
            f"{said} at failure {counted} of {threshold}, the documented threshold is {limit}",
            evidence,
        )
    if len(before) < limit:
        return failed(f"{said} when only {len(before)} of {limit} tasks had failed", evidence)
    seconds = seconds_after(history, made, trip.at_ms)
    return passed(
        f"{said} at failure {limit} of {limit} ({in_brief(before)}), {seconds:.0f} s after"
        " UpdateService",
        evidence,
    )


def _untripped(history: History, made: RevisionMade, found: tuple[Failure, ...]) -> Finding:
    """The breaker was on and did not trip. A healthy task sets its count back (R3.4)."""
    name, limit = revision_of(made.task_definition), threshold_of(history, made)
    story = f"{len(found)} tasks of {name} failed ({in_brief(found)})"
    recovered = any(
        entry.state == HEALTHY for x in read_lives(history) if x.new for entry in x.targets
    )
    if len(found) >= limit and not recovered:
        sentence = f"{story}, and the breaker, on, did not trip at failure {limit}"
        return failed(sentence, _lines(found))
    return unknown(f"{story}, and the breaker trips at failure {limit}: nothing was decided yet")


def _is_deployed(history: History, made: RevisionMade) -> bool:
    seen = [entry for entry in history.of(ServiceSeen) if entry.service == made.service]
    mine = _deployment(seen[-1], made) if seen else None
    return mine is not None and mine.rollout == "COMPLETED"


def _lines(found: Sequence[Failure]) -> tuple[int, ...]:
    return tuple(failure.moment.line for failure in found)


def _without_breaker(history: History, made: RevisionMade, found: tuple[Failure, ...]) -> Finding:
    name, limit = revision_of(made.task_definition), threshold_of(history, made)
    ends = [seconds_after(history, made, failure.moment.latest_ms) for failure in found]
    would = (
        f"a breaker would have tripped at failure {limit}, after {ends[limit - 1]:.0f} s"
        if len(found) >= limit
        else f"a breaker would trip at failure {limit}"
    )
    story = f"{len(found)} tasks of {name} failed within {ends[-1]:.0f} s ({in_brief(found)})"
    setting = in_effect(history, made.service, BREAKER, made.at_ms)
    evidence = (*([setting.line] if setting else []), *_lines(found))
    diagnosis = Diagnosis(
        Cause.NO_BREAKER,
        len(found),
        f"{Cause.NO_BREAKER}: {story}, and nothing ends it; {would}",
        f"{BREAKER} of {made.service} is false; set it and {ROLLBACK} to true: {would}",
        evidence,
    )
    return failed(f"{story} and the deployment goes on", evidence, (diagnosis,))


def _judge_rollback(history: History, made: RevisionMade) -> Finding:
    seen = [entry for entry in history.of(ServiceSeen) if entry.service == made.service]
    before = [entry for entry in seen if entry.at_ms <= made.at_ms]
    home = before[-1].primary if before else None
    if home is None:
        return unknown(f"what {made.service} ran before was not seen")
    last = seen[-1]
    mine, evidence = _deployment(last, made), (made.line, before[-1].line, last.line)
    if mine is not None and mine.status == "PRIMARY":
        return _not_back(history, made, mine, home, evidence)
    return _back(made, last, home, evidence)


def _deployment(seen: ServiceSeen, made: RevisionMade) -> DeploymentSeen | None:
    wanted = made.task_definition
    return next((d for d in seen.deployments if d.task_definition == wanted), None)


def _not_back(
    history: History,
    made: RevisionMade,
    mine: DeploymentSeen,
    home: DeploymentSeen,
    evidence: tuple[int, ...],
) -> Finding:
    name = revision_of(made.task_definition)
    if mine.rollout in ("COMPLETED", ""):
        return passed(f"{name} is deployed: nothing to roll back", evidence)
    story = f"{made.service} is still on {name}, its deployment {mine.rollout}"
    setting = in_effect(history, made.service, ROLLBACK, made.at_ms)
    if mine.rollout != "FAILED" or setting is None or setting.value == "true":
        return failed(f"{story}: nobody rolled it back", evidence)
    trip = _trip(history, made)
    count = (trip.failures if trip else None) or len(failures_of(history, made))
    diagnosis = Diagnosis(
        Cause.NO_ROLLBACK,
        max(count, 1),
        f"{Cause.NO_ROLLBACK}: after {count} failed tasks the breaker failed the deployment of"
        f" {name}, and the service stays on it",
        f"{ROLLBACK} of {made.service} is false; set it to true: {home.id}"
        f" ({revision_of(home.task_definition)}, {home.rollout}) was there to go back to",
        (setting.line, *evidence),
    )
    return failed(f"{story}: nobody rolled it back", evidence, (diagnosis,))


def _back(
    made: RevisionMade, last: ServiceSeen, home: DeploymentSeen, evidence: tuple[int, ...]
) -> Finding:
    """The service is on another deployment: is it the one it was on, whole and alone?"""
    name, primary = made.service, last.primary
    if primary is None:
        return failed(f"{name} has no PRIMARY deployment", evidence)
    if primary.id != home.id:
        return failed(f"{name} is on {primary.id}, not back on {home.id}", evidence)
    if _deployment(last, made) is not None or len(last.deployments) != 1:
        return failed(f"{name} still lists the failed deployment beside {home.id}", evidence)
    if primary.rollout not in ("COMPLETED", ""):
        return failed(f"{name} is back on {home.id}, which is {primary.rollout}", evidence)
    if last.running != last.desired:
        return failed(f"{name} runs {last.running} of {last.desired} tasks", evidence)
    return passed(
        f"{name} is back on {home.id} ({revision_of(home.task_definition)}), COMPLETED, its id"
        f" kept; the failed deployment is gone and {last.running} of {last.desired} tasks run",
        evidence,
    )


TRIPS = Check("the breaker ends a failing release", judge_breaker)
BACK = Check("a failed release is rolled back", judge_rollback)

"""The checks of a watch: only what its record can answer; the rest is said to be not observable."""

from chaos.causes import failed_requests, find_causes
from chaos.checks.finding import Check, Finding, Result, failed, passed, unknown
from chaos.checks.targets import CAPACITY
from chaos.checks.tasks import judge_ends
from chaos.diagnosis import diagnose
from chaos.entries import RevisionMade, ServiceSeen, TargetSeen
from chaos.following.ending import find_ending, what_is_amiss
from chaos.following.facts import Ending, Fate, Followed, Sight
from chaos.following.outage import blind_ms, find_outages, had_healthy
from chaos.following.probes import find_silences
from chaos.following.sight import last_sight, read_followed
from chaos.following.why import explain
from chaos.history import History
from chaos.lives import Life, lines_of, read_lives
from chaos.target import group_name, revision_of

WATCH = "watch"  # run.json's `drill`


def watch_checks(history: History) -> tuple[Check, ...]:
    """What can be judged of what this watch saw."""
    checks = [SEEN, ENDED, RUNS]
    if _groups(history) and not is_first(history):
        checks += [CAPACITY, OUTAGE]
    if judge_order(history).result is not Result.UNKNOWN:
        checks.append(ORDER)
    if history.records.requests:
        checks.append(PROBES)
    return tuple(checks)


def unseen(history: History) -> tuple[str, ...]:
    """What could not be judged, and why, a sentence each."""
    found = []
    if not _groups(history):
        found.append("capacity and outage: no target group of the service was observed")
    elif is_first(history):
        found.append("capacity and outage: it is the service's first deployment")
    order = judge_order(history)
    if order.result is Result.UNKNOWN:
        found.append(f"order of a task's end: {order.sentence}")
    if not history.records.requests:
        found.append("what clients saw: no requests were sent (give --url to probe)")
    return tuple(found)


def _groups(history: History) -> set[str]:
    return {entry.group for entry in history.of(TargetSeen)}


def is_first(history: History) -> bool:
    """The service had no other deployment before, and no healthy target when the watch began."""
    seen = history.of(ServiceSeen)
    begins_healthy = any(
        e.error_ms is None and e.state == "healthy" for e in history.of(TargetSeen)
    )
    followed = read_followed(history)
    return bool(seen) and followed is not None and not followed.former and not begins_healthy


def _ends(history: History) -> list[Life]:
    """Tasks that the scheduler stopped, or began to: their target drained, or they ended by it."""
    return [
        life
        for life in read_lives(history)
        if life.targets
        and (life.draining is not None or life.stopping is not None)
        and life.states[-1].stop_code in (None, "ServiceSchedulerInitiated")
    ]


def judge_seen(history: History) -> Finding:
    """A deployment was there to watch."""
    made = history.of(RevisionMade)
    if not made:
        return failed("no deployment was seen")
    revision = revision_of(made[0].task_definition)
    return passed(f"{made[0].deployment} deploys {revision}", (made[0].line,))


def read_fate(history: History) -> tuple[Followed, Sight, Ending | None] | None:
    """What was followed, how it was last seen, and how it ended: None if it had not."""
    followed = read_followed(history)
    sight = last_sight(history, followed) if followed else None
    if followed is None or sight is None:
        return None
    return followed, sight, find_ending(followed, sight)


def judge_ended(history: History) -> Finding:
    """The deployment ended SUCCESSFUL; if not, how and why."""
    read = read_fate(history)
    if read is None:
        return unknown("the service was never observed")
    followed, sight, ending = read
    evidence = lines_of([e for e in history.of(ServiceSeen) if e.service == followed.service])[-1:]
    if ending is None:
        state = what_is_amiss(followed, sight) or "ECS does not say that it has ended"
        ending = Ending(Fate.TIMED_OUT, f"it had not ended when the watch did: {state}")
    if ending.fate is Fate.NOT_KNOWN:
        return unknown(ending.reason)
    if ending.fate is Fate.SUCCESSFUL:
        return passed(f"{followed.deployment}: SUCCESSFUL, {ending.reason}", evidence)
    why = "; ".join(explain(followed, sight))
    return failed(f"{ending.fate}: {ending.reason}{f' ({why})' if why else ''}", evidence)


def judge_runs(history: History) -> Finding:
    """Exactly the deployed revision runs at the end: PRIMARY, COMPLETED, every task of it."""
    read = read_fate(history)
    if read is None:
        return unknown("the service was never observed")
    followed, sight, _ = read
    evidence = lines_of([e for e in history.of(ServiceSeen) if e.service == followed.service])[-1:]
    amiss = what_is_amiss(followed, sight)
    revision = revision_of(followed.task_definition)
    if amiss is not None:
        return failed(f"{revision} is not what runs: {amiss}", evidence)
    return passed(f"{revision} is all that runs, {sight.service.running} tasks", evidence)


def judge_outage(history: History) -> Finding:
    """No moment without a healthy target, in any target group."""
    parts, evidence = [], []
    for group in sorted(_groups(history)):
        if not had_healthy(history, group):
            return failed(f"{group_name(group)} never had a healthy target")
        for outage in find_outages(history, group):
            least = outage.least_ms(history.end_ms) / 1000
            most = outage.most_ms(history.end_ms) / 1000
            ended = "" if outage.end_ms is not None else " and it lasted at the end"
            at = (outage.begin_ms - history.origin_ms) / 1000
            parts.append(
                f"{group_name(group)} had no healthy target for {least:.1f} to {most:.1f} s (real)"
                f" from {at:.1f} s on{ended}"
            )
            evidence.append(outage.line)
    if parts:
        return failed("; ".join(parts), tuple(evidence))
    return passed(
        "a healthy target at every look; an outage of less than"
        f" {blind_ms(history):.0f} ms would not have been seen"
    )


def judge_order(history: History) -> Finding:
    """Each task that the scheduler ended: drained for the whole delay, then SIGTERM (R1.20)."""
    ends = _ends(history)
    return judge_ends(history, ends) if ends else unknown("no task with a target was seen ending")


def judge_probes(history: History) -> Finding:
    """No probe failed; else for how long."""
    rows, bad = history.records.requests, failed_requests(history)
    if not bad:
        return passed(f"0 of {len(rows)} probes of {history.run.url} failed")
    silences = find_silences(history)
    worst = max(silences, key=lambda silence: silence.most_ms)
    at = (worst.begin_ms - history.origin_ms) / 1000
    sentence = (
        f"{len(bad)} of {len(rows)} probes failed; the longest outage lasted"
        f" {worst.least_ms / 1000:.1f} to {worst.most_ms / 1000:.1f} s (real) from {at:.1f} s on"
    )
    return failed(sentence, (), diagnose(history, find_causes(history)))


SEEN = Check("a deployment was seen", judge_seen, premise=True)
ENDED = Check("the deployment ended SUCCESSFUL", judge_ended)
RUNS = Check("its revision is what runs", judge_runs)
OUTAGE = Check("always a healthy target", judge_outage)
ORDER = Check("drained, then SIGTERM, then stopped", judge_order)
PROBES = Check("no probe failed", judge_probes)

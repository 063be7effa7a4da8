"""Is the new revision what runs at the end?"""

from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.entries import AnswerSeen, RevisionMade, ServiceSeen
from chaos.history import History
from chaos.lives import read_lives
from chaos.target import revision_of


def judge_rollout(history: History) -> Finding:
    """One completed deployment of the drill's revision, all running tasks of it (R2.21, R3.8)."""
    made = history.of(RevisionMade)
    if not made:
        return unknown("no new revision was made")
    wrong, evidence = [], []
    for revision in made:
        seen = [e for e in history.of(ServiceSeen) if e.service == revision.service]
        if not seen:
            return unknown(f"{revision.service} was never observed")
        evidence += [revision.line, seen[-1].line]
        if fault := _fault(history, seen[-1], revision_of(revision.task_definition)):
            wrong.append(f"{revision.service} {fault}")
    if wrong:
        return failed("; ".join(wrong), tuple(evidence))
    names = ", ".join(sorted(revision_of(revision.task_definition) for revision in made))
    return passed(f"{names} is all that runs, each in one COMPLETED deployment", tuple(evidence))


def _fault(history: History, seen: ServiceSeen, wanted: str) -> str | None:
    primary = next((d for d in seen.deployments if d.status == "PRIMARY"), None)
    if primary is None:
        return "has no PRIMARY deployment"
    runs = revision_of(primary.task_definition)
    if runs != wanted:
        reason = f": {primary.reason}" if primary.reason else ""
        return f"runs {runs}, not the new {wanted}: it was rolled back or replaced{reason}"
    if len(seen.deployments) != 1 or primary.rollout not in ("COMPLETED", ""):
        return f"was still deploying {wanted} ({primary.rollout}) when the drill ended"
    if seen.running != seen.desired:
        return f"runs {seen.running} of {seen.desired} tasks"
    return _stragglers(history, seen.service, wanted)


def _stragglers(history: History, service: str, wanted: str) -> str | None:
    """Tasks of another revision that still run, or still answer."""
    lives = [life for life in read_lives(history) if life.service == service]
    left = [x.short for x in lives if x.stopped is None and x.revision != wanted]
    if left:
        return f"still runs tasks of another revision: {', '.join(left)}"
    if not any(x.stopped is None and x.revision == wanted for x in lives):
        return f"has no running task of {wanted}"
    old = {life.task for life in lives if life.revision != wanted}
    answered = [entry.task for entry in history.of(AnswerSeen) if entry.task in old]
    return f"still answers from old task {answered[0]}" if answered else None


ROLLOUT = Check("the new revision is what runs", judge_rollout)

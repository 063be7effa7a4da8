"""Does the caller learn what became of the release? (services_stable succeeds after a rollback)"""

from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.entries import RevisionMade, ServiceDeploymentSeen, ServiceSeen
from chaos.history import History
from chaos.target import revision_of

SAID = {
    "new": ("SUCCESSFUL",),
    "former": ("ROLLBACK_SUCCESSFUL",),
    "failed": ("STOPPED", "STOP_REQUESTED"),
    "deploying": ("PENDING", "IN_PROGRESS"),
    "going back": ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"),
}
RUNS = {
    "new": "{new} is all that runs",
    "former": "{primary} is what runs, not {new}",
    "failed": "the deployment of {new} has failed and stays",
    "deploying": "{new} is still being deployed",
    "going back": "the service is going back to {primary}",
}


def judge_truth(history: History) -> Finding:
    """What DescribeServiceDeployments says of the release is what DescribeServices shows."""
    made = history.of(RevisionMade)
    if not made:
        return unknown("no new revision was made")
    wrong: list[str] = []
    right: list[str] = []
    evidence: list[int] = []
    for revision in made:
        told = [
            entry
            for entry in history.of(ServiceDeploymentSeen)
            if entry.task_definition == revision.task_definition
        ]
        seen = [entry for entry in history.of(ServiceSeen) if entry.service == revision.service]
        if not told or not seen or not seen[-1].deployments:
            return unknown(f"no service deployment of {revision.service} was observed")
        evidence += [told[-1].line, seen[-1].line]
        sentence, true = _compare(revision, told[-1], seen[-1])
        (right if true else wrong).append(sentence)
    if wrong:
        return failed("; ".join(wrong), tuple(evidence))
    return passed("; ".join(right), tuple(evidence))


def _compare(
    made: RevisionMade, told: ServiceDeploymentSeen, seen: ServiceSeen
) -> tuple[str, bool]:
    state = _state(made, seen)
    new, primary = revision_of(made.task_definition), seen.deployments[0].task_definition
    reason = f" ({told.reason.rstrip('.')})" if told.reason else ""
    runs = RUNS[state].format(new=new, primary=revision_of(primary))
    true = told.status in SAID[state]
    if state == "former" and true:
        true = told.rolled_back_to == primary and bool(told.reason)
    link = "and" if true else "but"
    return f"the service deployment is {told.status}{reason}, {link} {runs}", true


def _state(made: RevisionMade, seen: ServiceSeen) -> str:
    """Which of SAID's situations DescribeServices shows."""
    primary = seen.deployments[0]
    over = primary.rollout in ("COMPLETED", "") and len(seen.deployments) == 1
    if primary.task_definition != made.task_definition:
        return "former" if over else "going back"
    if primary.rollout == "FAILED":
        return "failed"
    return "new" if over else "deploying"


TRUTH = Check("the caller learns the truth", judge_truth)

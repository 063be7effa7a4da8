"""Does the caller learn what became of the release? (services_stable succeeds after a rollback)"""

from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.entries import DeploymentSeen, RevisionMade, ServiceDeploymentSeen, ServiceSeen
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
        primary = seen[-1].primary if seen else None
        if not told or primary is None:
            return unknown(f"no service deployment of {revision.service} was observed")
        evidence += [told[-1].line, seen[-1].line]
        alone = len(seen[-1].deployments) == 1
        sentence, true = _compare(revision, told[-1], _state(revision, primary, alone), primary)
        (right if true else wrong).append(sentence)
    if wrong:
        return failed("; ".join(wrong), tuple(evidence))
    return passed("; ".join(right), tuple(evidence))


def _compare(
    made: RevisionMade, told: ServiceDeploymentSeen, state: str, primary: DeploymentSeen
) -> tuple[str, bool]:
    reason = f" ({told.reason.rstrip('.')})" if told.reason else ""
    names = (revision_of(made.task_definition), revision_of(primary.task_definition))
    runs = RUNS[state].format(new=names[0], primary=names[1])
    true = told.status in SAID[state]
    if state == "former" and true:
        true = told.rolled_back_to == primary.task_definition and bool(told.reason)
    link = "and" if true else "but"
    return f"the service deployment is {told.status}{reason}, {link} {runs}", true


def _state(made: RevisionMade, primary: DeploymentSeen, alone: bool) -> str:
    """Which of SAID's situations DescribeServices shows."""
    over = primary.rollout in ("COMPLETED", "") and alone
    if primary.task_definition != made.task_definition:
        return "former" if over else "going back"
    if primary.rollout == "FAILED":
        return "failed"
    return "new" if over else "deploying"


TRUTH = Check("the caller learns the truth", judge_truth)

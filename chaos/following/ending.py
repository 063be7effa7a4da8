"""Has a deployment ended, and how? Pure: from one look at the service.

The service deployment's status is asked first (R3.14). Where an endpoint has none, the rollout
state in DescribeServices tells (R3.11). Neither is believed alone: a deployment has succeeded when
its revision is PRIMARY, COMPLETED, and all that runs (R2.21: a rolled back service is stable, too).
"""

from chaos.entries import DeploymentSeen
from chaos.following.facts import Ending, Fate, Followed, Release, Sight, TaskFact
from chaos.target import revision_of

_RUNNING = "RUNNING"


def find_ending(followed: Followed, sight: Sight) -> Ending | None:
    """None while the deployment is under way, or what ECS says does not agree with what runs."""
    release = sight.release_of(followed.deployment)
    if release is None:
        return _by_rollout(followed, sight)
    if release.status == "SUCCESSFUL":
        return _succeeded(followed, sight)
    if release.status == "ROLLBACK_SUCCESSFUL":
        return Ending(Fate.ROLLED_BACK, _rolled_back(release))
    if release.status == "ROLLBACK_FAILED":
        reason = release.reason or release.back_reason or "ECS gives no reason"
        return Ending(Fate.ROLLBACK_FAILED, f"rolling back to {_home(release)} failed: {reason}")
    if release.status == "STOPPED":
        return _stopped(followed, sight, release)
    return None


def _rolled_back(release: Release) -> str:
    reason = release.reason or release.back_reason or "ECS gives no reason"
    return f"rolled back to {_home(release)}: {reason}"


def _home(release: Release) -> str:
    return release.back_to or "the last completed deployment"


def _stopped(followed: Followed, sight: Sight, release: Release) -> Ending:
    """A newer deployment, or a failure without rollback."""
    primary = primary_of(sight)
    if primary is not None and primary.id != followed.deployment:
        return Ending(Fate.SUPERSEDED, _superseded(primary))
    mine = _mine(followed, sight)
    said = release.reason or (mine.reason if mine else "") or "ECS gives no reason"
    failed = release.breaker == "TRIGGERED" or (mine is not None and mine.rollout == "FAILED")
    if failed:
        return Ending(Fate.FAILED, f"failed and was not rolled back: {said}")
    return Ending(Fate.STOPPED, f"stopped: {said}")


def _superseded(primary: DeploymentSeen) -> str:
    revision = revision_of(primary.task_definition)
    return f"superseded by {primary.id}, which deploys {revision}"


def _succeeded(followed: Followed, sight: Sight) -> Ending | None:
    primary = primary_of(sight)
    if primary is not None and primary.id != followed.deployment:
        return Ending(Fate.SUPERSEDED, _superseded(primary))
    if what_is_amiss(followed, sight) is not None:
        return None
    count = sight.service.running
    revision = revision_of(followed.task_definition)
    return Ending(Fate.SUCCESSFUL, f"{revision} is all that runs: {count} of {count} tasks")


def what_is_amiss(followed: Followed, sight: Sight) -> str | None:
    """Why the followed revision is not exactly what runs; None if it is."""
    primary, service = primary_of(sight), sight.service
    if primary is None:
        return "no deployment is PRIMARY"
    if primary.id != followed.deployment:
        return f"{primary.id} is PRIMARY, not {followed.deployment}"
    if revision_of(primary.task_definition) != revision_of(followed.task_definition):
        return f"it deploys {revision_of(primary.task_definition)}"
    if primary.rollout not in ("COMPLETED", ""):
        return f"its rollout is {primary.rollout}"
    if len(service.deployments) != 1:
        return f"{len(service.deployments)} deployments are listed"
    if service.running != service.desired or service.pending:
        return f"{service.running} of {service.desired} tasks run, {service.pending} are pending"
    return _other_tasks(followed, sight)


def _other_tasks(followed: Followed, sight: Sight) -> str | None:
    wanted = [task for task in sight.tasks if task.desired == _RUNNING]
    others = [task for task in wanted if not _is_of(task, followed)]
    if others:
        return f"task {others[0].task[:8]} of {others[0].task_definition} runs, too"
    running = sum(task.status == _RUNNING for task in wanted)
    if running != sight.service.desired:
        return f"{running} of {sight.service.desired} tasks are RUNNING"
    return None


def _is_of(task: TaskFact, followed: Followed) -> bool:
    if task.deployment.startswith("ecs-svc/"):
        return task.deployment == followed.deployment
    return task.task_definition == revision_of(followed.task_definition)


def _by_rollout(followed: Followed, sight: Sight) -> Ending | None:
    """From DescribeServices alone: this deployment's rollout state, and who is PRIMARY."""
    primary, mine = primary_of(sight), _mine(followed, sight)
    if primary is None:
        return None
    if not primary.rollout and sight.releases is None:
        return Ending(
            Fate.NOT_KNOWN,
            "this endpoint has neither service deployments nor rollout states: how the deployment"
            " ends cannot be known",
        )
    if primary.id == followed.deployment:
        if primary.rollout == "COMPLETED":
            return _succeeded(followed, sight)
        if primary.rollout == "FAILED" and not _will_go_back(followed, sight):
            return Ending(Fate.FAILED, f"failed and was not rolled back: {primary.reason}")
        return None
    if primary.id not in followed.former:
        return Ending(Fate.SUPERSEDED, _superseded(primary))
    if primary.rollout == "IN_PROGRESS":
        return None  # going back
    why = mine.reason if mine and mine.reason else primary.reason
    return Ending(Fate.ROLLED_BACK, f"rolled back to {primary.id}: {why}")


def _will_go_back(followed: Followed, sight: Sight) -> bool:
    """The breaker rolls back, and there is a completed deployment to go back to (R3.7)."""
    others = (d for d in sight.service.deployments if d.id != followed.deployment)
    return sight.service.breaker.rollback and any(d.rollout == "COMPLETED" for d in others)


def _mine(followed: Followed, sight: Sight) -> DeploymentSeen | None:
    return next((d for d in sight.service.deployments if d.id == followed.deployment), None)


def primary_of(sight: Sight) -> DeploymentSeen | None:
    return next((d for d in sight.service.deployments if d.status == "PRIMARY"), None)

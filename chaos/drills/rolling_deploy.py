"""A new revision of every service is deployed under load. Does anybody notice?

Undo: none for the deployment itself. The new revision is the old one with another value of
REHEARSE_REVISION, so wherever the drill is interrupted, the service stays on (or goes on to) a
revision that is as good as before. The broken variant's setting is put back.
"""

from chaos.causes import Cause
from chaos.checks.offer import OFFER, SIGHT
from chaos.checks.orders import ORDERS
from chaos.checks.requests import REQUESTS
from chaos.checks.rollout import ROLLOUT
from chaos.checks.targets import CAPACITY, DRAINED
from chaos.checks.tasks import ORDER
from chaos.deploying import begin, plan_deploy
from chaos.drill import Act, Drill, Offer, Stage, Variant
from chaos.effect import DELAY
from chaos.run import ServiceSetup
from chaos.settings import set_attribute
from chaos.target import Revision, ServiceView, group_name, revision_of
from chaos.watch import Observed

SHORT_DELAY_SECONDS = 5  # unscaled: shorter than the longest request the load sends


def plan_shorten(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
    return tuple(
        f"ModifyTargetGroupAttributes {group_name(group)}: {DELAY}={SHORT_DELAY_SECONDS}"
        " (put back at the end)"
        for setup in setups
        for group in setup.groups
    )


def shorten(stage: Stage) -> None:
    """Make the deregistration delay shorter than the longest request."""
    for setup in stage.subjects:
        for group in setup.groups:
            set_attribute(stage, setup.name, group, DELAY, str(SHORT_DELAY_SECONDS))


def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
    return plan_deploy(setups, Revision(marker=""))


def deploy(stage: Stage) -> None:
    """Register a new revision of every service and tell the services to use them."""
    same = Revision(marker=stage.marker)
    for setup in stage.subjects:
        stage.revisions[setup.name] = stage.target.register_revision(setup.name, same)
    for service, revision in stage.revisions.items():
        begin(stage, service, revision)


def settled(stage: Stage, observed: Observed) -> str | None:
    """What is still awaited: one completed deployment of any revision, and old tasks gone."""
    for service in observed.services:
        revision = stage.revisions.get(service.name)
        if revision is not None:
            if (service.name, revision) not in observed.primaries:
                return f"{service.name} to begin deploying {revision_of(revision)}"
            awaited = _deploying(service) or _leaving(service, observed)
            if awaited is not None:
                return awaited
    return None


def _deploying(service: ServiceView) -> str | None:
    primary = next((d for d in service.deployments if d.status == "PRIMARY"), None)
    if primary is None:
        return f"{service.name} has no PRIMARY deployment"
    if primary.rollout == "FAILED" and len(service.deployments) == 1:
        return None  # it will not get better: let the judge say so
    if len(service.deployments) > 1 or primary.rollout not in ("COMPLETED", ""):
        return f"{service.name}: {service.running} running, deployment {primary.rollout}"
    if service.running != service.desired:
        return f"{service.name} runs {service.running} of {service.desired} tasks"
    return None


def _leaving(service: ServiceView, observed: Observed) -> str | None:
    for group in service.groups:
        draining = [view for view in observed.health.get(group, ()) if view.state == "draining"]
        if draining:
            return f"{len(draining)} targets of {group_name(group)} are draining"
    running = revision_of(service.task_definition)
    old = [
        task.task[:8]
        for task in observed.tasks
        if task.service == service.name
        and task.task_definition != running
        and task.status != "STOPPED"
    ]
    return f"old tasks of {service.name} to stop: {', '.join(old)}" if old else None


ROLLING_DEPLOY = Drill(
    name="rolling-deploy",
    question="Does anybody notice when a new revision is deployed under load?",
    offer=Offer(rate=200.0, arrivals=6000, longest_seconds=15.0),
    probes=("/orders?limit=1", "/inventory"),
    steps={
        Variant.FIXED: (Act("deploy", plan, deploy),),
        Variant.BROKEN: (
            Act("shorten the deregistration delay", plan_shorten, shorten, changes_settings=True),
            Act("deploy", plan, deploy),
        ),
    },
    settled=settled,
    checks=(OFFER, SIGHT, REQUESTS, CAPACITY, ORDER, DRAINED, ORDERS, ROLLOUT),
    expected=Cause.CUT_AT_DELAY_END,
    undo="the deployment stays: the new revision differs only in REHEARSE_REVISION",
)

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
from chaos.drills.stopping import delaying
from chaos.run import ServiceSetup
from chaos.settling import deployed
from chaos.target import Revision

SHORT_DELAY_SECONDS = 5  # unscaled: shorter than the longest request the load sends


def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
    return plan_deploy(setups, Revision(marker=""))


def deploy(stage: Stage) -> None:
    """Register a new revision of every service and tell the services to use them."""
    same = Revision(marker=stage.marker)
    for setup in stage.subjects:
        stage.revisions[setup.name] = stage.target.register_revision(setup.name, same)
    for service, revision in stage.revisions.items():
        begin(stage, service, revision)


ROLLING_DEPLOY = Drill(
    name="rolling-deploy",
    question="Does anybody notice when a new revision is deployed under load?",
    offer=Offer(rate=200.0, arrivals=6000, longest_seconds=15.0),
    probes=("/orders?limit=1", "/inventory"),
    steps={
        Variant.FIXED: (Act("deploy", plan, deploy),),
        Variant.BROKEN: (
            delaying(SHORT_DELAY_SECONDS),
            Act("deploy", plan, deploy),
        ),
    },
    settled=deployed,
    checks=(OFFER, SIGHT, REQUESTS, CAPACITY, ORDER, DRAINED, ORDERS, ROLLOUT),
    expected=Cause.CUT_AT_DELAY_END,
    undo="the deployment stays: the new revision differs only in REHEARSE_REVISION",
)

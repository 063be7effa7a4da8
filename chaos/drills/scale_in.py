"""A service is scaled out and in again under load. Is anything lost?

Scale-in waits for the deregistration delay before it sends SIGTERM (R1.20). That wait is what hides
that the load balancer's nodes hear of it late (R4.32). The broken variant takes it away, with an
application that relies on it: it ends at once on SIGTERM.
"""

from chaos.causes import Cause
from chaos.checks.stops import IN_ORDER, SCALED
from chaos.checks.targets import CAPACITY, DRAINED
from chaos.drill import Act, Drill, Stage, Variant
from chaos.drills.stopping import (
    LOAD,
    PROBES,
    await_steady,
    checks_of,
    delaying,
    deploying,
    whole,
)
from chaos.effect import DESIRED, DRAIN
from chaos.run import ServiceSetup
from chaos.settings import set_service
from chaos.target import Revision, ServiceChange
from chaos.watch import Observed

MORE = 1  # tasks of each service


def plan_out(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
    return tuple(
        f"UpdateService {setup.name}: {DESIRED}={setup.desired_count + MORE}, wait until stable"
        " (put back at the end)"
        for setup in setups
    )


def scale_out(stage: Stage) -> None:
    for setup in stage.subjects:
        set_service(stage, setup.name, ServiceChange(desired_count=setup.desired_count + MORE))
    await_steady(stage)


def plan_in(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
    return tuple(f"UpdateService {setup.name}: {DESIRED}={setup.desired_count}" for setup in setups)


def scale_in(stage: Stage) -> None:
    """Back to as many tasks as before: what undoing the scale-out would do."""
    for setup in stage.subjects:
        change = ServiceChange(desired_count=setup.desired_count)
        stage.step("scale in", f"UpdateService {setup.name}: {DESIRED}={setup.desired_count}")
        stage.target.update_service(setup.name, change)
        stage.record_service(setup.name)


def settled(stage: Stage, observed: Observed) -> str | None:
    """The surplus tasks have ended, and the services run what they ran before."""
    wanted = {setup.name: setup.desired_count for setup in stage.subjects}
    for service in observed.services:
        if service.desired != wanted.get(service.name, service.desired):
            return f"{service.name} to be scaled in"
    ending = [x.task[:8] for x in observed.tasks if x.status not in ("RUNNING", "STOPPED")]
    return f"tasks to stop: {', '.join(ending)}" if ending else whole(observed)


OUT = Act("scale out", plan_out, scale_out, changes_settings=True)
IN = Act("scale in", plan_in, scale_in, changes_settings=True)

SCALE_IN = Drill(
    name="scale-in",
    question="Is anything lost when a service is scaled out and in again under load?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (OUT, IN),
        Variant.BROKEN: (
            deploying(Revision(marker="", environment={DRAIN: "0"})),
            OUT,
            delaying(0),
            IN,
        ),
    },
    settled=settled,
    checks=checks_of(SCALED, more=(CAPACITY, IN_ORDER, DRAINED)),
    expected=Cause.LEFT_TOO_SOON,
    undo="the desired count, the delay and the former revision are put back",
)

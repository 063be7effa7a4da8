"""What the drills of stops share: acts, load, when to go on, and checks."""

from collections.abc import Callable
from dataclasses import replace

from chaos.checks.finding import Check
from chaos.checks.offer import OFFER
from chaos.checks.orders import ORDERS
from chaos.checks.requests import REQUESTS
from chaos.checks.stops import PROMPT
from chaos.deploying import deploy, plan_deploy
from chaos.drill import Act, Offer, Stage
from chaos.effect import DELAY
from chaos.errors import TargetError
from chaos.gate import unsteady
from chaos.run import ServiceSetup
from chaos.settings import set_attribute
from chaos.target import Revision, TaskView, group_name, revision_of
from chaos.watch import Observed

PROBES = ("/orders?limit=1", "/inventory")
LOAD = Offer(
    rate=200.0,
    arrivals=2000,
    longest_seconds=15.0,
    baseline_real_seconds=2.0,
    tail_real_seconds=1.0,
)
LOOK_SECONDS = 0.2
REASON = "drill of rehearse"  # StopTask's
UNDO = "ECS replaces what was stopped; the former revision is deployed again if another was"


def checks_of(
    *premises: Check, more: tuple[Check, ...] = (), ended: bool = True
) -> tuple[Check, ...]:
    """The same for every stop, so that any of their causes is found in any of them; `ended`: the
    drill stops tasks."""
    return (OFFER, *premises, REQUESTS, *((PROMPT,) if ended else ()), *more, ORDERS)


Make = Callable[[Stage, ServiceSetup], Revision]


def deploying(revision: Revision | Make, words: str = "") -> Act:
    """Deploy this revision of the drill's services and wait until it is all that runs.

    A function makes each service's own one; `words` then say what it does.
    """

    def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
        known = revision if isinstance(revision, Revision) else Revision(marker="")
        lines = plan_deploy(setups, known)
        more = (f"with {words}",) if words else ()
        return (*lines, *more, "wait until the services are stable again")

    def carry_out(stage: Stage) -> None:
        for setup in stage.subjects:
            made = revision if isinstance(revision, Revision) else revision(stage, setup)
            deploy(stage, setup, replace(made, marker=stage.marker))
        await_steady(stage)

    changes = not isinstance(revision, Revision) or revision != Revision(marker="")
    return Act("deploy", plan, carry_out, changes_settings=changes)


def delaying(seconds: int) -> Act:
    """Set the deregistration delay of the drill's services."""

    def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
        return tuple(
            f"ModifyTargetGroupAttributes {group_name(group)}: {DELAY}={seconds} (put back at the"
            " end)"
            for setup in setups
            for group in setup.groups
        )

    def carry_out(stage: Stage) -> None:
        for setup in stage.subjects:
            for group in setup.groups:
                set_attribute(stage, setup.name, group, DELAY, str(seconds))

    return Act("shorten the deregistration delay", plan, carry_out, changes_settings=True)


def await_steady(stage: Stage) -> None:
    """Wait until services are stable and all targets healthy; the guard's deadline ends it."""
    while unsteady(stage.target) is not None:
        stage.stop.wait(LOOK_SECONDS)
    stage.step("steady", "services are stable and all their targets are healthy")


def plan_stop(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
    return tuple(
        f"StopTask one of the {setup.desired_count} tasks of {setup.name}" for setup in setups
    )


def stop_one(stage: Stage) -> None:
    """StopTask of one task of each service that the drill is about, all that run being healthy."""
    for setup in stage.subjects:
        view = pick(stage, setup)
        stage.step("stop", f"StopTask {setup.name} task {view.task[:8]}")
        stage.stops.append(view.task)
        stage.target.stop_task(view.task, REASON)


def pick(stage: Stage, setup: ServiceSetup) -> TaskView:
    """The running task of the service's present revision that comes first by its id."""
    current = {v.name: revision_of(v.task_definition) for v in stage.target.services()}
    running = [
        view
        for view in stage.target.tasks(())
        if view.service == setup.name
        and view.status == view.desired == "RUNNING"
        and view.task_definition == current.get(setup.name)
    ]
    if not running:
        raise TargetError(f"service {setup.name} has no running task to stop")
    return min(running, key=lambda view: view.task)


STOP_ONE = Act("stop a task", plan_stop, stop_one)


def stopped(stage: Stage, observed: Observed) -> str | None:
    """The stopped tasks have ended, nothing drains and the services are whole again."""
    ended = {view.task for view in observed.tasks if view.status == "STOPPED"}
    awaited = [task[:8] for task in stage.stops if task not in ended]
    if awaited:
        return f"tasks to stop: {', '.join(awaited)}"
    return whole(observed)


def whole(observed: Observed) -> str | None:
    """Every service runs what it should in one deployment, and no target drains."""
    for service in observed.services:
        if len(service.deployments) > 1 or service.running != service.desired:
            return f"{service.name} runs {service.running} of {service.desired} tasks"
        for group in service.groups:
            states = [view.state for view in observed.health.get(group, ())]
            if states != ["healthy"] * service.desired:
                return f"targets of {service.name} are {', '.join(sorted(states)) or 'none'}"
    return None


Settled = Callable[[Stage, Observed], str | None]

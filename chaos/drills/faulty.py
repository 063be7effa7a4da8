"""What the drills of faulty releases share: acts, load and checks."""

from dataclasses import replace

from chaos.checks.breaker import BACK, TRIPS
from chaos.checks.finding import Check
from chaos.checks.offer import OFFER
from chaos.checks.orders import ORDERS
from chaos.checks.requests import REQUESTS
from chaos.checks.startup import STARTUP
from chaos.checks.targets import CAPACITY
from chaos.checks.truth import TRUTH
from chaos.deploying import deploy, plan_deploy
from chaos.drill import Act, Offer, Stage
from chaos.run import Limits, ServiceSetup
from chaos.settings import set_service, shown
from chaos.target import Breaker, Revision, ServiceChange

SERVICES = ("order-api",)
PROBES = ("/orders?limit=1", "/inventory")
LOAD = Offer(rate=200.0, arrivals=2000, baseline_real_seconds=2.0, tail_real_seconds=1.0)
LIMITS = Limits(deadline_seconds=2400.0, deadline_extra_real_seconds=120.0)
UNDO = "the former revision is deployed again unless ECS has rolled back; settings are put back"

BREAKER_OFF = ServiceChange(breaker=Breaker(enable=False, rollback=False))
ROLLBACK_OFF = ServiceChange(breaker=Breaker(enable=True, rollback=False))


def checks_of(premise: Check, *more: Check) -> tuple[Check, ...]:
    """The same for every faulty release, so that any of their causes is found in any of them."""
    return (
        OFFER, premise, REQUESTS, CAPACITY, STARTUP, TRIPS, BACK, TRUTH, *more, ORDERS,
    )  # fmt: skip


def deploying(revision: Revision) -> Act:
    """Deploy this revision of each of the drill's services; `marker` is the run's."""

    def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
        return plan_deploy(setups, revision)

    def carry_out(stage: Stage) -> None:
        for setup in stage.subjects:
            deploy(stage, setup, replace(revision, marker=stage.marker))

    return Act("deploy", plan, carry_out)


def changing(name: str, change: ServiceChange) -> Act:
    """Change a setting of each of the drill's services."""

    def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
        text = f"{shown(change)} (put back at the end)"
        return tuple(f"UpdateService {setup.name}: {text}" for setup in setups)

    def carry_out(stage: Stage) -> None:
        for setup in stage.subjects:
            set_service(stage, setup.name, change)

    return Act(name, plan, carry_out, changes_settings=True)

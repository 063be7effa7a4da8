"""When a drill has seen enough of a release, from what was observed last."""

from dataclasses import replace

import pytest

from chaos.drill import Stage
from chaos.settling import PATIENCE_SECONDS, deployed, ended
from chaos.target import Breaker, ServiceDeploymentView, ServiceView, TaskView
from chaos.watch import Observed
from tests.chaos.builder import definition_arn
from tests.chaos.fake import FakeTarget
from tests.chaos.releases import deployment

NAME = "order-api"
NEW = definition_arn(NAME, 2)
OFF, ON = Breaker(), Breaker(enable=True, rollback=True)
NO_ROLLBACK = Breaker(enable=True)
HANGING = (deployment(2, "IN_PROGRESS"), deployment(1, old=True))
FAILED = (deployment(2, "FAILED"), deployment(1, old=True))
BACK, DONE = (deployment(1),), (deployment(2),)


def task(number: int, revision: int = 2, **members: str) -> TaskView:
    view = TaskView(
        service=NAME,
        task=f"{number}".ljust(32, "0"),
        status="RUNNING",
        desired="RUNNING",
        health="HEALTHY",
        task_definition=f"{NAME}:{revision}",
    )
    return replace(view, **members)  # type: ignore[arg-type]  # any member, by name


def crashed(number: int) -> TaskView:
    return task(number, status="STOPPED", stop_code="EssentialContainerExited")


def observed(
    deployments: tuple[object, ...],
    *tasks: TaskView,
    breaker: Breaker = ON,
    status: str | None = None,
    begun: bool = True,
) -> Observed:
    (service,) = (view for view in FakeTarget().services() if view.name == NAME)
    primary = deployments[0]
    service = replace(
        service,
        breaker=breaker,
        deployments=deployments,  # type: ignore[arg-type]  # DeploymentSeen all
        task_definition=primary.task_definition,  # type: ignore[attr-defined]  # one of them
    )
    told = (
        ()
        if status is None
        else (ServiceDeploymentView(service=NAME, id="a", status=status, task_definition=NEW),)
    )
    return Observed(
        services=(service,),
        tasks=tasks,
        primaries=frozenset({(NAME, NEW)}) if begun else frozenset(),
        service_deployments=told,
    )


CASES = [
    (observed(BACK, begun=False), "to begin deploying order-api:2"),
    (observed(HANGING), "deployment IN_PROGRESS; 0 tasks failed"),
    (observed(HANGING, *map(crashed, range(4))), "deployment IN_PROGRESS; 4 tasks failed"),
    (observed(HANGING, *map(crashed, range(2)), breaker=OFF), "2 tasks failed"),
    (observed(HANGING, *map(crashed, range(3)), breaker=OFF), None),
    (observed(FAILED, *map(crashed, range(3))), "deployment FAILED; 3 tasks failed"),
    (observed(FAILED, *map(crashed, range(3)), status="STOPPED"), None),
    (observed(FAILED, *map(crashed, range(3)), breaker=NO_ROLLBACK), None),
    (observed(BACK, task(1)), "old tasks of order-api to stop"),
    (observed(BACK, crashed(1), status="ROLLBACK_IN_PROGRESS"), "is ROLLBACK_IN_PROGRESS"),
    (observed(BACK, crashed(1), status="ROLLBACK_SUCCESSFUL"), None),
    (observed(BACK, crashed(1)), None),
    (observed(DONE, task(1), status="IN_PROGRESS"), "the service deployment is IN_PROGRESS"),
    (observed(DONE, task(1), status="SUCCESSFUL"), None),
    (observed(DONE, task(1), task(2, 1), status="SUCCESSFUL"), "old tasks of order-api to stop"),
]


@pytest.mark.parametrize(("seen", "awaited"), CASES)
def test_a_release_is_over_or_will_never_be(
    seen: Observed, awaited: str | None, stage: Stage
) -> None:
    stage.revisions[NAME] = NEW
    stage.deployed_ms[NAME] = stage.clock.now_ms()
    found = ended(stage, seen)
    assert found is None if awaited is None else awaited in (found or "")


def test_patience_ends(stage: Stage) -> None:
    stage.revisions[NAME] = NEW
    stage.deployed_ms[NAME] = stage.clock.now_ms()
    assert ended(stage, observed(HANGING)) is not None
    stage.deployed_ms[NAME] -= PATIENCE_SECONDS * 1000
    assert ended(stage, observed(HANGING)) is None


def test_a_plain_deployment_waits_for_its_end(stage: Stage) -> None:
    stage.revisions[NAME] = NEW
    assert deployed(stage, observed(HANGING)) is not None
    assert deployed(stage, observed(DONE, task(1))) is None


def test_services_that_the_drill_leaves_alone_are_not_awaited(stage: Stage) -> None:
    seen = observed(HANGING)
    assert ended(stage, seen) is None
    assert isinstance(seen.services[0], ServiceView)

"""What a step may do to a target, and that each act is undone by the undo registered before it."""

from dataclasses import replace
from pathlib import Path

import pytest

from chaos.deploying import changes_of, deploy, plan_deploy
from chaos.drill import Stage
from chaos.drills.rolling_deploy import ROLLING_DEPLOY
from chaos.effect import BREAKER, GRACE, ROLLBACK, in_effect
from chaos.entries import Note, RevisionMade, ServiceDeploymentSeen, SettingSeen, TaskSeen
from chaos.errors import TargetError
from chaos.history import read_history
from chaos.settings import set_service
from chaos.target import Breaker, Revision, ServiceChange, ServiceDeploymentView
from chaos.watch import Watch
from tests.chaos.builder import definition_arn, make_run
from tests.chaos.fake import FakeTarget

OFF = Breaker(enable=False, rollback=False)
ON = Breaker(enable=True, rollback=True)


def fake(stage: Stage) -> FakeTarget:
    assert isinstance(stage.target, FakeTarget)
    return stage.target


def test_a_service_setting_is_put_back_and_both_values_are_recorded(
    stage: Stage, tmp_path: Path
) -> None:
    set_service(stage, "order-api", ServiceChange(grace_seconds=0, breaker=OFF))
    assert (fake(stage).grace_seconds, fake(stage).breaker) == (0, OFF)
    assert stage.undo.run(stage.put_back) == ()
    assert (fake(stage).grace_seconds, fake(stage).breaker) == (60, ON)
    seen = read_history(tmp_path).of(SettingSeen)
    for name, values in ((GRACE, ["0", "60"]), (BREAKER, ["false", "true"])):
        assert [entry.value for entry in seen if entry.name == name] == values


def test_what_a_change_leaves_alone_is_not_put_back(stage: Stage) -> None:
    set_service(stage, "order-api", ServiceChange(grace_seconds=5))
    stage.undo.run(stage.put_back)
    assert fake(stage).updates == [
        ("order-api", ServiceChange(grace_seconds=5)),
        ("order-api", ServiceChange(grace_seconds=60)),
    ]


def test_a_setting_that_is_refused_is_put_back_all_the_same(stage: Stage) -> None:
    fake(stage).refuse.add("UpdateService")
    with pytest.raises(TargetError):
        set_service(stage, "order-api", ServiceChange(breaker=OFF))
    fake(stage).refuse.clear()
    assert stage.undo.run(stage.put_back) == ()
    assert fake(stage).updates == [("order-api", ServiceChange(breaker=ON))]


def test_a_deployment_is_undone_by_deploying_the_former_revision(
    stage: Stage, tmp_path: Path
) -> None:
    (setup,) = stage.subjects
    deploy(stage, setup, Revision(marker="m", environment={"FAULTS": "allow"}))
    assert stage.undo.run(stage.put_back) == ()
    assert [change.task_definition for _, change in fake(stage).updates] == [
        definition_arn("order-api", 2),
        definition_arn("order-api", 1),
    ]
    (text,) = stage.undo.under_way
    assert "aws ecs wait services-stable --cluster rehearsal --services order-api" in text
    (made,) = read_history(tmp_path).of(RevisionMade)
    assert made.changes == ("FAULTS=allow",)


def test_a_service_that_went_back_by_itself_is_left_alone(stage: Stage) -> None:
    (setup,) = stage.subjects
    deploy(stage, setup, Revision(marker="m"))
    fake(stage).deployed.clear()  # as the circuit breaker's rollback does
    assert stage.undo.run(stage.put_back) == ()
    assert len(fake(stage).updates) == 1
    assert stage.undo.under_way == []


def test_a_deployment_that_was_refused_leaves_nothing_to_undo(stage: Stage) -> None:
    (setup,) = stage.subjects
    fake(stage).refuse.add("UpdateService")
    with pytest.raises(TargetError):
        deploy(stage, setup, Revision(marker="m"))
    assert stage.undo.run(stage.put_back) == ()


def test_a_plan_names_every_change() -> None:
    revision = Revision(
        marker="m",
        environment={"B": "2", "A": "1"},
        image_tag="gone",
        entry_point=("sh", "-c"),
        command=("exit 1",),
        stop_timeout=2,
    )
    assert changes_of(revision) == (
        "A=1",
        "B=2",
        "image tag gone",
        "entryPoint ['sh', '-c']",
        "command ['exit 1']",
        "stopTimeout 2",
    )
    (line,) = plan_deploy(make_run().services[:1], revision)
    assert all(change in line for change in changes_of(revision))


@pytest.mark.parametrize(
    ("services", "subjects"),
    [((), 2), (("order-api",), 1), (("shop",), 2)],
    ids=["none named", "one named", "names of another's services"],
)
def test_a_drill_acts_on_the_services_it_names(services: tuple[str, ...], subjects: int) -> None:
    drill = replace(ROLLING_DEPLOY, services=services)
    assert len(drill.subjects(make_run().services)) == subjects


def watching(stage: Stage) -> Watch:
    return Watch(stage.target, stage.setups, stage.journal, stage.clock, stage.stop)


def test_a_task_that_came_and_went_between_two_polls_is_found(stage: Stage, tmp_path: Path) -> None:
    fake(stage).gone.add("before".ljust(32, "0"))
    watch = watching(stage)
    watch.start()
    asked_ms = stage.clock.now_ms()
    fake(stage).gone.add("short".ljust(32, "0"))
    watch.poll_ends()
    watch.poll_tasks()
    watch.close()
    seen = [e for e in read_history(tmp_path).of(TaskSeen) if e.status == "STOPPED"]
    assert {entry.task for entry in seen} == {"short".ljust(32, "0")}
    assert seen[0].error_ms is not None
    assert seen[0].at_ms - seen[0].error_ms <= asked_ms


def test_changes_of_service_deployments_are_recorded(stage: Stage, tmp_path: Path) -> None:
    view = ServiceDeploymentView(
        service="order-api",
        id="abc",
        status="IN_PROGRESS",
        task_definition=definition_arn("order-api", 2),
        breaker="MONITORING",
        failures=1,
        threshold=3,
    )
    watch = watching(stage)
    watch.poll_service_deployments()
    for status in ("IN_PROGRESS", "IN_PROGRESS", "SUCCESSFUL"):
        fake(stage).releases = (replace(view, status=status),)
        watch.poll_service_deployments()
    assert watch.observed.service_deployments == fake(stage).releases
    seen = read_history(tmp_path).of(ServiceDeploymentSeen)
    assert [(e.status, e.failures, e.threshold) for e in seen] == [
        ("IN_PROGRESS", 1, 3),
        ("SUCCESSFUL", 1, 3),
    ]


def test_service_deployments_that_cannot_be_listed_are_not_observable(
    stage: Stage, tmp_path: Path
) -> None:
    fake(stage).refuse.add("ListServiceDeployments")
    watch = watching(stage)
    watch.start()
    watch.poll_ends()
    watch.close()
    assert stage.stop.asked is None
    (note,) = read_history(tmp_path).of(Note)
    assert note.text.startswith("not observable here: service deployments (ListServiceDeployments")


def test_the_value_in_effect_is_the_last_one_of_the_service(tmp_path: Path, stage: Stage) -> None:
    stage.record_service("order-api")
    fake(stage).breaker = OFF
    stage.record_service("inventory-api")
    history = read_history(tmp_path)
    seen = [in_effect(history, name, ROLLBACK) for name in ("order-api", "inventory-api")]
    assert [entry and entry.value for entry in seen] == ["true", "false"]
    assert in_effect(history, "order-api", ROLLBACK, at_ms=0.0) is None

"""What the drills of stops do to a target, and when they have seen enough."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chaos.clock import Clock
from chaos.drill import Drill, Stage, Variant
from chaos.drills import all_drills
from chaos.drills.keep_alive import measure
from chaos.drills.scale_in import scale_in, scale_out
from chaos.drills.scale_in import settled as scaled
from chaos.drills.sigterm_ignored import shell_form
from chaos.drills.stopping import delaying, pick, stop_one, stopped, whole
from chaos.effect import IDLE_TIMEOUT, in_effect
from chaos.entries import BurstSeen, KeepAliveSeen, Note, Step
from chaos.errors import TargetError
from chaos.history import History, read_history
from chaos.journal import Journal, write_run
from chaos.stop import Stop
from chaos.target import DefinitionView, HealthView, ServiceChange, TaskView
from chaos.undo import UndoStack
from chaos.watch import Observed
from tests.chaos.builder import group_arn, make_run
from tests.chaos.fake import FakeTarget, front, task_id
from tests.chaos.test_idle import ANSWER, server

ORDER = group_arn("order-api")


@dataclass
class Reachable(FakeTarget):
    """A target with one task, on this machine; its load balancer gives up idle connections."""

    port: int = 0

    def tasks(self, known: object) -> tuple[TaskView, ...]:
        return (replace(super().tasks(())[0], address="127.0.0.1"),)

    def health(self, group: str) -> tuple[HealthView, ...]:
        return (HealthView(f"127.0.0.1:{self.port}", "healthy"),) if group == ORDER else ()

    def idle_timeout(self) -> float | None:
        return 10.0  # 0.5 s at this fake's time scale


def make_stage(target: FakeTarget, folder: Path) -> Stage:
    write_run(folder, make_run())
    journal, clock, setups = Journal(folder), Clock(), target.setups()
    return Stage(
        target=target,
        setups=setups,
        subjects=setups[1:],
        journal=journal,
        clock=clock,
        undo=UndoStack(journal, clock.now_ms),
        stop=Stop(),
        marker="m",
    )


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = make_stage(FakeTarget(), tmp_path)
    yield made
    made.journal.close()


def fake(stage: Stage) -> FakeTarget:
    assert isinstance(stage.target, FakeTarget)
    return stage.target


def observe(stage: Stage, *ended: str) -> Observed:
    target = fake(stage)
    tasks = tuple(
        replace(view, status="STOPPED") if view.task in ended else view for view in target.tasks(())
    )
    health = {group: target.health(group) for setup in stage.setups for group in setup.groups}
    return Observed(target.services(), tasks, health)


def test_one_running_task_of_each_subject_is_stopped(stage: Stage, tmp_path: Path) -> None:
    stop_one(stage)
    first = task_id("order-api", 1, 1)
    assert (stage.stops, fake(stage).gone) == ([first], {first})
    (step,) = read_history(tmp_path).of(Step)
    assert step.text == f"StopTask order-api task {first[:8]}"


def test_a_service_without_a_running_task_is_an_error_of_the_world(stage: Stage) -> None:
    setup = replace(stage.subjects[0], name="elsewhere")
    with pytest.raises(TargetError, match="elsewhere has no running task"):
        pick(stage, setup)


def test_a_stop_is_over_when_the_task_has_ended_and_the_service_is_whole(stage: Stage) -> None:
    stop_one(stage)
    (task,) = stage.stops
    assert stopped(stage, observe(stage)) == f"tasks to stop: {task[:8]}"
    assert stopped(stage, observe(stage, task)) is None


def test_a_service_is_not_whole_while_a_target_drains(stage: Stage) -> None:
    seen = observe(stage)
    draining = (*seen.health[ORDER], HealthView("127.10.9.9:8080", "draining"))
    awaited = whole(replace(seen, health={**seen.health, ORDER: draining}))
    assert awaited == "targets of order-api are draining, healthy, healthy"


def test_the_delay_is_put_back(stage: Stage) -> None:
    delaying(0).carry_out(stage)
    assert fake(stage).delays[ORDER] == "0"
    assert stage.undo.run(stage.put_back) == ()
    assert fake(stage).delays[ORDER] == "30"


def test_scaling_out_is_undone_and_scaling_in_is_recorded(stage: Stage) -> None:
    scale_out(stage)
    scale_in(stage)
    stage.undo.run(stage.put_back)
    assert [change for _, change in fake(stage).updates] == [
        ServiceChange(desired_count=3),
        ServiceChange(desired_count=2),
        ServiceChange(desired_count=2),
    ]
    assert scaled(stage, observe(stage)) is None


def test_the_shell_form_is_made_of_the_services_own_command(stage: Stage) -> None:
    (order,) = stage.subjects
    assert shell_form(stage, order).command == ("python -m services.order_api; true",)
    with pytest.raises(TargetError, match="run the fixed variant"):
        shell_form(stage, replace(order, name="elsewhere"))


def test_a_command_of_the_task_definition_is_quoted_for_the_shell(tmp_path: Path) -> None:
    class Commanded(FakeTarget):
        def definition(self, task_definition: str) -> DefinitionView:
            return DefinitionView(
                task_definition="a:1", stop_timeout=30, command=("serve", "--name", "a b")
            )

    stage = make_stage(Commanded(), tmp_path)
    made = shell_form(stage, stage.subjects[0])
    assert (made.entry_point, made.command) == (("sh", "-c"), ("serve --name 'a b'; true",))
    stage.journal.close()


def measured(target: FakeTarget, folder: Path) -> History:
    with front(target):
        stage = make_stage(target, folder)
        measure(stage)
        stage.journal.close()
    return read_history(folder)


def test_each_task_is_measured_and_bursts_are_sent_at_its_limit(tmp_path: Path) -> None:
    with server(ANSWER, 0.1) as port:
        history = measured(Reachable(port=port), tmp_path)
    (seen,) = history.of(KeepAliveSeen)
    assert seen.reachable
    assert seen.closed_seconds is not None
    assert 1.5 < seen.closed_seconds < 8  # 0.1 s real, 20 times as much unscaled
    tried = {entry.idle_seconds for entry in history.of(BurstSeen)}
    assert tried == {0.0, 11.0, seen.closed_seconds}
    assert not any(entry.failed for entry in history.of(BurstSeen))
    setting = in_effect(history, "", IDLE_TIMEOUT)
    assert setting is not None
    assert setting.value == "10"


def test_where_no_task_is_reachable_bursts_are_sent_at_usual_limits(tmp_path: Path) -> None:
    with server(ANSWER, 0.0) as port:
        pass  # nobody listens there any more
    history = measured(Reachable(port=port), tmp_path)
    assert [entry.reachable for entry in history.of(KeepAliveSeen)] == [False]
    tried = {entry.idle_seconds for entry in history.of(BurstSeen)}
    assert tried == {0.0, 11.0, 2.0, 5.0}
    assert any("not reachable" in note.text for note in history.of(Note))


def test_an_unknown_idle_timeout_is_said(tmp_path: Path) -> None:
    class Unknown(Reachable):
        def idle_timeout(self) -> float | None:
            return None

    history = measured(Unknown(), tmp_path)
    assert not history.of(KeepAliveSeen)
    assert any("idle timeout" in note.text for note in history.of(Note))


@pytest.mark.parametrize("drill", all_drills(), ids=lambda drill: drill.name)
def test_a_plan_names_what_every_variant_does(drill: Drill, stage: Stage) -> None:
    for variant in Variant:
        for act in drill.steps[variant]:
            assert all(act.plan(stage.setups)), act.name

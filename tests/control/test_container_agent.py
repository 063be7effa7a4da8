"""The container agent with a runtime in memory: coming up, dying, being seen off."""

from collections.abc import Callable, Mapping

import anyio
import pytest
from anyio.abc import TaskGroup

from infra.local import store
from infra.local.control.agent import Agent
from infra.local.control.context import Context
from infra.local.scheduler.model import StopCode, TaskStatus
from tests.control.fakes import FakeRuntime, NoSidecars, PlainSpecs, make_context, make_task

pytestmark = pytest.mark.anyio

APP = store.Container("app", "app:1")
Notes = list[tuple[str, Mapping[str, object]]]


class Stage:
    """An agent on a fake runtime, in a task group of the test's."""

    def __init__(self, tasks: TaskGroup) -> None:
        self.notes: Notes = []
        self.runtime = FakeRuntime()
        self.context: Context = make_context(tasks, self.notes)
        self.agent = Agent(
            self.context, self.runtime, NoSidecars(), PlainSpecs(), lambda task: None
        )

    def begin(self, *containers: store.Container) -> store.Task:
        task = make_task(self.context, *containers)
        self.agent.begin(task)
        return task


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(2):
        while not condition():
            await anyio.sleep(0.001)


async def test_network_comes_before_images_and_images_before_containers() -> None:
    async with anyio.create_task_group() as tasks:
        stage = Stage(tasks)
        task = stage.begin(APP)
        await until(lambda: task.status is TaskStatus.RUNNING)
        assert stage.runtime.calls == ["provision", "pull app:1", "start app"]
        assert task.started_ms is not None
        tasks.cancel_scope.cancel()


async def test_containers_start_in_the_order_of_their_dependencies() -> None:
    first = store.Container("first", "x:1", depends_on=(("second", "START"),))
    second = store.Container("second", "x:1")
    async with anyio.create_task_group() as tasks:
        stage = Stage(tasks)
        task = stage.begin(first, second)
        await until(lambda: task.status is TaskStatus.RUNNING)
        assert stage.runtime.calls[-2:] == ["start second", "start first"]
        tasks.cancel_scope.cancel()


async def test_a_missing_image_ends_the_task_with_ecs_words() -> None:
    async with anyio.create_task_group() as tasks:
        stage = Stage(tasks)
        stage.runtime.missing.add("app:1")
        task = stage.begin(APP)
        await until(lambda: task.status is TaskStatus.STOPPED)
        assert task.stop_code is StopCode.TASK_FAILED_TO_START
        assert task.stopped_reason == "CannotPullContainerError: app:1: not found"
        assert task.started_ms is None


async def test_a_command_that_does_not_start_ends_the_task_and_what_ran_beside_it() -> None:
    other = store.Container("other", "app:1")
    async with anyio.create_task_group() as tasks:
        stage = Stage(tasks)
        stage.runtime.broken.add("app")
        task = stage.begin(other, APP)
        await until(lambda: task.status is TaskStatus.STOPPING)
        stage.agent.terminate(task, "other")
        stage.runtime.end(task, "other", 143)
        await until(lambda: task.status is TaskStatus.STOPPED)
        assert task.stopped_reason == "CannotStartContainerError: app: no such file"
        assert stage.runtime.calls[-1] == "release"


@pytest.mark.parametrize(("essential", "dies"), [(True, True), (False, False)])
async def test_only_an_essential_containers_end_ends_the_task(essential: bool, dies: bool) -> None:
    helper = store.Container("helper", "x:1", essential=essential)
    async with anyio.create_task_group() as tasks:
        stage = Stage(tasks)
        task = stage.begin(APP, helper)
        await until(lambda: task.status is TaskStatus.RUNNING)
        stage.runtime.end(task, "helper", 137)
        assert (task.status is TaskStatus.STOPPING) == dies
        assert (task.stopped_reason == "Essential container in task exited") == dies
        assert next(c.exit_code for c in task.containers if c.name == "helper") == 137
        tasks.cancel_scope.cancel()


async def test_a_bug_in_one_tasks_start_is_recorded_and_ends_nothing_else() -> None:
    async with anyio.create_task_group() as tasks:
        stage = Stage(tasks)
        bad = stage.begin(APP)
        del stage.context.records.definitions[bad.task_definition]
        await until(lambda: any(kind == "internal-error" for kind, _ in stage.notes))
        good = stage.begin(APP)
        await until(lambda: good.status is TaskStatus.RUNNING)
        tasks.cancel_scope.cancel()

"""Adoption of what no deployment brings: tasks of RunTask's, tasks whose service is gone."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

from infra.local.api.ecs.clusters import Clusters
from infra.local.api.ecs.tasks import Tasks
from infra.local.scheduler.model import TaskStatus
from infra.local.store import Task
from tests.adoption.life import Killed, Life, live
from tests.adoption.virtual import run_virtually
from tests.control.outliving import Engine

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-1"]}}
Act = Callable[[Life], Awaitable[None]]


async def _whole(life: Life, act: Act) -> None:
    await life.begin()
    await act(life)
    life.die()


def tell(folder: Path, *acts: Act) -> Engine:
    """Each act has a plane of its own, which is killed at its end."""
    folder.mkdir()
    engine = Engine(Random(0))

    async def main() -> None:
        for act in acts:
            await live(folder, engine, lambda life, act=act: _whole(life, act))  # type: ignore[misc]  # bound act

    run_virtually(main)
    return engine


def only(life: Life) -> Task:
    (task,) = life.store.tasks.values()
    return task


async def run_one(life: Life) -> None:
    await life.call(Clusters(life.api).create_cluster, clusterName="c")
    await life.register("first")
    await life.call(
        Tasks(life.api).run_task,
        cluster="c", taskDefinition="app", launchType="FARGATE", networkConfiguration=NETWORK,
    )  # fmt: skip


async def until_running(life: Life) -> None:
    await life.until(lambda: only(life).status is TaskStatus.RUNNING, 20, "RUNNING")
    life.book.commit()


async def stop(life: Life) -> None:
    await life.call(Tasks(life.api).stop_task, cluster="c", task=only(life).id)


async def until_stopped(life: Life) -> None:
    await life.until(lambda: only(life).status is TaskStatus.STOPPED, 20, "STOPPED")


def test_a_task_of_run_task_goes_on_coming_up_and_can_be_stopped(folder: Path) -> None:
    async def stop_it(life: Life) -> None:
        await stop(life)
        await until_stopped(life)

    engine = tell(folder, run_one, until_running, stop_it)
    assert engine.tasks == {}
    assert len(engine.started) == 2  # the application and its proxy, once


def test_a_stop_that_was_asked_for_is_carried_out_by_the_next_plane(folder: Path) -> None:
    async def run(life: Life) -> None:
        await run_one(life)
        await until_running(life)
        await stop(life)

    codes: list[int | None] = []

    async def look(life: Life) -> None:
        await until_stopped(life)
        codes.extend(c.exit_code for c in only(life).containers)

    assert tell(folder, run, look).tasks == {}
    assert codes == [143, 143]


def test_an_end_that_no_plane_saw_is_told_with_its_code(folder: Path) -> None:
    engines: list[Engine] = []

    async def run(life: Life) -> None:
        await run_one(life)
        await until_running(life)
        engines.append(life.engine)

    async def crash(life: Life) -> None:
        await life.until(lambda: only(life).status is TaskStatus.STOPPED, 20, "STOPPED")
        (app,) = (c for c in only(life).containers if c.name == "app")
        assert app.exit_code == 42
        assert only(life).stopped_reason == "Essential container in task exited"

    async def run_and_crash(life: Life) -> None:
        await run(life)
        life.die()
        life.engine.end(only(life).id, "app", 42)

    tell(folder, run_and_crash, crash)


def test_a_task_whose_service_is_gone_ends_and_its_target_goes(folder: Path) -> None:
    async def make(life: Life) -> None:
        await life.make_service(1, 0, 100, 1)
        await life.until(lambda: life.service.steady, 30, "steady")
        only(life).started_by = "ecs-svc/1"  # as of an earlier service of this name
        life.book.changed()
        life.book.commit()

    async def end(life: Life) -> None:
        (former,) = life.store.tasks.values()
        (group,) = life.store.groups.values()
        await life.until(lambda: former.status is TaskStatus.STOPPED, 30, "STOPPED")
        assert former.stopped_reason == "The service was deleted"
        await life.until(lambda: life.service.steady, 30, "the service has a task of its own")
        assert former.address not in {t.address for t in group.targets.values()}

    tell(folder, make, end)


def test_killed_is_no_exception_that_code_could_catch() -> None:
    assert not issubclass(Killed, Exception)

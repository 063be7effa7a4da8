"""A deployment under which the plane is killed, and what must be true of it for all that."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

import anyio

from infra.local import store
from infra.local.releases import Status
from infra.local.scheduler.model import RolloutState, TargetState, TaskStatus
from tests.adoption.life import Life, live
from tests.adoption.virtual import run_virtually
from tests.control.outliving import Engine

STEADY_S = 30.0
DEPLOYED_S = 60.0
AFTER_S = 3.0  # in which nothing more may happen


@dataclass(frozen=True)
class Story:
    """`kills`: at which journal entries, counted from the UpdateService, and then from each
    plane's start. `crash`: a container of a task that serves ends while no plane runs. `hasty`:
    another deployment follows while tasks of the first come up. `flaky`: some do not start."""

    seed: int
    kills: tuple[int, ...] = ()
    crash: bool = False
    hasty: bool = False
    flaky: bool = False


class World:
    """What is there and outlives planes, and the rules that hold at every moment."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.random = Random(story.seed)
        self.story = story
        self.folder = folder
        slow_s = self.random.choice((0.01, 0.1, 0.3))
        self.engine = Engine(Random(story.seed + 1), slow_s)
        self.delay = self.random.choice((0, 1, 3))
        self.engine.on_signal = self._signalled
        self.desired = self.random.choice((2, 3, 4))
        self.floor, self.ceiling = self.random.choice(((100, 200), (50, 150), (50, 200)))
        self.life: Life | None = None
        self.crashed: set[str] = set()
        self.entries = 0  # of the plane that was last, from the update on

    def watch(self, life: Life) -> None:
        """The floor holds, and nothing is started beyond the ceiling."""
        wanted = [t for t in life.store.tasks.values() if _is_wanted(t)]
        assert len(wanted) <= self.desired * self.ceiling // 100, "more tasks than the ceiling"
        if not self.story.crash:
            floor = -(-self.desired * self.floor // 100)
            healthy = self._healthy(life)
            assert len(healthy) >= floor, f"{len(healthy)} healthy targets, the floor is {floor}"
        for address in self._healthy(life):
            task = next(t for t, h in self.engine.tasks.items() if h.address == address)
            made = self.engine.tasks[task].containers.values()
            assert not any(m.signalled for m in made), "a target that is routed to was told to end"

    def _healthy(self, life: Life) -> list[str]:
        """The addresses to which requests go now, of tasks that have not crashed."""
        return [
            target.address
            for group in life.store.groups.values()
            for target in group.targets.values()
            if target.state is TargetState.HEALTHY and target.address not in self.crashed
        ]

    def _signalled(self, task: str) -> None:
        """The records that a next plane would find know that the task ends."""
        if self.life is not None:
            address = self.engine.tasks[task].address
            assert address not in self._healthy(self.life), "SIGTERM to what is routed to"

    def crash_one(self) -> None:
        """A container of a task that serves ends by itself."""
        serving = [t for t, h in self.engine.tasks.items() if self.engine.serves(h.address)]
        if self.story.crash and serving:
            task = self.random.choice(sorted(serving))
            self.crashed.add(self.engine.tasks[task].address)
            self.engine.end(task, "app", 42)


def _is_wanted(task: store.Task) -> bool:
    order = list(TaskStatus)
    coming = order.index(task.status) <= order.index(TaskStatus.RUNNING)
    return task.desired is TaskStatus.RUNNING and coming


def tell(story: Story, folder: Path) -> int:
    """Live the story; how many journal entries its last plane wrote since the update."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    world = World(story, folder)
    run_virtually(_live, world)
    return world.entries


async def _live(world: World) -> None:
    kills = list(world.story.kills)
    await _one_life(world, kills.pop(0) if kills else None, first=True)
    while world.life is None:
        world.crash_one()
        await anyio.sleep(world.random.choice((0.0, 0.02, 0.3, 2.0)))
        await _one_life(world, kills.pop(0) if kills else None, first=False)


async def _one_life(world: World, kill_at: int | None, *, first: bool) -> None:
    """A plane, up to its kill or to the end of the story."""
    life = await live(
        world.folder, world.engine, lambda life: _act(world, life, kill_at, first=first)
    )
    if life.killed.is_set():
        world.life = None
    else:
        world.entries = len(life.journal)


async def _act(world: World, life: Life, kill_at: int | None, *, first: bool) -> None:
    if first:
        await life.begin()
        world.engine.flaky = 0.3 if world.story.flaky else 0.0
        await life.make_service(world.desired, world.floor, world.ceiling, world.delay)
        await life.until(lambda: life.service.steady, STEADY_S, "the first deployment")
        life.journal.clear()
    life.watch, life.kill_at, world.life = world.watch, kill_at, life
    if first:
        await life.deploy("second")
        if world.story.hasty:
            await anyio.sleep(world.random.uniform(0.01, 0.6))
            await life.deploy("third")
    else:
        await life.begin()
    await life.until(lambda: _is_deployed(life), DEPLOYED_S, "the deployment")
    if not life.killed.is_set():
        await anyio.sleep(AFTER_S)
    if not life.killed.is_set():
        check_end(world, life)


def _is_deployed(life: Life) -> bool:
    (*_, newest) = sorted(life.store.definitions)
    service = life.service
    (task,) = [d for d in service.deployments if d.status == "PRIMARY"]
    gone = all(
        t.status in (TaskStatus.RUNNING, TaskStatus.STOPPED) for t in life.store.tasks.values()
    )
    return service.steady and gone and task.task_definition == newest


def check_end(world: World, life: Life) -> None:
    """Completed, as many tasks as desired, and nothing else on the engine."""
    service = life.service
    assert [d.rollout for d in service.deployments] == [RolloutState.COMPLETED]
    entry = service.history[0]
    assert (entry.status, entry.failures) == (
        Status.SUCCESSFUL,
        0 if not world.story.crash else entry.failures,
    )
    running = [t for t in life.store.tasks.values() if t.status is TaskStatus.RUNNING]
    assert len(running) == world.desired, f"{len(running)} tasks run, {world.desired} are desired"
    assert {t.started_by for t in running} == {service.primary.id}
    assert world.engine.tasks.keys() == {t.id for t in running}, "the engine has others"
    for task in running:
        states = {c.name: c.last_status for c in task.containers}
        assert states == {"app": "RUNNING", "proxy": "RUNNING"}, states
        assert all(world.engine.runs(task.id, name) for name in states)
    (group,) = life.store.groups.values()
    targets = {(t.address, t.state) for t in group.targets.values()}
    assert targets == {(t.address, TargetState.HEALTHY) for t in running}
    unplaced = [e.message for e in service.events if "unable to place" in e.message]
    failed = [t for t in life.store.tasks.values() if t.started_ms is None]
    assert len(unplaced) <= len(failed), f"{len(failed)} launches failed, said: {unplaced}"
    assert failed == [] or world.story.flaky or world.story.hasty or world.story.crash
    told = [f["exit_code"] for kind, f in life.journal if kind == "exit"]
    assert all(code in (143, 137, 42) for code in told), told

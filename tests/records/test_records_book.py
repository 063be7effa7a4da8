"""The book: what is written when, what waits for it, and how the next plane opens it."""

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from infra.local import settings
from infra.local.clock import SteadyClock
from infra.local.records import codec
from infra.local.records.book import KeptBook
from infra.local.records.file import Stamp, read
from infra.local.records.opening import mark, open_kept
from infra.local.scheduler.model import TargetState
from infra.local.settings import DEFAULT
from infra.local.store import Cluster, ContainerState, Store, Target, Task
from tests.balancing.records import balancer, group, store
from tests.control.fakes import TickingClock

pytestmark = pytest.mark.anyio

STAMP = Stamp(codec.shape(), "eu-central-1", ("a",), 1)
CHOSEN = settings.load(DEFAULT)


class Desk:
    """A book and a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "records.json"
        self.store = store()
        self.book = KeptBook(self.path, self.store, STAMP, TickingClock(), None)

    def change(self, name: str) -> None:
        self.store.clusters[name] = Cluster(name, name)
        self.book.changed()

    @property
    def written(self) -> list[str]:
        kept = read(self.path, STAMP)
        return list(kept.store.clusters) if kept else []


async def test_a_change_is_on_disk_soon(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.book.run)
        desk.change("one")
        assert desk.written == []
        with anyio.fail_after(2):
            while desk.written != ["one"]:
                await anyio.sleep(0.005)
        desk.change("two")
        desk.change("three")
        with anyio.fail_after(2):
            while desk.written != ["one", "two", "three"]:
                await anyio.sleep(0.005)
        tasks.cancel_scope.cancel()


async def test_without_a_change_nothing_is_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.change("one")
    desk.book.commit()
    before = desk.path.stat().st_mtime_ns
    desk.book.commit()
    assert desk.path.stat().st_mtime_ns == before


async def test_what_waits_for_a_commit_comes_after_it_and_in_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    seen: list[tuple[str, list[str]]] = []
    desk.book.after_commit(lambda: seen.append(("first", desk.written)))
    desk.change("one")
    desk.book.after_commit(lambda: seen.append(("second", desk.written)))
    assert seen == []
    await anyio.lowlevel.checkpoint()
    assert seen == [("first", ["one"]), ("second", ["one"])]


async def test_a_plane_that_ends_in_order_leaves_no_records(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.change("one")
    desk.book.commit()
    desk.book.end()
    desk.change("two")
    desk.book.commit()
    acted: list[int] = []
    desk.book.after_commit(lambda: acted.append(1))
    await anyio.lowlevel.checkpoint()
    assert not desk.path.exists()
    assert acted == [1]


def opened_again(folder: Path, made: Store, applied: str | None = None) -> Store:
    made.zones = tuple(CHOSEN.availability_zones)
    stamp = Stamp(codec.shape(), CHOSEN.region, made.zones, 1)
    book = KeptBook(folder / "records.json", made, stamp, TickingClock(), None)
    book.changed()
    book.commit() if applied is None else book.note_applied(applied)
    opened = open_kept(folder, CHOSEN, 1)
    assert opened.found
    assert opened.applied == applied
    return opened.store


async def test_the_next_plane_finds_store_and_settings(tmp_path: Path) -> None:
    made = store()
    balancer(made)
    assert opened_again(tmp_path, made, mark(CHOSEN)) == made


async def test_what_only_the_former_plane_could_finish_begins_anew(tmp_path: Path) -> None:
    made = store()
    balancer(made).state = "failed"
    group(made).departed.append(Target("10.0.0.1", 80, "a", 1, 1))
    task = Task("t", "arn:t", "arn:c", "arn:d", "a", 1, 1)
    task.containers = [
        ContainerState("made", "", "", "", last_status="RUNNING", started_ms=5),
        ContainerState("making", "", "", "", last_status="RUNNING", started_ms=5, starting=True),
        ContainerState("ended", "", "", "", last_status="STOPPED", started_ms=5, starting=True),
    ]
    made.tasks["arn:t"] = task
    back = opened_again(tmp_path, made)
    (alb,), (found,) = back.balancers.values(), back.groups.values()
    assert (alb.state, found.departed) == ("active", [])
    states = [(c.last_status, c.started_ms) for c in back.tasks["arn:t"].containers]
    assert states == [("RUNNING", 5), ("PENDING", None), ("STOPPED", 5)]


async def test_a_draining_that_no_envoy_heard_of_is_not_over(tmp_path: Path) -> None:
    """The records are from 1,000 s after the epoch: their delay passed long ago, unheard."""
    made = store()
    draining = Target("10.0.0.1", 80, "a", 990_000, 1, state=TargetState.DRAINING)
    healthy = Target("10.0.0.2", 80, "a", 990_000, 1, state=TargetState.HEALTHY)
    group(made).targets.update({("10.0.0.1", 80): draining, ("10.0.0.2", 80): healthy})
    before_ms = SteadyClock().now_ms()
    back = opened_again(tmp_path, made)
    (found,) = back.groups.values()
    since_ms = found.targets["10.0.0.1", 80].since_ms
    assert before_ms <= since_ms + 10_000 <= SteadyClock().now_ms()
    assert found.targets["10.0.0.2", 80].since_ms == 990_000


async def test_unusable_records_are_put_aside_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "records.json").write_text("{")
    opened = open_kept(tmp_path, CHOSEN, 1)
    assert not opened.found
    assert opened.store == Store(CHOSEN.region, zones=tuple(CHOSEN.availability_zones))
    assert opened.notice is not None
    assert "begins anew" in opened.notice
    assert (tmp_path / "records.unusable.json").read_text() == "{"
    assert open_kept(tmp_path, CHOSEN, 1).notice is None


async def test_time_does_not_go_back_behind_the_records(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    ahead = TickingClock()
    ahead.ms = 9_000_000_000_000
    stamp = Stamp(codec.shape(), CHOSEN.region, tuple(CHOSEN.availability_zones), 1)
    book = KeptBook(desk.path, desk.store, stamp, ahead, None)
    book.changed()
    book.commit()
    assert open_kept(tmp_path, CHOSEN, 1).clock.now_ms() >= ahead.ms

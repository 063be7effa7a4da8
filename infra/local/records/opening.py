"""Opening a plane's book: with what an earlier plane left, or with an empty store."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.clock import Clock, SteadyClock
from infra.local.records.protocol import Book, Unkept
from infra.local.scheduler.model import TargetState
from infra.local.settings import Settings
from infra.local.store import ContainerState, Store

FILE = "records.json"


@dataclass(frozen=True, slots=True)
class Opened:
    """A store, its clock and what keeps it.

    found: it is an earlier plane's. applied: the mark of the settings that were applied to it.
    notice: why there is nothing to go on with although there should be; one sentence.
    """

    store: Store
    clock: Clock
    book: Book
    found: bool = False
    applied: str | None = None
    notice: str | None = None


def open_unkept(settings: Settings) -> Opened:
    """For a plane that nothing outlives."""
    store = Store(settings.region, zones=tuple(settings.availability_zones))
    return Opened(store, SteadyClock(), Unkept())


def open_kept(
    state_dir: Path,
    settings: Settings,
    scale: int,
    make_clock: Callable[[int], Clock] = SteadyClock,
) -> Opened:
    """The book of this state directory. Records that cannot be used are put aside.

    `make_clock` gives a clock that shows no less than it is told.
    """
    from infra.local.records import codec  # here: cattrs would cost every plane's start
    from infra.local.records.book import KeptBook
    from infra.local.records.file import Stamp, UnusableRecordsError, read

    path = state_dir / FILE
    zones = tuple(settings.availability_zones)
    stamp = Stamp(codec.shape(), settings.region, zones, scale)
    notice = None
    try:
        kept = read(path, stamp)
    except UnusableRecordsError as error:
        kept, notice = None, _put_aside(path, error)
    if kept is None:
        store, clock = Store(settings.region, zones=zones), make_clock(0)
        return Opened(store, clock, KeptBook(path, store, stamp, clock, None), notice=notice)
    clock = make_clock(kept.saved_ms)
    renew(kept.store, clock.now_ms() - kept.saved_ms)
    book = KeptBook(path, kept.store, stamp, clock, kept.applied)
    return Opened(kept.store, clock, book, found=True, applied=kept.applied)


def mark(settings: Settings) -> str:
    """What tells one content of the settings file from another."""
    return hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()[:16]


def renew(store: Store, absence_ms: int) -> None:
    """Undo what only the plane that wrote it could finish, so that the next one begins it anew.

    `absence_ms` has passed since the records were written. In that time no Envoy heard that a
    target was draining: its delay begins anew as far as it had not passed.
    """
    for group in store.groups.values():
        group.departed.clear()  # an Envoy hears of it by the next plane's first push
        for target in group.targets.values():
            if target.state is TargetState.DRAINING:
                target.since_ms += absence_ms
    for balancer in store.balancers.values():
        balancer.state = "active"
    for task in store.tasks.values():
        for container in task.containers:
            if container.starting and container.last_status == "RUNNING":
                _unstart(container)


def _unstart(container: ContainerState) -> None:
    """It may have been made or not: the runtime knows, and starts it only if it is not there."""
    container.starting = False
    container.last_status, container.started_ms = "PENDING", None


def _put_aside(path: Path, error: Exception) -> str:
    aside = path.with_suffix(".unusable.json")
    path.replace(aside)
    return (
        f"{error}; this plane begins anew, and ends what an earlier one left; the old records are "
        f"in {aside}"
    )

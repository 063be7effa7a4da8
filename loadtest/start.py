# mypy: untyped-calls-exclude=locust
"""One start for all generators of a load: the master says when, and who makes which arrivals.

Each worker tells the master when it could begin; once all can, the master gives each its part.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from uuid import uuid4

import gevent
from gevent.event import AsyncResult
from locust.env import Environment
from locust.runners import (
    STATE_RUNNING,
    STATE_SPAWNING,
    LocalRunner,
    MasterRunner,
    WorkerRunner,
)

from loadtest.clock import now_ms
from loadtest.ending import fail_load
from loadtest.hook import Hook

CLOCK_SKEW_MS = 1000.0
_READY, _START = "load_ready", "load_start"
_AHEAD_MS = 250.0  # for the message to reach every worker
_READY_LIMIT_S = 30.0
_LOOK_S = 0.05

load_began: Hook[float] = Hook()  # start_ms, on the process that gives the start


@dataclass(frozen=True, slots=True)
class Part:
    """Which arrivals a generator makes: of `share` generators it is number `index`."""

    load_id: str
    start_ms: float
    index: int = 0
    share: int = 1


class Starter:
    """One per process; `part` blocks on a worker until the master has heard of all of them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._ready: list[str] = []
        self._part: AsyncResult[Part] = AsyncResult()

    def attach(self) -> None:
        """Listen to the other side."""
        runner = self._environment.runner
        if isinstance(runner, MasterRunner):
            runner.register_message(_READY, self._count)
            self._environment.events.test_start.add_listener(self._begin)
        elif isinstance(runner, WorkerRunner):
            runner.register_message(_START, self._receive)

    def part(self, wanted: Callable[[], bool]) -> Part | None:
        """This generator's part; None if the load ends before the master has given it."""
        runner = self._environment.runner
        if runner is None or isinstance(runner, LocalRunner):
            part = Part(uuid4().hex, now_ms())
            load_began.fire(part.start_ms)
            return part
        self._part = AsyncResult()
        runner.send_message(_READY)
        while wanted() and not self._part.ready():
            self._part.wait(timeout=_LOOK_S)
        return self._part.get() if self._part.ready() else None

    def _receive(self, msg: object, **_: object) -> None:
        data = dict(msg.data)  # type: ignore[attr-defined]  # locust's Message
        skew_ms = now_ms() - data.pop("sent_ms")
        if abs(skew_ms) > CLOCK_SKEW_MS:
            sentence = f"this worker's clock is {skew_ms / 1000:.1f} s off the master's"
            fail_load(self._environment, f"{sentence}; hint: synchronise both (NTP)")
        else:
            self._part.set(Part(**data))

    def _begin(self, **_: object) -> None:
        self._ready = []
        gevent.spawn_later(_READY_LIMIT_S, self._demand, self._ready)

    def _count(self, msg: object, **_: object) -> None:
        self._ready.append(msg.node_id)  # type: ignore[attr-defined]  # locust's Message
        if len(self._ready) == self._wanted():
            self._start()

    def _wanted(self) -> int:
        runner = self._environment.runner
        assert isinstance(runner, MasterRunner)
        return min(runner.worker_count, runner.target_user_count)

    def _start(self) -> None:
        runner = self._environment.runner
        assert runner is not None
        load_id, sent_ms = uuid4().hex, now_ms()
        for index, node in enumerate(self._ready):
            part = Part(load_id, sent_ms + _AHEAD_MS, index, len(self._ready))
            runner.send_message(_START, {**asdict(part), "sent_ms": sent_ms}, node)
        load_began.fire(sent_ms + _AHEAD_MS)

    def _demand(self, ready: list[str]) -> None:
        """Give up if, of this very start, not all workers are ready and nobody stopped it."""
        runner = self._environment.runner
        under_way = runner is not None and runner.state in (STATE_SPAWNING, STATE_RUNNING)
        if ready is self._ready and under_way and len(ready) < self._wanted():
            sentence = f"{len(ready)} of {self._wanted()} workers could begin"
            fail_load(
                self._environment, f"{sentence} within {_READY_LIMIT_S:g} s; hint: see their logs"
            )

"""One target group's keeper: checks its targets' health, and ends their draining in time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import anyio
from anyio.abc import TaskGroup

from infra.local.balancing.checker import TIMED_OUT, Check, parse_matcher, probe
from infra.local.balancing.health import CHECKED, Probe, judge, settle
from infra.local.balancing.targets import enter
from infra.local.bell import Bell
from infra.local.clock import Clock
from infra.local.scheduler.model import TargetState
from infra.local.store import Target, TargetGroup

NOT_IN_USE = "Target.NotInUse"
UNUSED_GROUP = "Target group is not configured to receive traffic from the load balancer"
UNUSED_ZONE = "Target is in an Availability Zone that is not enabled for the load balancer"
REGISTERING = ("Elb.RegistrationInProgress", "Target registration is in progress")
GONE = ("Target.NotRegistered", "Target is not registered to the target group")

Journal = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class _Watch:
    """The checking of one registered target."""

    target: Target
    scope: anyio.CancelScope


class Keeper:
    """Keeps the states of one group's targets.

    `unused` says why a target gets no requests at all, or None; `changed` hears of every change;
    `release` takes a target's last requests away and says how many those were. `propagation_ms`
    (scaled) is how long the nodes need to hear of a draining (R4.32). `reachable` says whether the
    packets of a check to that address and port arrive at all, `probe` makes it.
    """

    def __init__(
        self,
        group: TargetGroup,
        clock: Clock,
        scale: float,
        unused: Callable[[TargetGroup, Target], str | None],
        changed: Callable[[TargetGroup], None],
        release: Callable[[TargetGroup, Target], Awaitable[int | None]],
        journal: Journal,
        propagation_ms: int = 0,
        reachable: Callable[[TargetGroup, str, int], bool] = lambda group, address, port: True,
        probe: Callable[[Check], Awaitable[Probe]] = probe,
    ) -> None:
        self._group = group
        self._reachable = reachable
        self._probe = probe
        self._propagation_ms = propagation_ms
        self._clock = clock
        self._scale = scale
        self._unused = unused
        self._changed = changed
        self._release = release
        self._journal = journal
        self._bell = Bell()
        self._watches: dict[tuple[str, int], _Watch] = {}
        self._ending: set[tuple[str, int]] = set()
        self._noted: dict[tuple[str, int], TargetState] = {}

    def wake(self) -> None:
        """Look at the group again."""
        self._bell.ring()

    async def run(self) -> None:
        """Keep the group until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                for key, target in list(self._group.targets.items()):
                    self._note(target)
                    self._admit(target)
                    self._watch(tasks, key, target)
                await self._bell.wait(self._end_drains(tasks))

    def _admit(self, target: Target) -> None:
        """Set a target unused while nothing can reach it, and back to initial."""
        why = self._unused(self._group, target)
        if why and target.state in (*CHECKED, TargetState.UNUSED):
            self._enter(target, TargetState.UNUSED, NOT_IN_USE, why)
        elif not why and target.state is TargetState.UNUSED:
            target.passes = target.failures = 0
            self._enter(target, TargetState.INITIAL, *REGISTERING)

    def _watch(self, tasks: TaskGroup, key: tuple[str, int], target: Target) -> None:
        """See to it that a target is checked while it is to be, and then no more."""
        watch = self._watches.get(key)
        if watch and not (watch.target is target and self._is_checked(key, target)):
            self._unwatch(key)
            watch = None
        if watch is None and self._is_checked(key, target):
            watch = self._watches[key] = _Watch(target, anyio.CancelScope())
            tasks.start_soon(self._check_on, key, watch)

    async def _check_on(self, key: tuple[str, int], watch: _Watch) -> None:
        """Check at once and then every interval, which a slow answer does not shift (R4.2)."""
        next_ms = self._clock.now_ms()
        with watch.scope:
            while self._is_checked(key, watch.target):
                await self._check(watch.target)
                interval_ms = self._scaled_ms(self._group.interval)
                late_ms = self._clock.now_ms() - next_ms
                next_ms += interval_ms * (late_ms // interval_ms + 1)
                await anyio.sleep((next_ms - self._clock.now_ms()) / 1000)

    def _is_checked(self, key: tuple[str, int], target: Target) -> bool:
        return self._group.targets.get(key) is target and target.state in CHECKED

    async def _check(self, target: Target) -> None:
        group = self._group
        result = await self._ask(self._question(target))
        verdict = judge(target, result, group.healthy_threshold, group.unhealthy_threshold)
        if settle(target, verdict, self._clock.now_ms()):
            self._tell(target)

    async def _ask(self, check: Check) -> Probe:
        """What is dropped on the way is waited for in vain, as AWS's security groups have it."""
        if self._reachable(self._group, check.address, check.port):
            return await self._probe(check)
        await anyio.sleep(check.timeout_ms / 1000)
        return TIMED_OUT

    def _question(self, target: Target) -> Check:
        group = self._group
        port = group.health_check_port
        return Check(
            address=target.address,
            port=target.port if port == "traffic-port" else int(port),
            path=group.health_check_path,
            codes=parse_matcher(group.matcher),
            timeout_ms=self._scaled_ms(group.timeout),
            tls=group.health_check_protocol == "HTTPS",
        )

    def _end_drains(self, tasks: TaskGroup) -> int | None:
        """End what is due (R4.30); milliseconds until the next is, None if nothing drains."""
        now_ms = self._clock.now_ms()
        delay_ms = self._scaled_ms(self._group.deregistration_delay)
        left: list[int] = []
        for key, target in self._group.targets.items():
            if target.state is not TargetState.DRAINING or key in self._ending:
                continue
            wait_ms = target.since_ms + delay_ms - now_ms
            if wait_ms > 0:
                left.append(wait_ms)
            else:
                self._ending.add(key)
                tasks.start_soon(self._end, key, target)
        return min(left, default=None)

    async def _end(self, key: tuple[str, int], target: Target) -> None:
        """Cut what is still in flight (R4.31) and forget the target.

        With a delay so short that nodes have not heard of the draining, it is unused all the same;
        they go on sending to it until they hear (R4.32).
        """
        departed = replace(target)
        early = self._clock.now_ms() < target.since_ms + self._propagation_ms
        try:
            if early:
                self._group.departed.append(departed)
                self._forget(key, target)
            cut_count = await self._release(self._group, target)
            if early or self._forget(key, target):
                self._journal("drain-ended", {**self._facts(target), "cut": cut_count})
        finally:
            if early:
                self._group.departed.remove(departed)
            self._ending.discard(key)
            self.wake()

    def _forget(self, key: tuple[str, int], target: Target) -> bool:
        """The target is unused and listed no more; False if it came back meanwhile."""
        if self._group.targets.get(key) is not target:
            return False
        enter(target, TargetState.UNUSED, *GONE, now_ms=self._clock.now_ms())
        del self._group.targets[key]
        self._unwatch(key)
        del self._noted[key]
        self._changed(self._group)
        return True

    def _unwatch(self, key: tuple[str, int]) -> None:
        if watch := self._watches.pop(key, None):
            watch.scope.cancel()

    def _enter(self, target: Target, state: TargetState, reason: str, description: str) -> None:
        if enter(target, state, reason, description, now_ms=self._clock.now_ms()):
            self._tell(target)

    def _note(self, target: Target) -> None:
        """Write into the journal what others did to the target: registered, deregistered it."""
        if self._noted.get((target.address, target.port)) is not target.state:
            self._record(target)

    def _tell(self, target: Target) -> None:
        self._record(target)
        self._changed(self._group)

    def _record(self, target: Target) -> None:
        key = (target.address, target.port)
        before = self._noted.get(key)
        self._noted[key] = target.state
        facts = {"from": before, "state": target.state, "reason": target.reason}
        self._journal(
            "target-health",
            {**self._facts(target), **facts, "description": target.description},
        )

    def _facts(self, target: Target) -> dict[str, object]:
        return {
            "target_group": self._group.name,
            "target": f"{target.address}:{target.port}",
            "zone": target.zone,
        }

    def _scaled_ms(self, seconds: int) -> int:
        return round(seconds * 1000 / self._scale)

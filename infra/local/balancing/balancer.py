"""The ELB controller: every load balancer's Envoy and every target group's health, in one place."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus

from infra.local.balancing.certificate import Authority, names_for
from infra.local.balancing.keeper import UNUSED_GROUP, UNUSED_ZONE, Keeper
from infra.local.balancing.node import Journal, Node
from infra.local.balancing.translation import Placing, groups_in_use
from infra.local.bell import Bell
from infra.local.clock import Clock
from infra.local.edge.protocol import Edge
from infra.local.store import LoadBalancer, Store, Target, TargetGroup
from infra.local.ways import OPEN, Ways


class Balancers:
    """Runs what the store's load balancers, listeners, rules and target groups say.

    `edge` is where the Envoys run; `scale` divides durations; `ports` maps listener ports to local
    ones (others stay as they are); `bind` is the address of all listeners; `propagation_ms`
    (scaled) is how long a node still sends requests to a draining target (R4.32).
    `on_target_change` hears of a group, by ARN, after any change of its targets' states. `ways`
    say which packets arrive at all. All methods but `access_log` belong to the event loop's thread.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        scale: float,
        edge: Edge,
        directory: Path,
        certificates: Path,
        ports: Mapping[int, int],
        bind: str,
        journal: Journal,
        on_target_change: Callable[[str], None],
        propagation_ms: int = 0,
        ways: Ways = OPEN,
    ) -> None:
        self._store = store
        self._clock = clock
        self._scale = scale
        self._edge = edge
        self._directory = directory
        self._authority = Authority(certificates)
        self._ports = ports
        self._bind = bind
        self._journal = journal
        self._on_target_change = on_target_change
        self._propagation_ms = propagation_ms
        self._ways = ways
        self._bell = Bell()
        self._nodes: dict[str, Node] = {}
        self._keepers: dict[str, Keeper] = {}
        self._scopes: dict[str, anyio.CancelScope] = {}
        self._users: dict[str, list[LoadBalancer]] = {}

    @property
    def ca_file(self) -> Path:
        """The PEM file of the authority behind all HTTPS listeners."""
        return self._authority.ca_file

    @property
    def limits(self) -> tuple[str, ...]:
        """What is not emulated here, one sentence each, for reports."""
        return tuple(sorted({limit for node in self._nodes.values() for limit in node.limits}))

    def balancer_changed(self, load_balancer_arn: str) -> None:
        """A load balancer, one of its listeners or rules was made, changed or deleted."""
        self._bell.ring()
        if node := self._nodes.get(load_balancer_arn):
            node.wake()

    def group_changed(self, target_group_arn: str) -> None:
        """A target group, its attributes or its targets were made, changed or deleted."""
        if target_group_arn not in self._keepers or target_group_arn not in self._store.groups:
            self._bell.ring()
        else:
            self._keepers[target_group_arn].wake()
            self._wake_nodes(target_group_arn)

    def security_changed(self) -> None:
        """A security group or its rules changed: every part looks again at who reaches whom."""
        self._bell.ring()

    def access_log(self, load_balancer_name: str, since_ms: float) -> Iterator[dict[str, Any]]:
        """The load balancer's requests since then, see `accesslog.read`; KeyError if unknown.

        Reads files and nothing else, so it may run in another thread.
        """
        for node in list(self._nodes.values()):
            if node.name == load_balancer_name:
                return node.access_log(since_ms)
        raise KeyError(load_balancer_name)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; every Envoy has ended when this returns. EdgeUnreachableError."""
        await self._edge.sweep({record.name for record in self._store.balancers.values()})
        async with anyio.create_task_group() as tasks:
            task_status.started()
            while True:
                self._end_gone()
                self._start_new(tasks)
                self._users = self._find_users()
                parts: list[Keeper | Node] = [*self._keepers.values(), *self._nodes.values()]
                for part in parts:
                    part.wake()
                await self._bell.wait(None)

    def _end_gone(self) -> None:
        for arn in self._scopes.keys() - self._store.balancers.keys() - self._store.groups.keys():
            self._scopes[arn].cancel()

    def _start_new(self, tasks: TaskGroup) -> None:
        """A load balancer waits until an earlier one of its name, and its directory, has ended."""
        for arn, group in self._store.groups.items():
            if arn not in self._keepers:
                self._keepers[arn] = self._keeper(group)
                tasks.start_soon(self._run, arn, self._keepers[arn])
        for arn, record in self._store.balancers.items():
            if record.name not in {node.name for node in self._nodes.values()}:
                self._nodes[arn] = self._node(record)
                tasks.start_soon(self._run, arn, self._nodes[arn])

    async def _run(self, arn: str, part: Node | Keeper) -> None:
        """Run a part until its record is gone; one that gave up stays known, and is not rerun."""
        with anyio.CancelScope() as scope:
            self._scopes[arn] = scope
            await part.run()
            await anyio.sleep_forever()
        del self._scopes[arn]
        self._nodes.pop(arn, None)
        self._keepers.pop(arn, None)
        self._bell.ring()

    def _keeper(self, group: TargetGroup) -> Keeper:
        return Keeper(
            group,
            self._clock,
            self._scale,
            unused=self._unused,
            changed=self._target_changed,
            release=self._release,
            journal=self._journal,
            propagation_ms=self._propagation_ms,
            reachable=self._reachable,
        )

    def _node(self, record: LoadBalancer) -> Node:
        directory = self._directory / record.name
        names = names_for(self._bind, record.dns_name)
        place = Placing(
            scale=self._scale,
            bind=self._bind,
            local_port=lambda port: self._ports.get(port, port),
            certificate=self._authority.issue(directory, *names),
            propagation_ms=self._propagation_ms,
            way=lambda place: self._ways.from_balancer(record, place),
        )
        return Node(self._store, record, self._clock, self._edge, directory, place, self._journal)

    def _find_users(self) -> dict[str, list[LoadBalancer]]:
        """The load balancers that use each target group."""
        users: dict[str, list[LoadBalancer]] = {}
        for record in self._store.balancers.values():
            for arn in groups_in_use(self._store, record):
                users.setdefault(arn, []).append(record)
        return users

    def _unused(self, group: TargetGroup, target: Target) -> str | None:
        """Why no load balancer can send requests to the target (R4.2), None if one can."""
        users = self._users.get(group.arn, [])
        if not users:
            return UNUSED_GROUP
        zones = {zone for record in users for zone in record.zones}
        return None if target.zone in zones or not zones else UNUSED_ZONE

    def _reachable(self, group: TargetGroup, address: str, port: int) -> bool:
        """Whether any load balancer that uses the group gets through to the target."""
        users = self._users.get(group.arn, [])
        return any(self._ways.reachable(record, (address, port)) for record in users) or not users

    def _target_changed(self, group: TargetGroup) -> None:
        self._wake_nodes(group.arn)
        self._on_target_change(group.arn)

    def _wake_nodes(self, group_arn: str) -> None:
        for record in self._users.get(group_arn, []):
            if node := self._nodes.get(record.arn):
                node.wake()

    async def _release(self, group: TargetGroup, target: Target) -> int | None:
        """Cut the target's requests at every load balancer; None if that is not possible here."""
        count: int | None = 0
        for record in self._users.get(group.arn, []):
            if node := self._nodes.get(record.arn):
                cut_count = await node.release(target.address, target.port)
                count = None if count is None or cut_count is None else count + cut_count
        return count

"""One plane's life on an engine: its controllers, its records, and its sudden end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskGroup

from infra.local import settings, store
from infra.local.api.context import Context as ApiContext
from infra.local.api.ecs.clusters import Clusters
from infra.local.api.ecs.definitions import TaskDefinitions
from infra.local.api.ecs.services import Services
from infra.local.api.elbv2.balancers import Balancers as LoadBalancers
from infra.local.api.elbv2.groups import TargetGroups
from infra.local.api.elbv2.listeners import Listeners
from infra.local.balancing.checker import FAILED, PASSED, Check
from infra.local.balancing.health import Probe
from infra.local.balancing.keeper import Keeper
from infra.local.control.agent import Agent
from infra.local.control.context import Context
from infra.local.control.scheduling import Scheduling
from infra.local.guarded import Guarded
from infra.local.records.opening import FILE, open_kept
from infra.local.runtime.protocol import ContainerSpec, Network
from infra.local.scheduler.model import StopOrder
from infra.local.tempo import load_profile
from tests.adoption.virtual import VirtualClock
from tests.control.fakes import NoSidecars, PlainSpecs
from tests.control.outliving import Engine, OutlivingRuntime

SCALE = 10
DELAY = "deregistration_delay.timeout_seconds"
CHOSEN = settings.load(settings.DEFAULT)


class Killed(BaseException):
    """kill -9 of the plane: no code of it runs any further."""


class Proxied(NoSidecars):
    """Every task has a proxy, as with Service Connect."""

    def prepare(self, task: store.Task, network: Network) -> ContainerSpec | None:
        return ContainerSpec("proxy", "service-connect", Path("/dev/null"))


def _unless_killed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A callback in which the plane was killed ends there; anything else is told."""
    if not isinstance(context.get("exception"), Killed):
        loop.default_exception_handler(context)


@dataclass
class Signals:
    scheduling: Scheduling
    balancer_changed: Callable[[str], None] = lambda arn: None

    def service_changed(self, arn: str) -> None:
        self.scheduling.service_changed(arn)

    def task_changed(self, arn: str) -> None:
        self.scheduling.task_changed(arn)

    def group_changed(self, arn: str) -> None:
        self.scheduling.group_changed(arn)

    def security_changed(self) -> None:
        return


@dataclass
class Life:
    """A plane. `kill_at` is the number of the journal entry at which it is killed, if any."""

    folder: Path
    engine: Engine
    tasks: TaskGroup
    kill_at: int | None = None
    watch: Callable[["Life"], None] = lambda life: None
    journal: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    keepers: dict[str, Keeper] = field(default_factory=dict)
    left: bytes | None = None  # of the records, at the moment of the kill

    def __post_init__(self) -> None:
        self.killed = asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(_unless_killed)
        self.opened = open_kept(self.folder, CHOSEN, SCALE, VirtualClock)
        self.store, self.book = self.opened.store, self.opened.book
        self.runtime = OutlivingRuntime(self.engine)
        if self.engine.runtime is None:
            self.engine.runtime = self.runtime
        self.context = Context(
            records=self.store,
            clock=self.opened.clock,
            scale=SCALE,
            profile=load_profile("fast"),
            seed="0",
            stop_order=StopOrder.DEREGISTER_FIRST,
            note=self.note,
            spawn=Guarded(self.tasks, self.note),
            group_changed=self._group_changed,
            after_commit=self.book.after_commit,
        )
        self.scheduling = Scheduling(self.context)
        self.agent = Agent(
            self.context, self.runtime, Proxied(), PlainSpecs(), self.scheduling.wake
        )
        self.scheduling.use(self.agent)
        signals = Signals(self.scheduling)
        self.api = ApiContext(self.store, self.opened.clock, signals)

    def note(self, kind: str, fields: Mapping[str, object]) -> None:
        if self.killed.is_set():
            raise Killed
        self.journal.append((kind, fields))
        assert kind != "internal-error", fields
        self.book.changed()
        self.watch(self)
        if self.kill_at is not None and len(self.journal) > self.kill_at:
            self.die()
            raise Killed

    def die(self) -> None:
        """kill -9, now."""
        if self.killed.is_set():
            return
        path = self.folder / FILE
        self.left = path.read_bytes() if path.exists() else b""
        self.runtime.die()
        self.killed.set()

    def bury(self) -> None:
        """Put the records back as they were at the kill: the dead may have written since."""
        assert self.left is not None
        (self.folder / FILE).write_bytes(self.left)
        if not self.left:
            (self.folder / FILE).unlink()

    async def begin(self) -> None:
        """As `plane.run` does: adopt, then schedulers, then load balancers."""
        await self.agent.adopt()
        self.scheduling.resume()
        for arn in self.store.groups:
            self._group_changed(arn)
        self.tasks.start_soon(self.book.run)

    def _group_changed(self, arn: str) -> None:
        if arn not in self.keepers:
            self.keepers[arn] = Keeper(
                self.store.groups[arn],
                self.opened.clock,
                SCALE,
                unused=lambda group, target: None,
                changed=lambda group: self.scheduling.group_changed(group.arn),
                release=self._release,
                journal=self.note,
                probe=self._probe,
            )
            self.tasks.start_soon(self.keepers[arn].run)
        self.keepers[arn].wake()

    async def _release(self, group: store.TargetGroup, target: store.Target) -> int:
        return 0

    async def _probe(self, check: Check) -> Probe:
        await anyio.sleep(0.002)
        return PASSED if self.engine.serves(check.address) else FAILED

    async def call(self, handler: Callable[[Any], Any], **params: Any) -> Any:
        """An operation of the API: what it changed is kept before its answer."""
        answer = await handler(params)
        self.book.changed()
        self.book.commit()
        return answer

    async def make_service(self, desired: int, floor: int, ceiling: int, delay: int) -> None:
        """A cluster, a target group and a service behind it, as a user makes them."""
        await self.call(Clusters(self.api).create_cluster, clusterName="c")
        await self.register("first")
        made = await self.call(
            TargetGroups(self.api).create_target_group,
            Name="app", Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip",
            HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2, UnhealthyThresholdCount=2,
        )  # fmt: skip
        group = made["TargetGroups"][0]["TargetGroupArn"]
        self.store.groups[group].attributes[DELAY] = str(delay)
        await self._balance(group)
        placed = {"targetGroupArn": group, "containerName": "app", "containerPort": 8080}
        network = {"subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-1"]}
        await self.call(
            Services(self.api).create_service,
            cluster="c", serviceName="app", taskDefinition="app", desiredCount=desired,
            launchType="FARGATE", loadBalancers=[placed],
            networkConfiguration={"awsvpcConfiguration": network},
            deploymentConfiguration={
                "minimumHealthyPercent": floor,
                "maximumPercent": ceiling,
                "deploymentCircuitBreaker": {"enable": self.engine.flaky == 0, "rollback": True},
            },
        )  # fmt: skip

    async def _balance(self, group: str) -> None:
        made = await self.call(
            LoadBalancers(self.api).create_load_balancer,
            Name="alb", Subnets=["subnet-a", "subnet-b"], SecurityGroups=["sg-1"],
        )  # fmt: skip
        forward = {"Type": "forward", "TargetGroupArn": group}
        await self.call(
            Listeners(self.api).create_listener,
            LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTP", Port=80, DefaultActions=[forward],
        )  # fmt: skip

    async def register(self, note: str) -> None:
        container = {
            "name": "app",
            "image": "order-api:1",
            "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": "NOTE", "value": note}],
            "stopTimeout": 2,
        }
        await self.call(
            TaskDefinitions(self.api).register_task_definition,
            family="app", requiresCompatibilities=["FARGATE"], networkMode="awsvpc",
            cpu="256", memory="512", containerDefinitions=[container],
        )  # fmt: skip

    async def deploy(self, note: str) -> None:
        await self.register(note)
        await self.call(
            Services(self.api).update_service, cluster="c", service="app", taskDefinition="app"
        )

    @property
    def service(self) -> store.Service:
        (found,) = self.store.services.values()
        return found

    async def until(self, condition: Callable[[], bool], limit_s: float, what: str) -> None:
        with anyio.move_on_after(limit_s):
            while not (condition() or self.killed.is_set()):
                await anyio.sleep(0.005)
            return
        raise AssertionError(f"{what}: not within {limit_s} s; {self.tail()}")

    def tail(self) -> str:
        with suppress(ValueError):
            states = [(t.id[:4], t.status, t.desired) for t in self.store.tasks.values()]
            return f"tasks {states}, deployments {self.service.deployments}"
        return "no service"


async def live(folder: Path, engine: Engine, act: Callable[[Life], Awaitable[None]]) -> Life:
    """A plane from its start to the end of the act, or to its kill; its records stay as left."""
    lives: list[Life] = []
    try:
        async with anyio.create_task_group() as tasks:
            lives.append(Life(folder, engine, tasks))
            await act(lives[0])
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        _, others = group.split(Killed)
        if others is not None:
            raise others from None
    (life,) = lives
    if life.killed.is_set():
        life.bury()
    return life

"""The service scheduler's shell: observe, reconcile, apply, journal, sleep.

One loop per service. Events only wake it; what to do is decided by the core from everything that
is there, and carried out by `ServiceHand`.
"""

from infra.local import store
from infra.local.bell import Bell
from infra.local.control import messages, specs
from infra.local.control.agent import Agent
from infra.local.control.carry import notice_stop
from infra.local.control.context import Context
from infra.local.control.events import Announcer
from infra.local.control.hand import ServiceHand
from infra.local.control.history import follow
from infra.local.scheduler.model import Observed, ServiceSpec, TaskStatus
from infra.local.scheduler.reconcile import reconcile

PASSES_MAX = 200  # plans in a row without sleep: more is a bug of ours


class ServiceLoop:
    """Brings one service to what is asked of it, for as long as it exists."""

    def __init__(self, context: Context, agent: Agent, service: store.Service) -> None:
        self._context = context
        self._service = service
        self._tempo = context.profile.tempo(f"{context.seed}/{service.name}", context.scale)
        self._announcer = Announcer(context, service)
        self._hand = ServiceHand(context, agent, service, self._announcer)
        self._bell = Bell()
        self._deployments = known_deployments(service)

    @property
    def service(self) -> store.Service:
        return self._service

    def wake(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        """Loop until the service is INACTIVE and its last task has stopped."""
        while not self._is_over():
            look_again_ms = self._settle()
            await self._bell.wait(self._context.left_ms(look_again_ms))

    def _is_over(self) -> bool:
        stopped = all(t.status is TaskStatus.STOPPED for t in self._tasks())
        return self._service.status == "INACTIVE" and stopped

    def _tasks(self) -> list[store.Task]:
        """Its tasks, and not those of a later service of the same name (R2.20)."""
        tasks = self._context.records.tasks_of(self._service)
        return [task for task in tasks if task.started_by in self._deployments]

    def _settle(self) -> int | None:
        """Plan and apply until a plan is empty; returns when to look again."""
        for _ in range(PASSES_MAX):
            self._observe()
            plan = reconcile(self._spec(), self._observed(), self._context.clock.now_ms())
            if not plan.steps:
                return plan.look_again_at_ms
            self._hand.apply(plan.steps)
        raise RuntimeError(f"service {self._service.name}: {PASSES_MAX} plans and none empty")

    def _spec(self) -> ServiceSpec:
        context = self._context
        zones = self._hand.zones()
        return specs.service_spec(
            context.records,
            self._service,
            self._tempo,
            context.stop_order,
            context.scale,
            zones,
            count_exits=context.count_exits,
        )

    def _observed(self) -> Observed:
        context = self._context
        return specs.observed(context.records, self._service, self._tasks(), context.scale)

    def _observe(self) -> None:
        """Take up what the API, the agent and the load balancer changed since the last pass."""
        self._deployments |= {d.id for d in self._service.deployments}
        tasks = self._tasks()
        for task in tasks:
            notice_stop(self._context, task)
            self._notice_drained(task)
            self._count_launch(task)
        follow(self._service, self._context.clock.now_ms())

    def _notice_drained(self, task: store.Task) -> None:
        for group, port in specs.ports(self._service):
            draining = group in task.drained_ms and task.drained_ms[group] is None
            listed = specs.registered(self._context.records, group, task.address, port)
            if draining and listed is None:
                task.drained_ms[group] = self._context.clock.now_ms()

    def _count_launch(self, task: store.Task) -> None:
        """Count launches in a row that failed before RUNNING; a good one starts afresh (R2.11)."""
        if task.launched or (task.started_ms is None and task.died_ms is None):
            return
        task.launched = True
        made = (d for d in self._service.deployments if d.id == task.started_by)
        deployment = next(made, None)
        if deployment is None:
            return
        if task.started_ms is not None:
            deployment.launch_failures, deployment.throttled, deployment.ran = 0, False, True
        else:
            deployment.launch_failures += 1
            deployment.last_failure_ms = task.died_ms or 0
            reason = task.stopped_reason or "the task failed to start"
            self._announcer.at_once(messages.unplaced(self._service.name, reason))


def known_deployments(service: store.Service) -> set[str]:
    """The ids of all deployments that the service ever had, by its records."""
    listed = {d.id for d in service.deployments}
    return listed | {r.deployment for r in service.revisions.values()}

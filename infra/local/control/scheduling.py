"""All schedulers of a plane: one loop per service, one per task of RunTask's.

Implements the half of `store.Signals` that concerns ECS.
"""

from infra.local import store
from infra.local.control.agent import Agent
from infra.local.control.context import Context
from infra.local.control.lonetasks import LoneTask
from infra.local.control.services import ServiceLoop
from infra.local.scheduler.model import TaskStatus
from infra.local.store import STOPPED_TASKS_KEPT_MS


class Scheduling:
    """Starts the loops as services and tasks appear and wakes them as they change."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._agent: Agent | None = None
        self._services: dict[str, list[ServiceLoop]] = {}
        self._lone: dict[str, LoneTask] = {}

    def use(self, agent: Agent) -> None:
        """Set the agent; once, before anything is signalled."""
        self._agent = agent

    def service_changed(self, arn: str) -> None:
        """A service was made or changed. One of a deleted service's name is another service."""
        loops = self._services.setdefault(arn, [])
        service = self._context.records.services[arn]
        if not any(loop.service is service for loop in loops):
            loops.append(self._begin_service(service))
        for loop in loops:
            loop.wake()

    def task_changed(self, arn: str) -> None:
        """A task was made or told to stop by the API."""
        task = self._context.records.tasks[arn]
        if task.service is None and arn not in self._lone:
            self._begin_lone(task)
        self.wake(task)

    def wake(self, task: store.Task) -> None:
        """Something about the task changed."""
        lone = self._lone.get(task.arn)
        for loop in self._services.get(task.service or "", [lone] if lone else []):
            loop.wake()

    def group_changed(self, arn: str) -> None:
        """The targets of a target group changed: wake the services that use it."""
        for service in self._context.records.services.values():
            if any(lb["targetGroupArn"] == arn for lb in service.load_balancers):
                self.service_changed(service.arn)

    def forget_old(self) -> None:
        """Drop tasks that stopped over an hour ago (R1.9). Called now and then."""
        before_ms = self._context.clock.now_ms() - STOPPED_TASKS_KEPT_MS
        tasks = self._context.records.tasks
        for arn, task in list(tasks.items()):
            if task.status is TaskStatus.STOPPED and (task.stopped_ms or 0) < before_ms:
                del tasks[arn]

    def _begin_service(self, service: store.Service) -> ServiceLoop:
        assert self._agent is not None
        loop = ServiceLoop(self._context, self._agent, service)
        self._context.spawn(self._run_service, loop)
        return loop

    async def _run_service(self, loop: ServiceLoop) -> None:
        await loop.run()
        self._services[loop.service.arn].remove(loop)

    def _begin_lone(self, task: store.Task) -> None:
        assert self._agent is not None
        loop = self._lone[task.arn] = LoneTask(self._context, self._agent, task)
        self._context.spawn(self._run_lone, task.arn, loop)

    async def _run_lone(self, arn: str, loop: LoneTask) -> None:
        await loop.run()
        del self._lone[arn]

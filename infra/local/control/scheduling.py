"""All schedulers of a plane: one loop per service, one per task of RunTask's.

Implements the half of `store.Signals` that concerns ECS.
"""

from infra.local import store
from infra.local.balancing.targets import deregister
from infra.local.control.agent import Agent
from infra.local.control.context import Context
from infra.local.control.lonetasks import LoneTask
from infra.local.control.records import ask_stop
from infra.local.control.services import ServiceLoop, known_deployments
from infra.local.scheduler.model import StopCode, TaskStatus
from infra.local.store import STOPPED_TASKS_KEPT_MS

FORMER = "The service was deleted"


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

    def resume(self) -> None:
        """Begin the loops of everything in the records, an earlier plane's; after `Agent.adopt`."""
        records = self._context.records
        for arn in records.services:
            self.service_changed(arn)
        for task in records.tasks.values():
            if task.status is not TaskStatus.STOPPED and not self._is_owned(task):
                self._end_former(task)
                self._begin_lone(task)

    def _is_owned(self, task: store.Task) -> bool:
        """Whether a service's loop sees to the task; one deleted and made anew has it no more."""
        service = self._context.records.services.get(task.service or "")
        return service is not None and task.started_by in known_deployments(service)

    def _end_former(self, task: store.Task) -> None:
        """A task whose service is in no record any more ends like one of RunTask's."""
        if task.service is None:
            return
        now_ms = self._context.clock.now_ms()
        ask_stop(task, StopCode.SERVICE_SCHEDULER_INITIATED, FORMER, now_ms)
        for group in self._context.records.groups.values():
            for address, port in list(group.targets):
                if address == task.address:
                    deregister(group, address, port, now_ms)

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
        for loop in self._services.get(task.service or "", []):
            loop.wake()
        if task.arn in self._lone:
            self._lone[task.arn].wake()

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

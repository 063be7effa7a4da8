"""Tasks that belong to no service (RunTask): only their end is the plane's business."""

from infra.local import store
from infra.local.bell import Bell
from infra.local.control import specs
from infra.local.control.agent import Agent
from infra.local.control.carry import carry_task_step, notice_stop
from infra.local.control.context import Context
from infra.local.scheduler.lifecycle import is_active
from infra.local.scheduler.model import TaskStatus
from infra.local.scheduler.reconcile import reconcile_task


class LoneTask:
    """The loop of one task of RunTask's, until it has stopped."""

    def __init__(self, context: Context, agent: Agent, task: store.Task) -> None:
        self._context = context
        self._agent = agent
        self._task = task
        self._bell = Bell()

    def wake(self) -> None:
        self._bell.ring()

    async def run(self) -> None:
        if is_active(self._task.status) and self._task.status is not TaskStatus.RUNNING:
            self._agent.begin(self._task)
        while self._task.status is not TaskStatus.STOPPED:
            await self._bell.wait(self._context.left_ms(self._settle()))

    def _settle(self) -> int | None:
        notice_stop(self._context, self._task)
        while True:
            seen = specs.task(self._context.records, None, self._task, self._context.scale)
            plan = reconcile_task(seen, self._context.clock.now_ms())
            if not plan.steps:
                return plan.look_again_at_ms
            for step in plan.steps:
                carry_task_step(self._context, self._agent, self._task, step)

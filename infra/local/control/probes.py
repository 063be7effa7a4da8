"""Container health checks: one loop per checked container, as long as it runs (R1.30)."""

from collections.abc import Callable

import anyio

from infra.local import store
from infra.local.control.checks import CheckCount, count, task_health
from infra.local.control.context import Context
from infra.local.runtime.protocol import Runtime
from infra.local.scheduler.model import HealthStatus


class Prober:
    """Runs the checks and keeps the task's health; `changed` hears of every change."""

    def __init__(
        self, context: Context, runtime: Runtime, changed: Callable[[store.Task], None]
    ) -> None:
        self._context = context
        self._runtime = runtime
        self._changed = changed

    async def watch(
        self, task: store.Task, state: store.ContainerState, check: store.HealthCheck
    ) -> None:
        """Check until the container ends. The first check comes one interval from now on.

        A container that an earlier plane checked keeps its health; failures count anew.
        """
        tally = CheckCount(state.health)
        started_ms = state.started_ms or self._context.clock.now_ms()
        start_period_ms = self._context.scaled_ms(check.start_period)
        while True:
            await anyio.sleep(self._context.scaled_ms(check.interval) / 1000)
            if state.last_status != "RUNNING":
                return
            passed = await self._probe(task, state, check)
            if state.last_status != "RUNNING":
                return
            starting = self._context.clock.now_ms() - started_ms < start_period_ms
            tally = count(tally, passed=passed, retries=check.retries, starting=starting)
            self._record(task, state, tally.health)

    async def _probe(
        self, task: store.Task, state: store.ContainerState, check: store.HealthCheck
    ) -> bool:
        limit_ms = self._context.scaled_ms(check.timeout)
        return await self._runtime.probe(task.id, state.name, check.command, limit_ms)

    def _record(self, task: store.Task, state: store.ContainerState, health: HealthStatus) -> None:
        if state.health is health:
            return
        state.health = health
        definition = self._context.records.definitions[task.task_definition]
        checked = {c.name: c.health_check is not None for c in definition.containers}
        essential = [(c.health, checked.get(c.name, False)) for c in task.containers if c.essential]
        overall = task_health(essential)
        if overall is not task.health:
            task.health, task.health_ms = overall, self._context.clock.now_ms()
            task.version += 1
            self._context.note("health", {"task": task.id, "health": overall})
            self._changed(task)

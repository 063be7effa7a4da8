"""The container agent: brings a task up, hears of its containers' ends, sees it off.

What ECS's agent does on Fargate (R1.3, R1.6, R1.12, R6.10): network first, images next, the
Service Connect proxy before the application, dependencies in order. When to stop what is the
scheduler's plan; this module carries it out.
"""

from collections.abc import Callable
from signal import Signals

from infra.local import store
from infra.local.control.bringup import BringUp, CannotBringUpError, OvertakenError
from infra.local.control.context import Context
from infra.local.control.probes import Prober
from infra.local.control.records import ask_stop, move
from infra.local.control.sidecars import Sidecars, Specs
from infra.local.runtime.protocol import Exit, Runtime
from infra.local.scheduler.lifecycle import TaskEvent, is_active
from infra.local.scheduler.model import StopCode, TaskStatus

ENDING = (TaskStatus.STOPPING, TaskStatus.DEPROVISIONING, TaskStatus.STOPPED)


class Agent:
    """Owns the coming and going of every task. One per plane.

    `wake` is called after every change of a task that a scheduler may have to act on.
    """

    def __init__(
        self,
        context: Context,
        runtime: Runtime,
        sidecars: Sidecars,
        specs: Specs,
        wake: Callable[[store.Task], None],
    ) -> None:
        self._context = context
        self._runtime = runtime
        self._sidecars = sidecars
        self._wake = wake
        self._coming: set[str] = set()
        prober = Prober(context, runtime, self._changed)
        self._bringup = BringUp(context, runtime, sidecars, specs, prober, self._changed)
        runtime.on_exit(self._exited)

    def begin(self, task: store.Task) -> None:
        """Start bringing the task up, or go on with it. Nothing happens if it is coming already."""
        if task.id not in self._coming:
            self._coming.add(task.id)
            self._context.spawn(self._bring_up, task)

    async def adopt(self) -> None:
        """Go on with the records' tasks, an earlier plane's; once, before any scheduler runs.

        Ends that nobody heard of are told on the way, and what no record knows is ended.
        """
        tasks = list(self._context.records.tasks.values())
        kept = [t for t in tasks if t.status not in (TaskStatus.DEPROVISIONING, TaskStatus.STOPPED)]
        await self._runtime.adopt({task.id: _running(task) for task in kept})
        for task in tasks:
            if task in kept:
                await self._resume(task)
            elif task.status is TaskStatus.DEPROVISIONING:
                self._context.spawn(self._see_off, task)

    async def _resume(self, task: store.Task) -> None:
        if is_active(task.status) and task.status is not TaskStatus.RUNNING:
            self.begin(task)
        elif _running(task):
            await self._bringup.resume(task)
        self.settle(task)

    async def _bring_up(self, task: store.Task) -> None:
        try:
            await self._bringup.run(task)
        except CannotBringUpError as error:
            self._die(task, StopCode.TASK_FAILED_TO_START, str(error))
        except OvertakenError:
            self._context.note("task", {"task": task.id, "event": "stopped while it came up"})
        finally:
            self._coming.discard(task.id)
        self._changed(task)
        self.settle(task)

    def terminate(self, task: store.Task, container: str) -> None:
        """Send SIGTERM and remember when (R1.6)."""
        state = _state(task, container)
        state.terminated_ms = self._context.clock.now_ms()
        self._signal(task, container, Signals.SIGTERM)

    def kill(self, task: store.Task, container: str) -> None:
        """Send SIGKILL (R1.8)."""
        _state(task, container).killed = True
        self._signal(task, container, Signals.SIGKILL)

    def _signal(self, task: store.Task, container: str, number: Signals) -> None:
        """A plane that knew nothing of it would take a task that ends for one that serves."""
        self._context.after_commit(lambda: self._runtime.signal(task.id, container, number))

    def settle(self, task: store.Task) -> None:
        """See a STOPPING task off once none of its containers is left."""
        alive = _running(task)
        if task.status is TaskStatus.STOPPING and task.id not in self._coming and not alive:
            self._move(task, TaskEvent.EXITED)
            self._context.spawn(self._see_off, task)

    async def _see_off(self, task: store.Task) -> None:
        await self._runtime.release(task.id)
        self._sidecars.forget(task.id)
        self._move(task, TaskEvent.RELEASED)

    def _exited(self, end: Exit) -> None:
        task = self._context.records.tasks.get(_arn(self._context.records, end.task))
        if task is None:
            return
        state = _state(task, end.container)
        state.last_status, state.exit_code, state.reason = "STOPPED", end.code, end.reason
        state.finished_ms = self._context.clock.now_ms()
        task.version += 1
        fields = {"task": task.id, "container": end.container, "exit_code": end.code}
        self._context.note("exit", fields)
        if state.essential and task.status not in ENDING:
            self._die(
                task, StopCode.ESSENTIAL_CONTAINER_EXITED, "Essential container in task exited"
            )
        self._changed(task)
        self.settle(task)

    def _die(self, task: store.Task, code: StopCode, reason: str) -> None:
        now_ms = self._context.clock.now_ms()
        ask_stop(task, code, reason, now_ms)
        if task.status in ENDING:
            return
        task.died_ms = task.execution_stopped_ms = now_ms
        self._move(task, TaskEvent.DIED)

    def _move(self, task: store.Task, event: TaskEvent) -> None:
        if move(task, event, self._context.clock.now_ms(), self._context.note):
            self._changed(task)

    def _changed(self, task: store.Task) -> None:
        self._bringup.notice(task)
        self._sidecars.refresh()
        self._wake(task)


def _arn(records: store.Store, task_id: str) -> str:
    return next((arn for arn in records.tasks if arn.endswith("/" + task_id)), "")


def _running(task: store.Task) -> list[str]:
    """The names of the containers that are believed to run."""
    return [c.name for c in task.containers if c.last_status == "RUNNING"]


def _state(task: store.Task, name: str) -> store.ContainerState:
    return next(c for c in task.containers if c.name == name)

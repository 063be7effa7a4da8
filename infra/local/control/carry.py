"""Carrying out the steps that concern one task; services and lone tasks share them."""

from infra.local import store
from infra.local.control.agent import Agent
from infra.local.control.context import Context
from infra.local.control.records import move
from infra.local.scheduler.lifecycle import TaskEvent, is_active
from infra.local.scheduler.model import TaskStatus
from infra.local.scheduler.steps import BeginStop, Kill, Step, Terminate


def notice_stop(context: Context, task: store.Task) -> None:
    """A stop was asked for, here or by the API: the task begins to deactivate (R1.2, R1.5)."""
    if task.desired is TaskStatus.STOPPED and is_active(task.status):
        move(task, TaskEvent.STOP_ASKED, context.clock.now_ms(), context.note)


def carry_task_step(context: Context, agent: Agent, task: store.Task, step: Step) -> None:
    """Do one of the three steps that end a task's containers."""
    match step:
        case BeginStop():
            move(task, TaskEvent.STOPPING, context.clock.now_ms(), context.note)
            agent.settle(task)
        case Terminate(container=container):
            agent.terminate(task, container)
        case Kill(container=container):
            agent.kill(task, container)
        case _:
            raise TypeError(f"{step} does not concern one task's containers")

"""The core: what a service asks for and what is there, in; what to do now, out.

Level-based: each pass reads everything and answers afresh, never "on event X do Y". The shell
applies the steps and calls again until a plan is empty; then it sleeps until something happens or
`look_again_at_ms`.
"""

from infra.local.scheduler.breaker import judge_deployment
from infra.local.scheduler.draft import Draft
from infra.local.scheduler.model import Observed, ServiceSpec, StopOrder, Task, TaskStatus, Tempo
from infra.local.scheduler.rollout import roll
from infra.local.scheduler.settle import settle
from infra.local.scheduler.steps import Plan, RegisterTargets
from infra.local.scheduler.stopping import stop_task
from infra.local.scheduler.view import look


def reconcile(spec: ServiceSpec, observed: Observed, now_ms: int) -> Plan:
    """The steps that are due at `now_ms` for one service, each with its reason."""
    draft = Draft(now_ms)
    for task in sorted(observed.tasks, key=lambda t: t.id):
        stop_task(task, spec.tempo, spec.stop_order, draft)
        _register(spec, task, draft)
    view = look(spec, observed, draft)
    if not judge_deployment(spec, observed, view, draft):  # what fails now starts nothing more
        roll(spec, observed, view, draft)
        settle(spec, observed, view, draft)
    return draft.plan("the service is as desired, or waits for an event")


def reconcile_task(task: Task, now_ms: int) -> Plan:
    """The same for a task that belongs to no service (RunTask): only its end is ours."""
    draft = Draft(now_ms)
    stop_task(task, Tempo(), StopOrder.DEREGISTER_FIRST, draft)
    return draft.plan("the task runs, or is coming or going on its own")


def _register(spec: ServiceSpec, task: Task, draft: Draft) -> None:
    if task.status is not TaskStatus.RUNNING or task.desired is not TaskStatus.RUNNING:
        return
    assert task.started_ms is not None
    known = {t.group for t in task.targets}
    missing = tuple(sorted(group for group in spec.groups if group not in known))
    if missing and draft.due(
        task.started_ms + spec.tempo.register_ms, f"registration of task {task.id} (R1.4)"
    ):
        draft.add(RegisterTargets(task.id, missing, "the task is RUNNING"))

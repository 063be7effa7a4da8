"""Carries out the core's steps for one service: records, targets, journal.

What is said about it, the service events, is gathered here and worded in `messages`.
"""

from collections.abc import Sequence
from dataclasses import asdict

from infra.local import store
from infra.local.api.ecs.fargate import security_groups
from infra.local.api.zones import subnet_zones
from infra.local.balancing import targets
from infra.local.control import messages, specs
from infra.local.control.agent import Agent
from infra.local.control.carry import carry_task_step, notice_stop
from infra.local.control.context import Context
from infra.local.control.events import Announcer
from infra.local.control.records import ask_stop, new_task
from infra.local.control.rollback import fail_deployment
from infra.local.scheduler.model import RolloutState, Target, TaskStatus
from infra.local.scheduler.steps import (
    BeginStop,
    CompleteDeployment,
    CountFailure,
    DeregisterTargets,
    FailDeployment,
    Kill,
    MarkInactive,
    MarkSteady,
    MarkStuck,
    MarkThrottled,
    RegisterTargets,
    ResetFailures,
    StartTask,
    Step,
    StopTask,
    Terminate,
)


class ServiceHand:
    """Applies plans to one service."""

    def __init__(
        self, context: Context, agent: Agent, service: store.Service, announcer: Announcer
    ) -> None:
        self._context = context
        self._agent = agent
        self._service = service
        self._say = announcer

    def apply(self, steps: Sequence[Step]) -> None:
        """Carry out one plan, then word its events."""
        for step in steps:
            note = asdict(step) | {"service": self._service.name, "step": type(step).__name__}
            self._context.note("step", note)
            self._carry(step)
        self._say.flush()

    def _carry(self, step: Step) -> None:
        match step:
            case StartTask():
                self._start(step)
            case RegisterTargets():
                self._register(step)
            case StopTask():
                self._stop(step)
            case DeregisterTargets():
                self._deregister(step)
            case BeginStop(task=task) | Terminate(task=task) | Kill(task=task):
                carry_task_step(self._context, self._agent, self._task(task), step)
            case CompleteDeployment():
                self._complete(step)
            case CountFailure() | ResetFailures() | FailDeployment():
                self._judge(step)
            case MarkSteady() | MarkStuck() | MarkThrottled() | MarkInactive():
                self._mark(step)

    def _mark(self, step: MarkSteady | MarkStuck | MarkThrottled | MarkInactive) -> None:
        name = self._service.name
        match step:
            case MarkSteady(steady=steady):
                self._service.steady = steady
                if steady:
                    self._say.at_once(messages.steady(name))
            case MarkStuck():
                self._service.stuck = True
                self._say.at_once(messages.stuck(name))
            case MarkThrottled(deployment=deployment):
                self._deployment(deployment).throttled = True
                self._say.at_once(messages.throttled(name))
            case MarkInactive():
                self._service.status = "INACTIVE"

    def _start(self, step: StartTask) -> None:
        records, deployment = self._context.records, self._deployment(step.deployment)
        definition = records.definitions[deployment.task_definition]
        now_ms = self._context.clock.now_ms()
        task = new_task(records, definition, self._service.cluster, step.zone, now_ms)
        task.subnet = next(s for s, zone in self._subnets().items() if zone == step.zone)
        task.security_groups = tuple(security_groups(deployment.network))
        task.group = f"service:{self._service.name}"
        task.started_by, task.service = deployment.id, self._service.arn
        records.tasks[task.arn] = task
        self._say.started(task.id, unhealthy=step.unhealthy)
        self._agent.begin(task)

    def _register(self, step: RegisterTargets) -> None:
        task = self._task(step.task)
        for arn, port in specs.ports(self._service):
            if arn in step.groups and task.address is not None:
                group, now_ms = self._context.records.groups[arn], self._context.clock.now_ms()
                targets.register(group, task.address, port, task.zone, now_ms)
                task.drained_ms.pop(arn, None)
                self._say.registered(arn)
                self._context.group_changed(arn)

    def _stop(self, step: StopTask) -> None:
        task = self._task(step.task)
        if step.failed_target is not None:
            self._say_unhealthy(task, step.failed_target)
        elif step.failed_check:
            self._say.at_once(messages.failed_check(self._service.name, task.id))
        self._say.stopped(task.id, running=task.status is TaskStatus.RUNNING)
        task.condemned = step.failed_target is not None or step.failed_check
        ask_stop(task, step.code, step.reason, self._context.clock.now_ms())
        notice_stop(self._context, task)

    def _say_unhealthy(self, task: store.Task, target: Target) -> None:
        port = next(p for arn, p in specs.ports(self._service) if arn == target.group)
        self._say.at_once(
            messages.unhealthy(self._service.name, task.id, port, target.group, target.description)
        )

    def _deregister(self, step: DeregisterTargets) -> None:
        task = self._task(step.task)
        for arn, port in specs.ports(self._service):
            if arn in step.groups and task.address is not None:
                group, now_ms = self._context.records.groups[arn], self._context.clock.now_ms()
                targets.deregister(group, task.address, port, now_ms)
                task.drained_ms[arn] = None
                self._say.deregistered(arn, task.started_by)
                self._context.group_changed(arn)

    def _complete(self, step: CompleteDeployment) -> None:
        deployment = self._deployment(step.deployment)
        deployment.rollout = RolloutState.COMPLETED
        deployment.reason = f"ECS deployment {deployment.id} completed."
        deployment.updated_ms = self._context.clock.now_ms()
        self._service.deployments = [deployment]
        self._say.at_once(messages.completed(self._service.name, deployment.id))

    def _judge(self, step: CountFailure | ResetFailures | FailDeployment) -> None:
        deployment, now_ms = self._deployment(step.deployment), self._context.clock.now_ms()
        match step:
            case CountFailure(task=task):
                self._task(task).counted = True
                deployment.failures += 1
                deployment.failed_ms = deployment.updated_ms = now_ms
            case ResetFailures():
                deployment.failures, deployment.updated_ms = 0, now_ms
            case FailDeployment(cause=cause, back_to=back_to):
                home = None if back_to is None else self._deployment(back_to)
                for message in fail_deployment(self._service, deployment, home, cause, now_ms):
                    self._say.at_once(message)

    def zones(self) -> tuple[str, ...]:
        """The Availability Zones that the service may use."""
        return tuple(sorted(set(self._subnets().values())))

    def _subnets(self) -> dict[str, str]:
        network = self._service.primary.network.get("awsvpcConfiguration", {})
        return subnet_zones(self._context.records, network.get("subnets", ()))

    def _task(self, task_id: str) -> store.Task:
        return self._context.records.tasks[task_arn(self._service, task_id)]

    def _deployment(self, deployment_id: str) -> store.Deployment:
        return next(d for d in self._service.deployments if d.id == deployment_id)


def task_arn(service: store.Service, task_id: str) -> str:
    """The ARN of a task of the service: it differs from the cluster's in kind and tail."""
    return f"{service.cluster.replace(':cluster/', ':task/')}/{task_id}"

"""A world on a virtual clock that carries out plans as the real shell would.

Everything random comes from one `random.Random`. Nothing happens between events, so time jumps
from one to the next; at each, plans are carried out until one is empty. Every step is judged by
`tests.sim.invariants` before it is applied.
"""

from dataclasses import dataclass, replace

from infra.local.scheduler.lifecycle import TaskEvent
from infra.local.scheduler.model import (
    Deployment,
    Observed,
    RolloutState,
    ServiceSpec,
    StopCode,
    Task,
    TaskStatus,
)
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
    Plan,
    RegisterTargets,
    ResetFailures,
    StartTask,
    Step,
    StopTask,
    Terminate,
)
from tests.sim.breaker import Judgement
from tests.sim.invariants import judge_plan, judge_step
from tests.sim.nature import Body, Nature
from tests.sim.rest import judge_rest
from tests.sim.stage import Kind, Stage
from tests.sim.verdicts import Verdict

PASSES = 60  # of reconcile at one moment; more means that plans never become empty


@dataclass(slots=True)
class World(Stage):
    """The stage and its shell. Public methods are what users and fate may do, and time."""

    # ---- what users do

    def deploy(self, nature: Nature) -> None:
        """A new revision; the one before stays listed while it has tasks."""
        self._count += 1
        name = f"ecs-svc/{self._count:019}"
        self.deployments = [replace(d, primary=False) for d in self.deployments]
        new = Deployment(name, True, RolloutState.IN_PROGRESS, self.now_ms, begun_ms=self.now_ms)
        self.deployments.insert(0, new)
        self.natures[name] = nature
        self.stuck = False
        self._note(f"deploy {name[-4:]}")

    def roll_back(self) -> None:
        """StopServiceDeployment: refused when there is nothing to go back to."""
        if any(d.rollout is RolloutState.COMPLETED for d in self.deployments):
            self._alter(self.primary.id, stop_asked=True)
            self._note("stop the service deployment")

    def change(self, spec: ServiceSpec) -> None:
        """Scale, or set other percentages."""
        self.spec = spec
        self.stuck = False
        self._note(
            f"now {spec.desired_count} at {spec.minimum_healthy_percent}/{spec.maximum_percent} %"
        )

    def stop(self, task: str) -> None:
        """StopTask."""
        if self.tasks[task].desired is TaskStatus.RUNNING:
            self._note(f"user stops {task}")
            self._ask_stop(task, StopCode.USER_INITIATED)

    def delete(self) -> None:
        """DeleteService with force."""
        self.spec = replace(self.spec, desired_count=0, draining=True)
        self._note("delete the service")

    # ---- what fate does

    def sicken(self, task: str, sick: bool) -> None:
        """From now on the task's health checks fail, or pass again."""
        self.bodies[task].sick = sick
        self._note(f"{task} is {'sick' if sick else 'well'}")
        self._condition(task)

    # ---- time

    def settle(self) -> None:
        """Carry out plans until one is empty."""
        plan = self._plan()
        for _ in range(PASSES):
            if not plan.steps:
                self._demand(judge_rest(self, plan))
                self._look_ms = plan.look_again_at_ms
                return
            self._demand(judge_plan(self, plan))
            for step in plan.steps:
                self._note(f"  {type(step).__name__} {_object(step)}: {step.why}")
                self._demand(judge_step(self, step))
                self.steps_taken.append((self.now_ms, step))
                self._apply(step)
            plan = self._plan()
        self._demand([f"plans never become empty: {plan}"])

    def jump(self, limit_ms: int) -> bool:
        """Go to the next moment at which anything happens, at most to `limit_ms`; false at rest."""
        times = [g.next_ms() for g in self.groups.values()]
        times += [self._queue[0][0] if self._queue else None, self._look_ms]
        coming = min((t for t in times if t is not None), default=None)
        at_ms = limit_ms if coming is None else min(coming, limit_ms)
        self._demand_rest_until(at_ms)
        self.now_ms = at_ms
        self._happen()
        self.settle()
        return coming is not None

    def _demand_rest_until(self, at_ms: int) -> None:
        """`look_again_at_ms` must not be too late: just before it there is still nothing to do."""
        self._jumps += 1
        if at_ms - 1 <= self.now_ms or self._jumps % 3:
            return  # every third time is enough to find it, and saves half the time
        early = self.core.reconcile(self.spec, self.observed(), at_ms - 1)
        if early.steps:
            self._demand([f"asked to look again too late: before {at_ms} there was {early}"])

    # ---- the shell

    def observed(self) -> Observed:
        """What the shell shows the scheduler."""
        for task in self.tasks.values():
            told = tuple(x for g in self.groups.values() if (x := g.target(task.id)) is not None)
            if told != task.targets:
                self.tasks[task.id] = replace(task, targets=told)
        tasks = tuple(self.tasks.values())
        return Observed(tuple(self.deployments), tasks, self.steady, self.stuck)

    def _plan(self) -> Plan:
        return self.core.reconcile(self.spec, self.observed(), self.now_ms)

    def _apply(self, step: Step) -> None:
        match step:
            case StartTask():
                self._start(step)
            case RegisterTargets():
                for name in step.groups:
                    self.groups[name].register(step.task, self.now_ms, self._passing(step.task))
            case StopTask():
                sick = step.failed_target is not None or step.failed_check
                self.tasks[step.task] = replace(self.tasks[step.task], condemned=sick)
                self._ask_stop(step.task, step.code)
            case DeregisterTargets():
                for name in step.groups:
                    self.groups[name].deregister(step.task, self.now_ms)
            case BeginStop():
                self._advance(step.task, TaskEvent.STOPPING)
                self._exit_if_empty(step.task)
            case Terminate():
                self._signal(step.task, step.container, kill=False)
            case Kill():
                self._signal(step.task, step.container, kill=True)
            case _:
                self._tell(step)

    def _judge(self, step: Judgement) -> None:
        match step:
            case CountFailure(task=task, deployment=name):
                self.tasks[task] = replace(self.tasks[task], counted=True)
                count = next(d.failures for d in self.deployments if d.id == name)
                self._alter(name, failures=count + 1, failed_ms=self.now_ms)
            case ResetFailures(deployment=name):
                self._alter(name, failures=0)
            case FailDeployment(deployment=name, back_to=back_to):
                self._alter(name, rollout=RolloutState.FAILED, primary=back_to is None)
                if back_to is not None:
                    self._alter(
                        back_to,
                        rollout=RolloutState.IN_PROGRESS,
                        primary=True,
                        begun_ms=self.now_ms,
                        failures=0,
                    )
                self.stuck = False

    def _tell(self, step: Verdict | Judgement) -> None:
        match step:
            case CountFailure() | ResetFailures() | FailDeployment():
                self._judge(step)
            case CompleteDeployment():
                self._complete(step.deployment)
            case MarkThrottled():
                self._alter(step.deployment, throttled=True)
            case MarkSteady():
                self.steady = step.steady
            case MarkStuck():
                self.stuck = True
            case MarkInactive():
                self.inactive = True
                self.spec = replace(self.spec, inactive=True)

    def _start(self, step: StartTask) -> None:
        self._count += 1
        name, nature, now_ms = f"t{self._count:04}", self.natures[step.deployment], self.now_ms
        self.bodies[name] = Body(nature, self._chance(nature.sick), self._chance(nature.deaf))
        self.tasks[name] = Task(
            name, step.deployment, step.zone, TaskStatus.PROVISIONING, TaskStatus.RUNNING,
            now_ms, now_ms, checked=self.checked,
        )  # fmt: skip
        self._later(nature.provision_ms, Kind.PROVISIONED, name)

    def _complete(self, deployment: str) -> None:
        self._alter(deployment, rollout=RolloutState.COMPLETED)
        staying = {t.deployment for t in self.tasks.values() if t.status is not TaskStatus.STOPPED}
        self.deployments = [d for d in self.deployments if d.primary or d.id in staying]

    def _signal(self, task: str, container: str, *, kill: bool) -> None:
        body, record = self.bodies[task], self.tasks[task]
        told = tuple(
            c if c.name != container
            else replace(c, killed=True) if kill
            else replace(c, terminated_ms=self.now_ms)
            for c in record.containers
        )  # fmt: skip
        self.tasks[task] = replace(record, containers=told)
        if kill:
            self._later((0, 1), Kind.ENDED, task, container)
        elif not body.deaf:
            self._later(body.nature.exit_ms, Kind.ENDED, task, container)


def _object(step: Step) -> str:
    return str(getattr(step, "task", None) or getattr(step, "deployment", ""))

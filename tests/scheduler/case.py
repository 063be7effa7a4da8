"""A case of layer 1: a situation and the plan it must give, with a sentence for a name."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.local.scheduler.model import Observed, ServiceSpec
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
from tests.scheduler.situation import NOW_MS

Reconcile = Callable[[ServiceSpec, Observed, int], Plan]
ANY = -1  # this case says nothing of when to look again


@dataclass(frozen=True, slots=True)
class Case:
    """`steps` are the plan's steps in words, in order; `again_ms` counts from now (None: never)."""

    sentence: str
    spec: ServiceSpec
    observed: Observed
    steps: tuple[str, ...] = ()
    again_ms: int | None = ANY

    def fault(self, reconcile: Reconcile) -> str | None:
        """What is wrong with the plan, or None."""
        plan = reconcile(self.spec, self.observed, NOW_MS)
        told = tuple(words(step) for step in plan.steps)
        if told != self.steps:
            return f"expected {self.steps}, got {told}"
        again = None if plan.look_again_at_ms is None else plan.look_again_at_ms - NOW_MS
        if self.again_ms != ANY and again != self.again_ms:
            return f"expected to look again in {self.again_ms} ms, got {again}"
        if not plan.why or not all(step.why for step in plan.steps):
            return "a plan or a step without why"
        return None


def words(step: Step) -> str:
    """The step without its `why`, as the tables write it."""
    match step:
        case StartTask():
            return f"start {step.deployment} in {step.zone}" + " for a sick one" * step.unhealthy
        case RegisterTargets():
            return f"register {step.task} in {','.join(step.groups)}"
        case StopTask():
            cause = " (target)" * (step.failed_target is not None) + " (check)" * step.failed_check
            return f"stop {step.task}{cause}"
        case DeregisterTargets():
            return f"deregister {step.task} from {','.join(step.groups)}"
        case BeginStop():
            return f"begin {step.task}"
        case Terminate():
            return f"terminate {step.task}/{step.container}"
        case Kill():
            return f"kill {step.task}/{step.container}"
        case _:
            return _verdict(step)


def _verdict(
    step: CompleteDeployment
    | CountFailure
    | ResetFailures
    | FailDeployment
    | MarkSteady
    | MarkStuck
    | MarkThrottled
    | MarkInactive,
) -> str:
    match step:
        case CountFailure():
            return f"count {step.task}"
        case ResetFailures():
            return f"reset {step.deployment}"
        case FailDeployment():
            back = f", back to {step.back_to}" if step.back_to else ""
            return f"fail {step.deployment} ({step.cause}){back}"
        case CompleteDeployment():
            return f"complete {step.deployment}"
        case MarkSteady():
            return "steady" if step.steady else "unsteady"
        case MarkStuck():
            return "stuck"
        case MarkThrottled():
            return f"throttled {step.deployment}"
        case MarkInactive():
            return "inactive"

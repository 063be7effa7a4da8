"""The deployment circuit breaker: what counts, when it trips, what it goes back to (R3.1-R3.8)."""

from dataclasses import replace

from infra.local.scheduler.model import (
    Breaker,
    Deployment,
    HealthStatus,
    Observed,
    RolloutState,
    ServiceSpec,
    StopCode,
    Task,
    TaskStatus,
    ThresholdType,
)
from tests.scheduler.case import Case
from tests.scheduler.situation import (
    HOUR_MS,
    MID,
    NEW,
    NOW_MS,
    OLD,
    coming,
    dead,
    deploying,
    healthy,
    initial,
    leaving,
    probed,
    quiet,
    running,
    service,
    sick,
)

ON = Breaker(enabled=True, rollback=True)
ALONE = Breaker(enabled=True, rollback=False)


def guarded(desired: int = 2, breaker: Breaker = ON) -> ServiceSpec:
    return replace(service(desired), breaker=breaker)


def unborn(name: str, deployment: str = "new", *, ms_ago: int = 60_000) -> Task:
    """A task that stopped without having been RUNNING."""
    task = dead(coming(name, deployment), ms_ago=ms_ago)
    return replace(task, stop_code=StopCode.TASK_FAILED_TO_START)


def crashed(name: str, deployment: str = "new", *, ms_ago: int = 60_000) -> Task:
    """A task that was RUNNING and ended by itself."""
    return dead(running(name, deployment), ms_ago=ms_ago)


def condemned(name: str, deployment: str = "new") -> Task:
    """A task that a health check condemned, STOPPED by now."""
    return replace(leaving(running(name, deployment), TaskStatus.STOPPED), condemned=True)


def counted(task: Task) -> Task:
    return replace(task, counted=True)


def failing(
    count: int, *, ms_ago: int = 30_000, base: Deployment = NEW, ran: bool = False
) -> Deployment:
    """The new deployment with so many failures counted, the last of them `ms_ago`."""
    return replace(base, failures=count, failed_ms=NOW_MS - ms_ago, ran=ran, launch_failures=0)


def olds() -> tuple[Task, Task]:
    return healthy("o1"), healthy("o2", zone="b")


FULL = (*olds(), initial("n8"), initial("n9", zone="b"))  # nothing to start, nothing to stop
BEGUN = replace(NEW, begun_ms=NOW_MS - 60_000)

COUNTING = (
    Case("a task that stopped without having been RUNNING is a failure",
         guarded(), deploying(*FULL, unborn("n1")), ("count n1",), None),
    Case("it is not once a task of the deployment has been RUNNING (stage 2)",
         guarded(), deploying(*FULL, unborn("n1"), new=replace(NEW, ran=True)), (), None),
    Case("a task that a health check condemned is a failure",
         guarded(), deploying(*FULL, condemned("n1"), new=replace(NEW, ran=True)),
         ("count n1",), None),
    Case("a condemned task counts as soon as it is told to stop",
         guarded(), deploying(*FULL, replace(leaving(running("n1")), condemned=True)),
         ("begin n1", "count n1")),
    Case("a task that ends by itself after it was RUNNING is a failure",
         guarded(), deploying(*FULL, crashed("n1"), new=replace(NEW, ran=True)),
         ("count n1",), None),
    Case("or is none, if exits do not count (R3.5)",
         guarded(breaker=replace(ON, count_exits=False)),
         deploying(*FULL, crashed("n1"), new=replace(NEW, ran=True)), (), None),
    Case("a task that the scheduler stopped for another reason is none",
         guarded(), deploying(*FULL, leaving(running("n1"), TaskStatus.STOPPED)), (), None),
    Case("a task that StopTask ended is none",
         guarded(),
         deploying(*FULL, leaving(coming("n1"), TaskStatus.STOPPED,
                                  code=StopCode.USER_INITIATED)), (), None),
    Case("nor one that crashed after StopTask had asked it to stop",
         guarded(),
         deploying(*FULL, replace(leaving(running("n1"), TaskStatus.STOPPED,
                                          code=StopCode.USER_INITIATED), died_ms=NOW_MS - 9)),
         (), None),
    Case("each task counts once",
         guarded(), deploying(*FULL, counted(crashed("n1")), new=failing(1)), (), None),
    Case("failures of an older deployment count for nothing",
         guarded(), deploying(*FULL, crashed("o3", "old")), (), None),
    Case("what ended before the deployment began again, in a rollback, is none of it",
         guarded(), deploying(*FULL, crashed("n1", ms_ago=60_001), new=BEGUN), (), None),
    Case("what ended at the moment it began is",
         guarded(), deploying(*FULL, crashed("n1", ms_ago=60_000), new=BEGUN),
         ("count n1",), None),
    Case("a completed deployment counts nothing any more",
         guarded(), quiet(*olds(), crashed("o3", "old"), steady=True), (), None),
    Case("without a breaker failures are counted all the same: failedTasks shows them",
         service(2), deploying(*FULL, crashed("n1"), new=failing(7)), ("count n1",), None),
)  # fmt: skip

RESETTING = (
    Case("a task that became healthy after the last failure sets the count to 0",
         guarded(), deploying(*olds(), healthy("n8", "new", ms_ago=29_999), initial("n9"),
                              new=failing(2)),
         ("reset new", "stop o2")),
    Case("one that was healthy before the last failure does not",
         guarded(), deploying(*olds(), healthy("n8", "new", ms_ago=30_000), initial("n9"),
                              new=failing(2)),
         ("stop o2",)),
    Case("RUNNING alone does not",
         guarded(), deploying(*FULL, new=failing(2, ran=True)), (), None),
    Case("nor does a healthy task of the old deployment",
         guarded(),
         deploying(healthy("o1", ms_ago=1), healthy("o2", zone="b", ms_ago=1), initial("n8"),
                   initial("n9", zone="b"), new=failing(2)), (), None),
    Case("nor if resetOnHealthyTask is false: failures add up",
         guarded(breaker=replace(ON, reset_on_healthy=False)),
         deploying(*olds(), healthy("n8", "new", ms_ago=1), initial("n9"), new=failing(2)),
         ("stop o2",)),
    Case("there is nothing to reset at 0",
         guarded(), deploying(*olds(), healthy("n8", "new", ms_ago=1), initial("n9")),
         ("stop o2",)),
    Case("a task healthy by its container check alone resets too",
         replace(guarded(1), groups=()),
         Observed((failing(2), OLD), (probed(running("n8"), HealthStatus.HEALTHY, ms_ago=5),)),
         ("reset new", "complete new"), None),
    Case("after the reset a failure in the same pass is the first",
         guarded(), deploying(*olds(), healthy("n8", "new", ms_ago=1), crashed("n1"),
                              new=failing(2)),
         ("reset new", "count n1", "start new in b", "stop o2")),
)  # fmt: skip

TRIP = ("count n1", "fail new (circuit breaker), back to old")
TRIPPING = (
    Case("of 2 desired tasks the third failure trips the breaker, and nothing more starts",
         guarded(), deploying(*olds(), crashed("n1"), new=failing(2)), TRIP, None),
    Case("the second does not",
         guarded(), deploying(*FULL, crashed("n1"), new=failing(1)), ("count n1",), None),
    Case("of 7 desired tasks it is the fourth: half, rounded up",
         guarded(7), deploying(crashed("n1"), new=failing(3)), TRIP, None),
    Case("of 7 desired tasks it is not the third",
         guarded(7, breaker=replace(ON, rollback=False)),
         Observed((failing(2),), (*(initial(f"n{n}") for n in range(2, 9)), crashed("n1"))),
         ("count n1",), None),
    Case("of 800 desired tasks it is the 200th",
         guarded(800), deploying(crashed("n1"), new=failing(199)), TRIP, None),
    Case("a COUNT is the threshold itself",
         guarded(breaker=replace(ON, kind=ThresholdType.COUNT, value=1)),
         deploying(crashed("n1")), TRIP, None),
    Case("an UNBOUNDED_PERCENT may be less than 3",
         guarded(4, replace(ON, kind=ThresholdType.UNBOUNDED_PERCENT, value=26)),
         deploying(crashed("n1"), new=failing(1)), TRIP, None),
    Case("an UNBOUNDED_PERCENT is at least 1",
         guarded(0, replace(ON, kind=ThresholdType.UNBOUNDED_PERCENT, value=50)),
         deploying(crashed("n1")), TRIP, None),
    Case("of several failures at once those beyond the threshold are not counted",
         guarded(), deploying(crashed("n1"), crashed("n2"), new=failing(2)), TRIP, None),
    Case("a count that is reached because fewer tasks are desired trips at once",
         guarded(), deploying(*FULL, new=failing(3)),
         ("fail new (circuit breaker), back to old",), None),
    Case("a breaker that is off never trips",
         guarded(breaker=replace(ON, enabled=False)), deploying(*FULL, new=failing(9)), (), None),
    Case("without rollback the deployment fails and stays",
         guarded(breaker=ALONE), deploying(crashed("n1"), new=failing(2)),
         ("count n1", "fail new (circuit breaker)"), None),
    Case("when no deployment ever completed there is nothing to go back to",
         guarded(), Observed((failing(2), MID), (crashed("n1"),)),
         ("count n1", "fail new (circuit breaker)"), None),
    Case("it goes back to the newest that completed, not to the one before it in the list",
         guarded(),
         Observed((failing(2), MID, replace(OLD, id="home", created_ms=OLD.created_ms + 1), OLD),
                  (crashed("n1"),)),
         ("count n1", "fail new (circuit breaker), back to home"), None),
    Case("a deployment that has FAILED does not fail again",
         guarded(breaker=ALONE),
         deploying(*olds(), new=replace(failing(3), rollout=RolloutState.FAILED)), (), None),
    Case("a service that is being deleted fails no deployment",
         replace(guarded(0), draining=True),
         deploying(leaving(running("n2")), crashed("n1"), new=failing(2)), ("begin n2",)),
)  # fmt: skip

STOPPING = (
    Case("StopServiceDeployment rolls back, whatever the breaker is",
         service(2), deploying(*FULL, new=replace(NEW, stop_asked=True)),
         ("fail new (requested), back to old",), None),
    Case("after the rollback the failed deployment's tasks go, the old ones are all there",
         guarded(),
         Observed((replace(OLD, primary=True, rollout=RolloutState.IN_PROGRESS,
                           begun_ms=NOW_MS - HOUR_MS),
                   replace(NEW, primary=False, rollout=RolloutState.FAILED)),
                  (*olds(), initial("n1"), sick("n2", "new"))),
         ("stop n2 (target)", "stop n1")),
)  # fmt: skip

CASES = (*COUNTING, *RESETTING, *TRIPPING, *STOPPING)

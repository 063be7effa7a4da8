"""How tasks end, when a deployment is complete, and when the service is steady (R1, R2.12-20)."""

from dataclasses import replace

from infra.local.scheduler.model import (
    Container,
    HealthStatus,
    Observed,
    RolloutState,
    StopCode,
    StopOrder,
    TargetState,
    Task,
    TaskStatus,
    Tempo,
)
from tests.scheduler.case import Case
from tests.scheduler.situation import (
    NEW,
    NOW_MS,
    ONLY,
    coming,
    dead,
    deploying,
    healthy,
    initial,
    leaving,
    probed,
    quiet,
    routed,
    running,
    service,
    sick,
)

STOPPING = TaskStatus.STOPPING
USER = StopCode.USER_INITIATED
TICK = Tempo(stop_tick_ms=10_000)
SIGTERM_FIRST = StopOrder.SIGTERM_FIRST


def going(task: Task, state: TargetState, *, ms_ago: int) -> Task:
    """The task, asked to stop a minute ago, its target in this state since `ms_ago`."""
    return routed(leaving(task), state, ms_ago=ms_ago)


def boxes(*containers: Container) -> Observed:
    """A task that is STOPPING with these containers, beside a healthy one."""
    task = replace(leaving(running("z1", "old"), STOPPING), containers=containers)
    return quiet(healthy("o1"), task, steady=True)


def signalled(name: str, *, ms_ago: int, killed: bool = False) -> Container:
    return Container(name, terminated_ms=NOW_MS - ms_ago, killed=killed)


ONE = service(1)
DRAINING = (
    Case("a stopping task is deregistered after the scheduler's tick, not before",
         service(1, tempo=TICK), quiet(healthy("o1"), leaving(healthy("z1"), ms_ago=9_999)),
         ("steady",), 1),
    Case("a stopping task is deregistered at the scheduler's tick",
         service(1, tempo=TICK), quiet(healthy("o1"), leaving(healthy("z1"), ms_ago=10_000)),
         ("deregister z1 from web", "steady")),
    Case("of two waits the first decides when to look again",
         service(1, tempo=TICK),
         quiet(healthy("o1"), leaving(healthy("z1"), ms_ago=9_500),
               leaving(healthy("z2"), ms_ago=9_000), steady=True), (), 500),
    Case("a target is deregistered whatever the load balancer thinks of it",
         ONE, quiet(healthy("o1"), leaving(sick("z1")), leaving(initial("z2", "old")), steady=True),
         ("deregister z1 from web", "deregister z2 from web")),
    Case("a task in two groups is deregistered from both, in the order of their names",
         service(1, groups=("api", "web")),
         quiet(routed(running("o1", "old"), TargetState.HEALTHY, groups=("api", "web")),
               leaving(routed(running("z1", "old"), TargetState.HEALTHY, groups=("web", "api"))),
               steady=True), ("deregister z1 from api,web",)),
    Case("no SIGTERM while a target drains",
         ONE, quiet(healthy("o1"), going(running("z1", "old"), TargetState.DRAINING, ms_ago=1),
                    steady=True), (), None),
    Case("no SIGTERM while one of two targets drains",
         service(1, groups=("api", "web")),
         quiet(replace(going(running("z1", "old"), TargetState.UNUSED, ms_ago=1),
                       targets=(*routed(running("x"), TargetState.UNUSED).targets,
                                *routed(running("x"), TargetState.DRAINING,
                                        groups=("api",)).targets)),
               routed(running("o1", "old"), TargetState.HEALTHY, groups=("api", "web")),
               steady=True), (), None),
    Case("SIGTERM is due once the target is unused",
         ONE, quiet(healthy("o1"), going(running("z1", "old"), TargetState.UNUSED, ms_ago=0),
                    steady=True), ("begin z1",)),
    Case("the unused target is noticed after terminate_ms, not before",
         service(1, tempo=Tempo(terminate_ms=8_000)),
         quiet(healthy("o1"), going(running("z1", "old"), TargetState.UNUSED, ms_ago=7_999),
               steady=True), (), 1),
    Case("the unused target is noticed at terminate_ms",
         service(1, tempo=Tempo(terminate_ms=8_000)),
         quiet(healthy("o1"), going(running("z1", "old"), TargetState.UNUSED, ms_ago=8_000),
               steady=True), ("begin z1",)),
    Case("a task that was never registered has nothing to wait for",
         service(1, tempo=Tempo(terminate_ms=8_000)),
         quiet(healthy("o1"), leaving(coming("z1", "old"), ms_ago=0), steady=True), ("begin z1",)),
    Case("without target groups SIGTERM comes at once",
         service(1, groups=(), tempo=Tempo(stop_tick_ms=9_000, terminate_ms=9_000)),
         quiet(running("o1", "old"), leaving(running("z1", "old"), ms_ago=0), steady=True),
         ("begin z1",)),
    Case("StopTask deregisters first and does not wait for the drain",
         ONE, quiet(healthy("o1"), leaving(healthy("z1"), code=USER), steady=True),
         ("deregister z1 from web",)),
    Case("StopTask sends SIGTERM while the target drains",
         ONE, quiet(healthy("o1"), routed(leaving(running("z1", "old"), code=USER),
                                          TargetState.DRAINING), steady=True), ("begin z1",)),
    Case("StopTask in the other order sends SIGTERM first",
         service(1, stop_order=SIGTERM_FIRST),
         quiet(healthy("o1"), leaving(healthy("z1"), code=USER), steady=True), ("begin z1",)),
    Case("StopTask in the other order deregisters once the task is STOPPING",
         service(1, stop_order=SIGTERM_FIRST),
         quiet(healthy("o1"), leaving(healthy("z1"), STOPPING, code=USER), steady=True),
         ("deregister z1 from web", "terminate z1/app")),
    Case("the order of StopTask does not matter to what the scheduler stops",
         service(1, stop_order=SIGTERM_FIRST),
         quiet(healthy("o1"), leaving(healthy("z1")), steady=True), ("deregister z1 from web",)),
    Case("a crashed task is deregistered a tick after its death, though it has STOPPED",
         service(1, tempo=TICK), quiet(healthy("o1"), dead(healthy("z1"), ms_ago=10_000),
                                       steady=True), ("deregister z1 from web",)),
    Case("a crashed task is not deregistered before the tick",
         service(1, tempo=TICK), quiet(healthy("o1"), dead(healthy("z1"), ms_ago=9_000),
                                       steady=True), (), 1_000),
    Case("what the crash left running gets SIGTERM without waiting for the drain",
         service(1, tempo=TICK),
         quiet(healthy("o1"),
               replace(dead(healthy("z1"), STOPPING, ms_ago=0),
                       containers=(Container("app", alive=False), Container("proxy"))),
               steady=True), ("terminate z1/proxy",), 10_000),
)  # fmt: skip

SIGNALS = (
    Case("SIGTERM goes to every container that nothing depends on",
         ONE, boxes(Container("logs"), Container("app")),
         ("terminate z1/app", "terminate z1/logs")),
    Case("the proxy gets no SIGTERM while the application lives",
         ONE, boxes(Container("app", depends_on=("proxy",)), Container("proxy")),
         ("terminate z1/app",)),
    Case("the proxy gets SIGTERM when the application has ended",
         ONE, boxes(Container("app", alive=False, depends_on=("proxy",)), Container("proxy")),
         ("terminate z1/proxy",)),
    Case("no second SIGTERM, and SIGKILL only at stopTimeout",
         ONE, boxes(signalled("app", ms_ago=29_999)), (), 1),
    Case("SIGKILL at stopTimeout",
         ONE, boxes(signalled("app", ms_ago=30_000)), ("kill z1/app",)),
    Case("each container has its own stopTimeout",
         ONE, boxes(replace(signalled("app", ms_ago=5_000), stop_timeout_ms=2_000),
                    signalled("logs", ms_ago=5_000)), ("kill z1/app",), 25_000),
    Case("no second SIGKILL",
         ONE, boxes(signalled("app", ms_ago=99_000, killed=True)), (), None),
    Case("a container that has ended gets no signal",
         ONE, boxes(Container("app", alive=False)), (), None),
    Case("no signal before the task is STOPPING",
         ONE, quiet(healthy("o1"), going(running("z1", "old"), TargetState.DRAINING, ms_ago=0),
                    steady=True), (), None),
)  # fmt: skip

REGISTERING = (
    Case("a task is registered only when RUNNING",
         ONE, quiet(coming("o1", "old", status=TaskStatus.ACTIVATING)), (), None),
    Case("a RUNNING task is registered in every group of the service",
         service(1, groups=("web", "api")), quiet(running("o1", "old")),
         ("register o1 in api,web",)),
    Case("registration follows register_ms after RUNNING, not before",
         service(1, tempo=Tempo(register_ms=5_000)), quiet(running("o1", "old", ms_ago=4_999)),
         (), 1),
    Case("registration is due at register_ms after RUNNING",
         service(1, tempo=Tempo(register_ms=5_000)), quiet(running("o1", "old", ms_ago=5_000)),
         ("register o1 in web",)),
    Case("a task that is asked to stop while RUNNING is not registered any more",
         ONE, quiet(healthy("o1"), leaving(running("z1", "old"), TaskStatus.RUNNING),
                    steady=True), (), None),
    Case("a group added later gets the running tasks too",
         service(1, groups=("web", "api")), quiet(healthy("o1")), ("register o1 in api",)),
)  # fmt: skip

GONE_OLD = leaving(running("o1", "old"), TaskStatus.STOPPED, ms_ago=20_000)
SETTLING = (
    Case("a deployment completes when its tasks are healthy and the old ones are STOPPED",
         ONE, deploying(healthy("n1", "new"), GONE_OLD), ("complete new",)),
    Case("a deployment does not complete while an old task is DEPROVISIONING",
         ONE, deploying(healthy("n1", "new"),
                        leaving(running("o1", "old"), TaskStatus.DEPROVISIONING)), (), None),
    Case("a deployment does not complete while an old target drains",
         ONE, deploying(healthy("n1", "new"),
                        going(running("o1", "old"), TargetState.DRAINING, ms_ago=0)), (), None),
    Case("a deployment does not complete while one of its tasks is not healthy",
         service(2, 50), deploying(healthy("n1", "new"), initial("n2", zone="b"), GONE_OLD),
         (), None),
    Case("completion is said complete_ms after the last old task stopped, not before",
         service(1, tempo=Tempo(complete_ms=20_001)), deploying(healthy("n1", "new"), GONE_OLD),
         (), 1),
    Case("completion is said at complete_ms",
         service(1, tempo=Tempo(complete_ms=20_000)), deploying(healthy("n1", "new"), GONE_OLD),
         ("complete new",)),
    Case("the first deployment of a service completes and is steady in one pass",
         ONE, Observed((NEW,), (healthy("n1", "new"),)), ("complete new", "steady")),
    Case("a completed service with all tasks healthy is steady",
         ONE, quiet(healthy("o1")), ("steady",)),
    Case("steady is said once", ONE, quiet(healthy("o1"), steady=True), (), None),
    Case("a steady state does not wait for a drained task in maintenance",
         ONE, quiet(healthy("o1"), going(running("z1", "old"), TargetState.DRAINING, ms_ago=0)),
         ("steady",)),
    Case("an unhealthy task ends the steady state",
         service(1, tempo=Tempo(replace_ms=90_000)), quiet(sick("o1"), steady=True),
         ("unsteady",), 30_000),
    Case("a new deployment ends the steady state",
         ONE, replace(deploying(healthy("o1")), steady=True), ("start new in b", "unsteady")),
    Case("a new deployment of no tasks ends the steady state too, so that it is said again",
         service(0), replace(deploying(), steady=True), ("complete new", "unsteady")),
    Case("a surplus task ends the steady state",
         ONE, quiet(healthy("o1"), coming("o2", "old"), steady=True), ("stop o2", "unsteady")),
    Case("a FAILED deployment is never completed",
         ONE, Observed((replace(NEW, rollout=RolloutState.FAILED),), (healthy("n1", "new"),)),
         (), None),
    Case("a task with a check and no group settles the service",
         service(1, groups=()), quiet(probed(running("o1", "old"), HealthStatus.HEALTHY)),
         ("steady",)),
)  # fmt: skip

DELETED = service(0, draining=True)
DELETING = (
    Case("a deleted service stops its tasks",
         DELETED, quiet(healthy("o1"), coming("o2", "old", "b")), ("stop o2", "stop o1")),
    Case("a deleted service is not inactive while a task drains",
         DELETED, quiet(going(running("o1", "old"), TargetState.DRAINING, ms_ago=0)), (), None),
    Case("a deleted service is inactive when its tasks are STOPPING or STOPPED",
         DELETED,
         quiet(leaving(running("o1", "old"), TaskStatus.DEPROVISIONING),
               replace(leaving(running("o2", "old"), STOPPING), containers=())),
         ("inactive",)),
    Case("a deleted service without tasks is inactive", DELETED, Observed((ONLY,), ()),
         ("inactive",), None),
    Case("an inactive service is said to be so once, and its last tasks are still ended",
         service(0, draining=True, inactive=True),
         quiet(leaving(running("o1", "old"), TaskStatus.DEPROVISIONING)), (), None),
)  # fmt: skip

CASES = (*DRAINING, *SIGNALS, *REGISTERING, *SETTLING, *DELETING)

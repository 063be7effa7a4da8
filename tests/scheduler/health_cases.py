"""Health: what counts as healthy, grace, replacement, losses and the throttle (R2.2-R2.11)."""

from dataclasses import replace

from infra.local.scheduler.model import HealthStatus, RolloutState, TargetState, Task, Tempo
from tests.scheduler.case import Case
from tests.scheduler.situation import (
    HOUR_MS,
    NEW,
    NOW_MS,
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

BARE = ()  # no target groups
SLOW = Tempo(replace_ms=21_000)


def young(task: Task, *, ms_ago: int) -> Task:
    """The task, RUNNING only since then."""
    return replace(task, started_ms=NOW_MS - ms_ago)


COUNTING = (
    Case("without groups and checks a task is not healthy 39.999 s after RUNNING",
         service(1, groups=BARE), deploying(running("o1", "old"), running("n1", ms_ago=39_999)),
         (), 1),
    Case("without groups and checks a task is healthy 40 s after RUNNING",
         service(1, groups=BARE), deploying(running("o1", "old"), running("n1", ms_ago=40_000)),
         ("stop o1",)),
    Case("with a check only a task is healthy as soon as it is HEALTHY",
         service(1, groups=BARE),
         deploying(running("o1", "old"),
                   probed(running("n1", ms_ago=1_000), HealthStatus.HEALTHY, ms_ago=0)),
         ("stop o1",)),
    Case("with a check only a task is not healthy while UNKNOWN, however long it runs",
         service(1, groups=BARE),
         deploying(running("o1", "old"), probed(running("n1"), HealthStatus.UNKNOWN)), (), None),
    Case("with a check and a group the later of the two counts for stop_old_ms",
         service(1, tempo=Tempo(stop_old_ms=40_000)),
         deploying(healthy("o1"),
                   probed(healthy("n1", "new"), HealthStatus.HEALTHY, ms_ago=10_000)),
         (), 30_000),
    Case("with two groups the later of the two counts for stop_old_ms",
         service(1, groups=("api", "web"), tempo=Tempo(stop_old_ms=40_000)),
         deploying(routed(running("o1", "old"), TargetState.HEALTHY, groups=("api", "web")),
                   replace(running("n1"), targets=(
                       *healthy("x", ms_ago=35_000).targets,
                       *routed(running("x"), TargetState.HEALTHY, ms_ago=15_000,
                               groups=("api",)).targets))),
         (), 25_000),
    Case("a task whose target drains though it should run does not count as healthy",
         service(2, 50, 100),
         deploying(healthy("o1"), routed(running("o2", "old", "b"), TargetState.DRAINING)),
         ("stop o2",)),
)  # fmt: skip

REPLACEMENT = (
    Case("an unhealthy task is replaced before it is stopped",
         service(2), quiet(healthy("o1"), sick("o2", zone="b")),
         ("start old in a for a sick one",)),
    Case("while the replacement is on its way the unhealthy task stays",
         service(2), quiet(healthy("o1"), sick("o2", zone="b"), initial("o3", "old", "b")),
         (), None),
    Case("once the replacement is healthy the unhealthy task is stopped",
         service(2), quiet(healthy("o1"), sick("o2", zone="b"), healthy("o3", zone="b")),
         ("stop o2 (target)",)),
    Case("if the replacement is unhealthy too, one of the two is stopped and another started",
         service(1, ceiling=300), quiet(sick("o1"), sick("o2", zone="b")),
         ("start old in a for a sick one", "stop o2 (target)")),
    Case("at the ceiling the unhealthy task is stopped first",
         service(2, 50, 100), quiet(healthy("o1"), sick("o2", zone="b")), ("stop o2 (target)",)),
    Case("at the ceiling unhealthy tasks are stopped one at a time",
         service(3, 0, 100), quiet(healthy("o1"), sick("o2", zone="b"), sick("o3", zone="b")),
         ("stop o3 (target)",)),
    Case("at the ceiling the next unhealthy task waits until the replacement proves itself",
         service(3, 0, 100), quiet(healthy("o1"), sick("o2", zone="b"), coming("o4", "old", "b")),
         (), None),
    Case("at the ceiling, the replacement healthy, the next unhealthy task is stopped",
         service(3, 0, 100), quiet(healthy("o1"), sick("o2", zone="b"), healthy("o4", zone="b")),
         ("stop o2 (target)",)),
    Case("a recovered task makes its coming replacement surplus",
         service(2), quiet(healthy("o1"), healthy("o2", zone="b"), initial("o3", "old")),
         ("stop o3",)),
    Case("a task that fails its container check is replaced and the check is named",
         service(1, 0, 100), quiet(probed(healthy("o1"), HealthStatus.UNHEALTHY)),
         ("stop o1 (check)",)),
    Case("a new task that fails its check at the ceiling is stopped at once, alone",
         service(1), deploying(healthy("o1"), sick("n1", "new")), ("stop n1 (target)",)),
)  # fmt: skip

GRACE = (
    Case("within its grace period an unhealthy task is left alone",
         service(1, 0, 100, grace_ms=30_000), quiet(young(sick("o1"), ms_ago=29_999)), (), 1),
    Case("at the end of its grace period an unhealthy task is condemned",
         service(1, 0, 100, grace_ms=30_000), quiet(young(sick("o1"), ms_ago=30_000)),
         ("stop o1 (target)",)),
    Case("the grace period covers the container check too",
         service(1, 0, 100, grace_ms=30_000),
         quiet(young(probed(healthy("o1"), HealthStatus.UNHEALTHY), ms_ago=10_000)), (), 20_000),
    Case("a task that turns healthy within its grace period counts at once",
         service(1, grace_ms=HOUR_MS),
         deploying(healthy("o1"), young(healthy("n1", "new", ms_ago=0), ms_ago=3_000)),
         ("stop o1",)),
    Case("beyond the desired count an unhealthy task in its grace period may go",
         service(1, grace_ms=HOUR_MS * 2), quiet(healthy("o1"), sick("o2", zone="b")),
         ("stop o2",)),
)  # fmt: skip

LOSSES = (
    Case("a crashed task is replaced after replace_ms, not before",
         service(1, tempo=SLOW), quiet(dead(running("o1", "old"), ms_ago=20_999)), (), 1),
    Case("a crashed task is replaced at replace_ms",
         service(1, tempo=SLOW), quiet(dead(running("o1", "old"), ms_ago=21_000)),
         ("start old in a",)),
    Case("an unhealthy task is replaced after replace_ms, not before",
         service(1, tempo=SLOW), quiet(sick("o1", ms_ago=20_000)), (), 1_000),
    Case("a task lost from another deployment does not delay this one",
         service(1, tempo=SLOW), deploying(healthy("o1"), dead(running("o2", "old"), ms_ago=5_000)),
         ("start new in b",)),
    Case("a task stopped by the user is replaced at once",
         service(1, tempo=SLOW), quiet(leaving(running("o1", "old"), ms_ago=0)),
         ("begin o1", "start old in a")),
)  # fmt: skip


def failing(count: int, *, ms_ago: int, throttled: bool = False) -> Case:
    """One task desired, `count` launches failed, the last one `ms_ago`: built by THROTTLE."""
    new = replace(NEW, launch_failures=count, last_failure_ms=NOW_MS - ms_ago, throttled=throttled)
    return Case("", service(1), deploying(healthy("o1"), new=new))


def throttle(
    sentence: str, base: Case, steps: tuple[str, ...], again_ms: int | None = None
) -> Case:
    return replace(base, sentence=sentence, steps=steps, again_ms=again_ms)


THROTTLE = (
    throttle("after one failed launch the next waits 10 s", failing(1, ms_ago=9_000), (), 1_000),
    throttle("after one failed launch the next comes at 10 s", failing(1, ms_ago=10_000),
             ("start new in b",)),
    throttle("after two failed launches the next waits 20 s", failing(2, ms_ago=19_999), (), 1),
    throttle("the third failed launch in a row is announced, and the next waits 40 s",
             failing(3, ms_ago=0), ("throttled new",), 40_000),
    throttle("it is announced only once", failing(3, ms_ago=0, throttled=True), (), 40_000),
    throttle("after eight failed launches the pause is 21 minutes 20 seconds",
             failing(8, ms_ago=0, throttled=True), (), 1_280_000),
    throttle("the pause never exceeds 27 minutes", failing(9, ms_ago=0, throttled=True), (),
             1_620_000),
    throttle("after a hundred failed launches it is still 27 minutes",
             failing(100, ms_ago=1_619_999, throttled=True), (), 1),
    throttle("and then it is tried again", failing(100, ms_ago=1_620_000, throttled=True),
             ("start new in b",)),
    Case("a throttled launch that the ceiling allows is not called stuck",
         service(4, 50, 100),
         deploying(healthy("o1"), healthy("o2", zone="b"),
                   new=replace(NEW, launch_failures=3, last_failure_ms=NOW_MS, throttled=True)),
         (), 40_000),
    Case("failed launches of the new revision do not delay the old one's replacement",
         service(2),
         deploying(healthy("o1"),
                   new=replace(NEW, rollout=RolloutState.IN_PROGRESS, launch_failures=9,
                               last_failure_ms=NOW_MS, throttled=True)),
         ("start old in b",), 1_620_000),
)  # fmt: skip

CASES = (*COUNTING, *REPLACEMENT, *GRACE, *LOSSES, *THROTTLE)

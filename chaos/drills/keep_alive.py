"""Do tasks keep idle connections longer than the load balancer does?

If not, a task closes a connection at the very moment at which the load balancer sends a request on
it, and the client gets 502 (R4.21). That race is too rare to be met by luck, so each task's
idle-close time is measured over TCP and compared with the load balancer's idle timeout; bursts at
the limit try to meet the race as well.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from chaos.causes import Cause
from chaos.checks.keepalive import IDLE, MEASURED
from chaos.drill import Act, Drill, Stage, Variant
from chaos.drills.stopping import LOAD, PROBES, checks_of, deploying, whole
from chaos.effect import IDLE_TIMEOUT, KEEP_ALIVE
from chaos.entries import BurstSeen, KeepAliveSeen
from chaos.idle import burst, measure_idle
from chaos.run import ServiceSetup
from chaos.target import Revision
from chaos.watch import Observed

SHORT_SECONDS = 5  # uvicorn's own default, unscaled
BEYOND = 1.1  # measured for so much longer than the load balancer keeps a connection
USUAL_SECONDS = (2.0, 5.0, 15.0, 30.0)  # servers' defaults, tried where nothing can be measured
ROUNDS = (-0.02, -0.01, -0.004, 0.0, 0.004, 0.01)  # real seconds around the limit


def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
    return (
        f"ask the load balancer for its {IDLE_TIMEOUT}",
        *(f"connect to each task of {setup.name} and wait until it closes" for setup in setups),
        "send bursts of requests whose connections have been idle for that long",
    )


def measure(stage: Stage) -> None:
    """Measure every task's idle-close time, and burst when connections are as old as that."""
    timeout = stage.target.idle_timeout()
    if timeout is None:
        stage.note("not observable here: the load balancer's idle timeout")
        return
    stage.record_balancer(IDLE_TIMEOUT, f"{timeout:g}")
    stage.step("measure", "connect to every task and wait until it closes")
    _burst(stage, 0.0)
    closed = _measure_all(stage, timeout)
    _burst(stage, timeout * BEYOND)
    for seconds in closed:
        _meet(stage, seconds)


def _measure_all(stage: Stage, timeout: float) -> list[float]:
    """Record each; the idle times, unscaled, at which bursts should be tried."""
    scale = stage.target.place.time_scale
    limit = timeout * BEYOND / scale
    targets = list(_targets(stage))
    with ThreadPoolExecutor(max(1, len(targets))) as pool:
        pending = [
            (service, task, address, pool.submit(_one, stage, address, limit))
            for service, task, address in targets
        ]
        while any(not future.done() for *_, future in pending):
            stage.stop.wait(0.1)
    seen = [_record(stage, *entry, waited=limit * scale) for entry in pending]
    if not any(entry.reachable for entry in seen):
        stage.note("not observable here: when tasks close idle connections (not reachable)")
        return [seconds for seconds in USUAL_SECONDS if seconds < timeout]
    short = {e.closed_seconds for e in seen if e.closed_seconds is not None}
    return sorted(value for value in short if value < timeout)[:1]


def _one(stage: Stage, address: str, limit: float) -> float | None:
    host, _, port = address.rpartition(":")
    return measure_idle(host, int(port), limit, lambda: stage.stop.asked is not None)


def _record(
    stage: Stage,
    service: str,
    task: str,
    address: str,
    future: "Future[float | None]",
    *,
    waited: float,
) -> KeepAliveSeen:
    error = future.exception()
    closed = None if error else future.result()
    seen = KeepAliveSeen(
        at_ms=stage.clock.now_ms(),
        service=service,
        task=task,
        address=address,
        reachable=error is None,
        waited_seconds=waited,
        closed_seconds=None if closed is None else closed * stage.target.place.time_scale,
        error=str(error) if error else "",
    )
    stage.journal.write(seen)
    return seen


def _targets(stage: Stage) -> Iterator[tuple[str, str, str]]:
    """(service, task, ip:port) of every running task that is a target."""
    tasks = [view for view in stage.target.tasks(()) if view.status == "RUNNING"]
    for setup in stage.setups:
        for group in setup.groups:
            for view in stage.target.health(group):
                owner = (t for t in tasks if view.address.rpartition(":")[0] == t.address)
                if (task := next(owner, None)) is not None:
                    yield setup.name, task.task, view.address


def _meet(stage: Stage, idle_seconds: float) -> None:
    """Bursts whose connections are idle for about as long as the tasks keep them."""
    for offset in ROUNDS:
        stage.stop.wait(max(0.0, idle_seconds / stage.target.place.time_scale + offset))
        _burst(stage, idle_seconds)


def _burst(stage: Stage, idle_seconds: float) -> None:
    place = stage.target.place
    asked, failed = burst(place.url, PROBES, place.trust)
    now_ms = stage.clock.now_ms()
    stage.journal.write(
        BurstSeen(at_ms=now_ms, idle_seconds=idle_seconds, asked=asked, failed=failed)
    )


def settled(stage: Stage, observed: Observed) -> str | None:
    return whole(observed)


MEASURE = Act("measure keep-alive", plan, measure)

KEEP_ALIVE_DRILL = Drill(
    name="keep-alive",
    question="Do tasks keep idle connections longer than the load balancer does?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (MEASURE,),
        Variant.BROKEN: (
            deploying(Revision(marker="", environment={KEEP_ALIVE: str(SHORT_SECONDS)})),
            MEASURE,
        ),
    },
    settled=settled,
    checks=checks_of(MEASURED, more=(IDLE,), ended=False),
    expected=Cause.KEEP_ALIVE_SHORT,
    undo="the former revision is deployed again",
    services=("inventory-api",),
)

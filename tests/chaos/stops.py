"""Run folders of stops, written by hand: StopTask, scale-in, and measured idle connections.

Times in real ms after T0; the time scale is 10, so that 100 ms are 1 s.
"""

from dataclasses import replace

from chaos.causes import Cause
from chaos.effect import DELAY, DESIRED, IDLE_TIMEOUT
from chaos.entries import (
    AccessSeen,
    BurstSeen,
    DefinitionSeen,
    KeepAliveSeen,
    LogSeen,
    OrdersSeen,
    SettingSeen,
    Step,
    TaskSeen,
)
from chaos.records import Write
from tests.chaos.builder import (
    T0,
    Cast,
    RunBuilder,
    good_request,
    group_arn,
    make_run,
    perform,
    service_seen,
)

SERVICE = "order-api"
STOP_CAUSES = {Cause.SIGTERM_IGNORED, Cause.STOP_TIMEOUT, Cause.KEEP_ALIVE_SHORT}
SIGTERM, STOPPED = 4000.0, 5800.0
STAYER = Cast("5741".ljust(32, "a"), SERVICE, "127.10.1.1", new=False)
VICTIM = Cast(
    "71c7".ljust(32, "b"),
    SERVICE,
    "127.10.1.2",
    new=False,
    stop=3950,
    draining=4020,
    left=7000,
    sigterm=SIGTERM,
    stopped=STOPPED,
)
SURPLUS = Cast(
    "5u47".ljust(32, "c"),
    SERVICE,
    "127.10.1.3",
    new=False,
    stop=2950,
    draining=3020,
    left=6020,
    sigterm=6080,
    stopped=6700,
)


def definition(**changes: object) -> DefinitionSeen:
    seen = DefinitionSeen(
        at_ms=T0 - 200,
        service=SERVICE,
        task_definition=f"{SERVICE}:1",
        stop_timeout=30,
        drain_seconds=5.0,
        keep_alive_seconds=75.0,
    )
    return replace(seen, **changes)  # type: ignore[arg-type]  # any member, by name


def setting(
    at: float, name: str, value: str, *, group: str = "", service: str = SERVICE
) -> SettingSeen:
    return SettingSeen(at_ms=T0 + at, service=service, group=group, name=name, value=value)


def ended(builder: RunBuilder, cast: Cast, *, code: str, exit_code: int = 0) -> None:
    """Perform a task's life; its end has this stopCode and exit code."""
    perform(builder, cast)
    builder.entries = [
        replace(entry, stop_code=code, exit_code=exit_code if entry.status == "STOPPED" else None)
        if isinstance(entry, TaskSeen) and entry.task == cast.task and entry.status != "RUNNING"
        else entry
        for entry in builder.entries
    ]


def stop_task(
    victim: Cast = VICTIM, *, exit_code: int = 0, delay: str = "30", **defined: object
) -> RunBuilder:
    """StopTask of one of two tasks, under load; every request gets its answer."""
    builder = RunBuilder(make_run(drill="stop-task"))
    builder.add(
        Step(at_ms=T0, name="load", text="200 requests/s"),
        definition(**defined),
        setting(-100, DELAY, delay, group=group_arn(SERVICE)),
        Step(at_ms=T0 + 3900, name="stop", text=f"StopTask {SERVICE} task {victim.task[:8]}"),
        service_seen(-100, SERVICE, 1),
        LogSeen(at_ms=T0 - 9000, service=SERVICE, task=victim.task, event="listening"),
    )
    perform(builder, STAYER)
    ended(builder, victim, code="UserInitiated", exit_code=exit_code)
    _load(builder, (STAYER, victim), until=SIGTERM + 150)
    return builder


def _load(builder: RunBuilder, tasks: tuple[Cast, Cast], until: float) -> None:
    """200/s for 10 s, in turn to both tasks, and after `until` to the first; every 40th is an
    export of 15 s unscaled."""
    for number in range(2000):
        at = 300 + number * 5.0
        task = tasks[number % 2] if at < until else tasks[0]
        row = good_request(at, number, task.task, SERVICE)
        if number % 40 in (7, 8):
            row = replace(row, latency_ms=1500.4, service_ms=1500.0, length_ms=1500.0)
        builder.requests.append(row)
    builder.meta |= {
        "started_ms": str(T0 + 300),
        "ended_ms": str(T0 + 12_000),
        "self_test": "passed",
        "rate": "200",
    }
    builder.writes = [Write("k", "0" * 32, "A1", 1, "customer", "acknowledged", T0)]
    builder.add(OrdersSeen(at_ms=T0 + 12_500, acknowledged=1, found=1))


def lose(
    builder: RunBuilder,
    *,
    sent: float,
    took: float = 2.0,
    flags: str = "UF",
    error: str = "proxy-502",
    asked: Cast = VICTIM,
    length_ms: float | None = None,
) -> RunBuilder:
    """One more request, to this task, that got no good answer."""
    number = 900_000 + len(builder.requests)
    row = replace(
        good_request(sent, number, asked.task, SERVICE),
        sent_ms=T0 + sent,
        error=error,
        status=502,
        latency_ms=took,
        service_ms=took,
        task=None,
        length_ms=length_ms,
    )
    builder.requests.append(row)
    builder.add(
        AccessSeen(
            at_ms=T0 + sent,
            duration_ms=took,
            method="GET",
            path="/orders/1",
            status=502,
            flags=flags,
            upstream=f"{asked.address}:8080",
            request_id=row.request_id,
        )
    )
    return builder


def scale_in(surplus: Cast = SURPLUS, *, delay: str = "30") -> RunBuilder:
    """From two tasks to one; every request gets its answer."""
    builder = RunBuilder(make_run(drill="scale-in"))
    builder.add(
        Step(at_ms=T0, name="load", text="200 requests/s"),
        definition(),
        setting(-100, DELAY, delay, group=group_arn(SERVICE)),
        setting(-100, DESIRED, "1"),
        setting(500, DESIRED, "2"),
        setting(2900, DESIRED, "1"),
        setting(13_000, DELAY, "30", group=group_arn(SERVICE)),  # put back at the end
        service_seen(-100, SERVICE, 1),
    )
    perform(builder, STAYER)
    ended(builder, surplus, code="ServiceSchedulerInitiated")
    _load(builder, (STAYER, surplus), until=3000)
    return builder


def idle(closed: float | None = None, *, reachable: bool = True, lost: int = 0) -> RunBuilder:
    """Two tasks whose idle-close time was measured, and two bursts."""
    builder = RunBuilder(make_run(drill="keep-alive"))
    builder.add(
        definition(keep_alive_seconds=5.0 if closed is not None else 75.0),
        setting(500, IDLE_TIMEOUT, "60", service=""),
        BurstSeen(at_ms=T0 + 600, idle_seconds=0, asked=24, failed=0),
        BurstSeen(at_ms=T0 + 8000, idle_seconds=closed or 66.0, asked=24, failed=lost),
    )
    for cast in (
        STAYER,
        replace(VICTIM, stop=None, draining=None, left=None, sigterm=None, stopped=None),
    ):
        perform(builder, cast)
        builder.add(
            KeepAliveSeen(
                at_ms=T0 + 7500,
                service=SERVICE,
                task=cast.task,
                address=f"{cast.address}:8080",
                reachable=reachable,
                waited_seconds=66.0,
                closed_seconds=closed if reachable else None,
                error="" if reachable else "timed out",
            )
        )
    _load(builder, (STAYER, VICTIM), until=0)
    return builder

"""Run folders written by hand: the good rolling deployment, and everything that can be wrong."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from chaos.effect import DELAY
from chaos.entries import (
    GONE,
    AccessSeen,
    DeploymentSeen,
    Entry,
    LogSeen,
    ObservationEnded,
    OrdersSeen,
    RevisionMade,
    ServiceSeen,
    SettingSeen,
    Step,
    TargetSeen,
    TaskSeen,
)
from chaos.history import History, read_history
from chaos.journal import Journal, write_run
from chaos.records import Request, Write
from chaos.run import JUDGED, Limits, Run, ServiceSetup
from tests.chaos.recordfile import write_records

T0 = 1_790_000_000_000.0
POLL_MS = 110.0
SERVICES = ("inventory-api", "order-api")


def group_arn(service: str) -> str:
    return f"arn:aws:elasticloadbalancing:eu-central-1:0:targetgroup/{service}/0123456789abcdef"


def definition_arn(service: str, revision: int) -> str:
    return f"arn:aws:ecs:eu-central-1:0:task-definition/{service}:{revision}"


def make_run(**changes: object) -> Run:
    """A run at 200/s, time scale 10, two services of two tasks."""
    run = Run(
        drill="rolling-deploy",
        question="Does anybody notice when a new revision is deployed under load?",
        variant="fixed",
        started_ms=T0 - 2000,
        time_scale=10.0,
        rate=200.0,
        arrivals=2000,
        seed=1,
        target="local",
        cluster="rehearsal",
        url="http://127.0.0.1:8080",
        interval_ms=100.0,
        services=tuple(
            ServiceSetup(
                name=name,
                task_definition=definition_arn(name, 1),
                desired_count=2,
                minimum_healthy_percent=100,
                groups=(group_arn(name),),
                stop_timeout=30,
            )
            for name in SERVICES
        ),
        limits=Limits(),
        versions=("Python 3.11",),
        command="rehearse drill rolling-deploy",
        ended_ms=T0 + 16_000,
        ending=JUDGED,
    )
    return replace(run, **changes)  # type: ignore[arg-type]  # any member, by name


@dataclass
class RunBuilder:
    """What a run folder will hold. Change anything, then `write` or `history`."""

    run: Run = field(default_factory=make_run)
    entries: list[Entry] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    def add(self, *entries: Entry) -> None:
        self.entries += entries

    def drop(self, cls: type[Entry], **members: object) -> None:
        """Leave out the entries of a class whose members have these values."""
        self.entries = [
            e
            for e in self.entries
            if not (isinstance(e, cls) and all(getattr(e, k) == v for k, v in members.items()))
        ]

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        write_run(folder, self.run)
        journal = Journal(folder)
        for entry in sorted(self.entries, key=lambda e: e.at_ms):
            journal.write(entry)
        journal.close()
        write_records(folder / "requests.sqlite", self.requests, self.writes, self.meta)
        return folder

    def history(self, folder: Path) -> History:
        return read_history(self.write(folder))


@dataclass(frozen=True)
class Cast:
    """One task of the story: times in real ms after T0; None for what does not happen."""

    task: str
    service: str
    address: str
    new: bool
    started: float | None = None
    healthy: float | None = None
    stop: float | None = None
    draining: float | None = None
    left: float | None = None
    sigterm: float | None = None
    stopped: float | None = None


def cast_of(delay_ms: float = 3000.0) -> list[Cast]:
    """Two services, each with two old tasks that are replaced by two new ones."""
    found = []
    for index, service in enumerate(SERVICES):
        base = 3000.0 + 400 * index
        for number in range(2):
            name = f"{index}{number}"
            drain = base + 2600 + 300 * number
            found.append(
                Cast(
                    task=f"{name}0a11ce5".ljust(32, "a"),
                    service=service,
                    address=f"127.10.{index}.{number + 1}",
                    new=False,
                    stop=drain - 120,
                    draining=drain,
                    left=drain + delay_ms,
                    sigterm=drain + delay_ms + 60,
                    stopped=drain + delay_ms + 700,
                )
            )
            found.append(
                Cast(
                    task=f"{name}1b0b7e5".ljust(32, "b"),
                    service=service,
                    address=f"127.10.{index}.{number + 11}",
                    new=True,
                    started=base + 200,
                    healthy=base + 1700 + 150 * number,
                )
            )
    return found


def perform(builder: RunBuilder, cast: Cast) -> None:
    """Write down what polling would have seen of one task."""
    revision = f"{cast.service}:{2 if cast.new else 1}"

    def task(at: float, status: str, error: float | None = POLL_MS, **more: object) -> None:
        seen = TaskSeen(
            at_ms=T0 + at,
            service=cast.service,
            task=cast.task,
            status=status,
            desired="RUNNING" if status in ("PENDING", "RUNNING") else "STOPPED",
            health="UNKNOWN",
            task_definition=revision,
            address=cast.address,
            error_ms=error,
        )
        builder.add(replace(seen, **more))  # type: ignore[arg-type]  # any member, by name

    def target(at: float, state: str, error: float | None = POLL_MS) -> None:
        builder.add(
            TargetSeen(
                at_ms=T0 + at,
                service=cast.service,
                group=group_arn(cast.service),
                address=f"{cast.address}:8080",
                state=state,
                error_ms=error,
            )
        )

    if cast.new:
        assert cast.started is not None
        task(cast.started, "PENDING")
        task(cast.started + 900, "RUNNING")
        target(cast.started + 950, "initial")
        if cast.healthy is not None:
            target(cast.healthy, "healthy")
    else:
        task(-150, "RUNNING", error=None)
        target(-150, "healthy", error=None)
    if cast.stop is not None:
        task(cast.stop, "DEACTIVATING")
    if cast.draining is not None:
        target(cast.draining, "draining")
    if cast.left is not None:
        target(cast.left, GONE)
    if cast.sigterm is not None:
        builder.add(
            LogSeen(at_ms=T0 + cast.sigterm, service=cast.service, task=cast.task, event="sigterm")
        )
        task(cast.sigterm + 40, "STOPPING")
    if cast.stopped is not None:
        task(cast.stopped, "STOPPED", exit_code=0)


def service_seen(at: float, service: str, revision: int, rollout: str = "COMPLETED") -> ServiceSeen:
    deployment = DeploymentSeen(
        id=f"ecs-svc/{revision}",
        status="PRIMARY",
        task_definition=definition_arn(service, revision),
        rollout=rollout,
    )
    return ServiceSeen(
        at_ms=T0 + at,
        service=service,
        desired=2,
        running=2,
        pending=0,
        deployments=(deployment,),
        error_ms=POLL_MS,
    )


def good_request(at: float, number: int, task: str, service: str) -> Request:
    """A fast one, a little slower now and then."""
    took = 3.0 + 2.0 * math.sin(number / 40) ** 2 + (18.0 if number % 97 == 0 else 0.0)
    name = "GET /orders/{id}" if service == "order-api" else "GET /inventory/{sku}"
    return Request(
        scheduled_ms=T0 + at,
        sent_ms=T0 + at + 0.4,
        latency_ms=took + 0.4,
        service_ms=took,
        method="GET",
        name=name,
        status=200,
        task=task,
        error=None,
        request_id=f"{number:032x}",
        length_ms=None,
    )


def serving(cast: Iterable[Cast], service: str, at: float) -> list[Cast]:
    return [
        c
        for c in cast
        if c.service == service
        and (not c.new or (c.healthy or 1e9) <= at)
        and (c.draining is None or at < c.draining - POLL_MS)
    ]


def offer_load(builder: RunBuilder, cast: list[Cast], seconds: float = 14.0) -> None:
    """200/s to whoever may serve; every 50th is an export of 1.5 s (15 s unscaled)."""
    for number in range(int(seconds * 200)):
        at = 300 + number * 5.0
        service = SERVICES[number % 10 < 6]
        able = serving(cast, service, at)
        chosen = able[(number // 2) % len(able)]
        row = good_request(at, number, chosen.task, service)
        if number % 50 == 25:
            row = _export(row, chosen)
        builder.requests.append(row)
    builder.meta |= {
        "started_ms": str(T0 + 300),
        "ended_ms": str(T0 + 300 + seconds * 1000 + 1500),
        "self_test": "passed",
        "rate": "200",
    }


def _export(row: Request, served_by: Cast) -> Request:
    """A long export: cut if its task's target leaves before it is done."""
    row = replace(
        row,
        name="GET /orders/export",
        latency_ms=1504.0,
        service_ms=1503.6,
        length_ms=1500.0,
        task=served_by.task,
    )
    end = None if served_by.left is None else T0 + served_by.left - 40
    if end is None or row.done_ms < end or row.scheduled_ms > end:
        return row
    took = end - row.scheduled_ms
    return replace(row, latency_ms=took, service_ms=took - 0.4, error="truncated")


def log_access(builder: RunBuilder, flags: str = "UC") -> None:
    """What the load balancer's log has of each failed request."""
    for row in builder.requests:
        if row.error is not None and row.sent_ms is not None:
            builder.add(
                AccessSeen(
                    at_ms=row.sent_ms,
                    duration_ms=row.service_ms or 0.0,
                    method=row.method,
                    path="/orders/export?seconds=1.5",
                    status=row.status or 502,
                    flags=flags,
                    details="upstream_reset_before_response_started",
                    upstream=next(
                        (
                            f"{e.address}:8080"
                            for e in builder.entries
                            if isinstance(e, TaskSeen) and e.task == row.task
                        ),
                        None,
                    ),
                    request_id=row.request_id,
                )
            )


def deployment(delay_seconds: float = 30.0, seconds: float = 14.0) -> RunBuilder:
    """A whole rolling deployment; with a delay of 5 s (unscaled) the long exports are cut."""
    broken = delay_seconds < 15
    builder = RunBuilder(make_run(variant="broken" if broken else "fixed"))
    cast = cast_of(delay_seconds * 100)
    builder.add(Step(at_ms=T0, name="load", text="200 requests/s"))
    for service in SERVICES:
        builder.add(_setting(-100, service, "30"))
        if broken:
            text = f"{DELAY} of {service} from 30 to {delay_seconds:g}"
            builder.add(Step(at_ms=T0 + 2990, name="setting", text=text))
            builder.add(_setting(2995, service, f"{delay_seconds:g}"))
        builder.add(
            Step(at_ms=T0 + 3000, name="deploy", text=f"UpdateService {service} to {service}:2"),
            RevisionMade(
                at_ms=T0 + 3000, service=service, task_definition=definition_arn(service, 2)
            ),
            service_seen(-100, service, 1),
            service_seen(3100, service, 2, "IN_PROGRESS"),
            service_seen(10_400, service, 2),
        )
    for member in cast:
        perform(builder, member)
    offer_load(builder, cast, seconds)
    log_access(builder)
    builder.add(Step(at_ms=T0 + 10_500, name="settled", text="the deployment has settled"))
    seal(builder, seconds)
    return builder


def seal(builder: RunBuilder, seconds: float = 14.0) -> None:
    """What every run that was played to its end has: orders, the load's end, precision."""
    end = 300 + seconds * 1000
    builder.writes = [
        Write(f"k{n}", f"{n:032x}", "A1", 1, f"customer-{n}", "acknowledged", T0 + n)
        for n in range(20)
    ]
    builder.add(
        Step(at_ms=T0 + end, name="load ends", text="no new arrivals"),
        OrdersSeen(at_ms=T0 + end + 1600, acknowledged=20, found=20),
        ObservationEnded(
            at_ms=T0 + end + 1700, source="target health", polls=300, failed=0, worst_error_ms=160
        ),
    )


def _setting(at: float, service: str, value: str) -> SettingSeen:
    return SettingSeen(
        at_ms=T0 + at, service=service, group=group_arn(service), name=DELAY, value=value
    )

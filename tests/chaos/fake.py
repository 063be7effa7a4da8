"""A target in memory that does a rolling deployment by the clock, and an HTTP server in front."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chaos.effect import DELAY
from chaos.entries import DeploymentSeen, GroupSeen, RuleSeen
from chaos.errors import TargetError
from chaos.run import ServiceSetup
from chaos.target import (
    AccessView,
    Breaker,
    DefinitionView,
    EventView,
    HealthView,
    LogView,
    Network,
    Place,
    Revision,
    ServiceChange,
    ServiceDeploymentView,
    ServiceView,
    TaskView,
)
from tests.chaos.builder import SERVICES, definition_arn, group_arn

SCALE = 20.0
START_MS, RUNNING_MS, HEALTHY_MS, RETIRE_MS, DRAIN_MS, STOP_MS = 50, 150, 300, 500, 600, 100

OUT = RuleSeen(egress=True, protocol="-1", from_port=0, to_port=65_535, peer="0.0.0.0/0")
IN = RuleSeen(egress=False, protocol="tcp", from_port=8080, to_port=8080, peer="sg-alb")
ALB = GroupSeen(id="sg-alb", name="alb", vpc="vpc-1", rules=(OUT,))
APP = GroupSeen(
    id="sg-app", name="app", vpc="vpc-1", rules=(replace(IN, peer="sg-caller"), IN, OUT)
)


def now_ms() -> float:
    return time.time_ns() / 1e6


@dataclass
class FakeTarget:
    """See chaos.target.Target. `delays` are deregistration delays in seconds, unscaled.

    `refuse` names calls that fail; `never_settles` keeps every deployment in progress.
    """

    url: str = "http://127.0.0.1:1"
    deployed: dict[str, float] = field(default_factory=dict)
    delays: dict[str, str] = field(
        default_factory=lambda: {group_arn(name): "30" for name in SERVICES}
    )
    registered: list[str] = field(default_factory=list)
    updates: list[tuple[str, ServiceChange]] = field(default_factory=list)
    grace_seconds: int = 60
    breaker: Breaker = Breaker(enable=True, rollback=True)  # noqa: RUF009 - frozen
    gone: set[str] = field(default_factory=set)
    network: Network = Network(subnets=("s-a", "s-b"), security_groups=(APP.id,))  # noqa: RUF009
    firewall: dict[str, GroupSeen] = field(default_factory=lambda: {g.id: g for g in (ALB, APP)})
    releases: tuple[ServiceDeploymentView, ...] = ()
    history: list[tuple[str, str]] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    never_settles: bool = False
    allow_settings: bool = True

    @property
    def place(self) -> Place:
        return Place(
            kind="local",
            cluster="rehearsal",
            url=self.url,
            time_scale=SCALE,
            interval_ms=20.0,
            allow_settings=self.allow_settings,
        )

    def _call(self, name: str) -> None:
        if name in self.refuse:
            raise TargetError(f"{name}: AccessDeniedException")

    def setups(self) -> tuple[ServiceSetup, ...]:
        return tuple(
            ServiceSetup(
                name=view.name,
                task_definition=view.task_definition,
                desired_count=view.desired,
                minimum_healthy_percent=view.minimum_healthy_percent,
                groups=view.groups,
                stop_timeout=30,
            )
            for view in self.services()
        )

    def _age(self, service: str) -> float:
        return now_ms() - self.deployed[service] if service in self.deployed else -1.0

    def _drained(self, service: str) -> float:
        return DRAIN_MS + float(self.delays[group_arn(service)]) * 1000 / SCALE

    def services(self) -> tuple[ServiceView, ...]:
        self._call("DescribeServices")
        return tuple(map(self._service, SERVICES))

    def _service(self, name: str) -> ServiceView:
        age = self._age(name)
        busy = age >= 0 and (self.never_settles or age < self._drained(name) + STOP_MS + 50)
        new = DeploymentSeen(
            id="ecs-svc/2" if age >= 0 else "ecs-svc/1",
            status="PRIMARY",
            task_definition=definition_arn(name, 2 if age >= 0 else 1),
            rollout="IN_PROGRESS" if busy else "COMPLETED",
        )
        old = replace(new, id="ecs-svc/1", status="ACTIVE", task_definition=definition_arn(name, 1))
        event = EventView(f"{name}-1", now_ms(), f"(service {name}) has started 2 tasks: (task a).")
        return ServiceView(
            name=name,
            status="ACTIVE",
            task_definition=new.task_definition,
            desired=2,
            running=2,
            pending=0,
            minimum_healthy_percent=100,
            groups=(group_arn(name),),
            grace_seconds=self.grace_seconds,
            breaker=self.breaker,
            network=self.network,
            deployments=(new, old) if busy else (new,),
            events=(event,) if age >= 0 else (),
        )

    def tasks(self, known: Sequence[tuple[str, str]]) -> tuple[TaskView, ...]:
        self._call("ListTasks")
        asked = [task for _, task in known if task in self.gone]
        ended = [replace(self._task("order-api", 9, 2, "STOPPED"), task=task) for task in asked]
        return (*(view for name in SERVICES for view in self._tasks(name)), *ended)

    def _tasks(self, service: str) -> Iterator[TaskView]:
        age = self._age(service)
        for number in (1, 2):
            status, end = "RUNNING", self._drained(service)
            if age > RETIRE_MS:
                status = "DEACTIVATING" if age < end else "STOPPING"
            if age > end + STOP_MS:
                status = "STOPPED"
            yield self._task(service, number, 1, status)
            if age > START_MS:
                status = "RUNNING" if age > RUNNING_MS else "PENDING"
                yield self._task(service, number, 2, status)

    def _task(self, service: str, number: int, revision: int, status: str) -> TaskView:
        return TaskView(
            service=service,
            task=task_id(service, number, revision),
            status=status,
            desired="RUNNING" if status in ("PENDING", "RUNNING") else "STOPPED",
            health="HEALTHY",
            task_definition=f"{service}:{revision}",
            address=address(service, number, revision),
        )

    def health(self, group: str) -> tuple[HealthView, ...]:
        self._call("DescribeTargetHealth")
        service = next(name for name in SERVICES if group_arn(name) == group)
        return tuple(self._targets(service))

    def _targets(self, service: str) -> Iterator[HealthView]:
        age = self._age(service)
        for number in (1, 2):
            if age < self._drained(service):
                state = "healthy" if age < DRAIN_MS else "draining"
                yield HealthView(f"{address(service, number, 1)}:8080", state)
            if age > RUNNING_MS:
                state = "healthy" if age > HEALTHY_MS else "initial"
                yield HealthView(f"{address(service, number, 2)}:8080", state)

    def serving(self) -> list[str]:
        """Task ids of the targets of order-api that get requests now."""
        age = self._age("order-api")
        revision = 2 if age > HEALTHY_MS + 50 else 1
        return [task_id("order-api", number, revision) for number in (1, 2)]

    def attributes(self, group: str) -> Mapping[str, str]:
        return {DELAY: self.delays[group]}

    def set_attributes(self, group: str, attributes: Mapping[str, str]) -> None:
        undoing = (group, "5") in self.history
        self._call("undo" if undoing else "ModifyTargetGroupAttributes")
        self.history.append((group, attributes[DELAY]))
        self.delays[group] = attributes[DELAY]

    def health_check(self, group: str) -> Mapping[str, str]:
        return {"HealthCheckIntervalSeconds": "10"}

    def idle_timeout(self) -> float | None:
        return 60.0

    def definition(self, task_definition: str) -> DefinitionView:
        self._call("DescribeTaskDefinition")
        return DefinitionView(
            task_definition=task_definition.rsplit("/", 1)[-1],
            stop_timeout=30,
            environment={"DRAIN_SECONDS": "5", "KEEP_ALIVE_SECONDS": "75"},
        )

    def register_revision(self, service: str, revision: Revision) -> str:
        self._call("RegisterTaskDefinition")
        self.registered.append(revision.marker)
        return definition_arn(service, 2)

    def update_service(self, service: str, change: ServiceChange) -> None:
        self._call("UpdateService")
        self.updates.append((service, change))
        if change.task_definition is not None:
            self._deploy(service, change.task_definition)
        if change.grace_seconds is not None:
            self.grace_seconds = change.grace_seconds
        self.breaker = change.breaker or self.breaker
        self.network = change.network or self.network

    def _deploy(self, service: str, task_definition: str) -> None:
        if task_definition == definition_arn(service, 1):
            self.deployed.pop(service, None)
        else:
            self.deployed[service] = now_ms()

    def stop_task(self, task: str, reason: str) -> None:
        self._call("StopTask")
        self.gone.add(task)

    def stopped(self) -> frozenset[str]:
        return frozenset(self.gone)

    def service_deployments(self) -> tuple[ServiceDeploymentView, ...]:
        self._call("ListServiceDeployments")
        return self.releases

    def balancer_groups(self) -> tuple[str, ...]:
        return (ALB.id,)

    def security_groups(self, ids: Sequence[str]) -> tuple[GroupSeen, ...]:
        self._call("DescribeSecurityGroups")
        return tuple(self.firewall[one] for one in ids)

    def make_security_group(
        self, name: str, like: Sequence[GroupSeen], rules: Sequence[RuleSeen]
    ) -> str:
        self._call("CreateSecurityGroup")
        made = f"sg-{len(self.firewall)}"
        self.firewall[made] = GroupSeen(id=made, name=name, vpc=like[0].vpc, rules=tuple(rules))
        return made

    def remove_security_group(self, name: str) -> bool:
        self._call("DeleteSecurityGroup")
        found = [group.id for group in self.firewall.values() if group.name == name]
        for one in found:
            if one in self.network.security_groups:
                raise TargetError(f"{one} has a dependent object")
            del self.firewall[one]
        return bool(found)

    def logs(self, since_ms: float) -> tuple[LogView, ...]:
        return tuple(
            LogView(
                self.deployed[service] + self._drained(service) + 5,
                service,
                task_id(service, number, 1),
                "sigterm",
            )
            for service in self.deployed
            for number in (1, 2)
        )

    def access(self, since_ms: float) -> tuple[AccessView, ...] | None:
        return ()


def task_id(service: str, number: int, revision: int) -> str:
    return f"{SERVICES.index(service)}{number}{revision}".ljust(32, "0")


def address(service: str, number: int, revision: int) -> str:
    return f"127.10.{SERVICES.index(service)}.{revision}{number}"


@contextmanager
def front(target: FakeTarget, status: int = 200) -> Iterator[FakeTarget]:
    """Serve probes, orders and load on a free port, as a task of the target would."""
    count = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # one segment per answer: no wait for a delayed ACK

        def do_GET(self) -> None:
            nonlocal count
            count += 1
            serving = target.serving()
            content = json.dumps({"orders": [], "next_cursor": None}).encode()
            self.send_response(404 if self.path == "/healthz" else status)
            self.send_header("x-task-id", serving[count % len(serving)])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    target.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield target
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

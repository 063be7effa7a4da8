"""An ECS client in memory: one service whose deployments go as a test's plot says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chaos.account import Clients

ARN = "arn:aws:ecs:eu-central-1:0"
T0 = datetime(2026, 11, 28, 12, tzinfo=UTC)

# One thing that happens; a plot is what happens at each look after the update.
Event = Callable[["FakeEcs"], None]


def nothing(_ecs: "FakeEcs") -> None:
    pass


@dataclass
class FakeEcs:
    """boto3's ECS client as far as following needs it. `calls` has every operation's name.

    `errors` maps an operation to codes that its next calls fail with; the last stays if it ends
    with an exclamation mark.
    """

    plot: list[Event] = field(default_factory=list)
    desired: int = 2
    events: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    definitions: list[dict[str, Any]] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    gone: bool = False
    rollouts: bool = True
    begun: bool = False
    keeps_deployment: bool = False  # as moto does
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.definitions.append(
            {
                "taskDefinitionArn": f"{ARN}:task-definition/app:1",
                "family": "app",
                "revision": 1,
                "status": "ACTIVE",
                "registeredAt": T0,
                "containerDefinitions": [
                    {"name": "sidecar", "image": "sidecar:1"},
                    {
                        "name": "app",
                        "image": "app:1",
                        "portMappings": [{"containerPort": 80}],
                        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                        "secrets": [{"name": "S", "valueFrom": "arn:s"}],
                    },
                ],
            }
        )
        self.start("app:1")
        self.finish("SUCCESSFUL")
        self.releases[0]["createdAt"] = T0 - timedelta(days=1)

    # what happens

    def start(self, definition: str) -> str:
        """A new PRIMARY deployment with running tasks of its own; the former is ACTIVE."""
        number = len(self.releases) + 1
        for former in self.deployments:
            former["status"] = "ACTIVE"
        for release in self.releases:
            if release["status"] == "IN_PROGRESS":
                release.update(status="STOPPED", statusReason="A newer deployment was started.")
        identity = f"ecs-svc/{number}"
        deployment = {
            "id": identity,
            "status": "PRIMARY",
            "taskDefinition": f"{ARN}:task-definition/{definition}",
            "rolloutStateReason": f"ECS deployment {identity} in progress.",
        }
        if self.rollouts:
            deployment["rolloutState"] = "IN_PROGRESS"
        self.deployments.insert(0, deployment)
        self.releases.insert(
            0,
            {
                "serviceDeploymentArn": f"{ARN}:service-deployment/c/app/release{number}",
                "targetServiceRevision": {"arn": f"{ARN}:service-revision/c/app/{number}"},
                "serviceArn": f"{ARN}:service/c/app",
                "status": "IN_PROGRESS",
                "createdAt": T0 + timedelta(seconds=number),
                "deploymentCircuitBreaker": {
                    "status": "MONITORING",
                    "failureCount": 0,
                    "threshold": 3,
                },
            },
        )
        for index in range(self.desired):
            self.tasks.append(self._task(identity, definition, f"{number}{index}"))
        return identity

    def _task(self, deployment: str, definition: str, name: str) -> dict[str, Any]:
        return {
            "taskArn": f"{ARN}:task/c/{name.ljust(32, '0')}",
            "taskDefinitionArn": f"{ARN}:task-definition/{definition}",
            "startedBy": deployment,
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "group": "service:app",
        }

    def finish(self, status: str, **members: Any) -> None:
        """The newest deployment succeeds: the others and their tasks are gone."""
        primary = self.deployments[0]
        self.releases[0].update(status=status, **members)
        self._complete(primary)

    def _complete(self, primary: dict[str, Any]) -> None:
        if self.rollouts:
            primary["rolloutState"] = "COMPLETED"
        self.deployments = [primary]
        for task in self.tasks:
            if task["startedBy"] != primary["id"] and not _ended(task):
                task.update(
                    lastStatus="STOPPED",
                    desiredStatus="STOPPED",
                    stopCode="ServiceSchedulerInitiated",
                    stoppedReason=f"Scaling activity initiated by (deployment {primary['id']})",
                    containers=[{"name": "app", "exitCode": 0}],
                )

    def end_task(self, code: int = 3, reason: str = "Essential container in task exited") -> None:
        """A task of the newest deployment ends and is not replaced."""
        identity = self.deployments[0]["id"]
        task = next(t for t in self.tasks if t["startedBy"] == identity and not _ended(t))
        task.update(
            lastStatus="STOPPED",
            desiredStatus="STOPPED",
            stopCode="EssentialContainerExited",
            stoppedReason=reason,
            containers=[{"name": "app", "exitCode": code}],
        )

    def trip(self, *, back: bool, status: str = "ROLLBACK_SUCCESSFUL") -> None:
        """The circuit breaker: 3 of 3; back to the former deployment, or not at all."""
        failed = self.deployments[0]
        if self.rollouts:
            failed["rolloutState"] = "FAILED"
        failed["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
        breaker = {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
        self.releases[0]["deploymentCircuitBreaker"] = breaker
        if not back:
            self.releases[0].update(status="STOPPED", statusReason="The breaker tripped.")
            return
        home = self.deployments[1]
        home["status"], failed["status"] = "PRIMARY", "ACTIVE"
        home["rolloutStateReason"] = (
            f"ECS deployment circuit breaker: rolling back to {home['id']}."
        )
        number = home["id"].removeprefix("ecs-svc/")
        self.releases[0].update(
            status=status,
            statusReason="Service deployment rolled back because the circuit breaker threshold"
            " was exceeded.",
            rollback={"serviceRevisionArn": f"{ARN}:service-revision/c/app/{number}"},
        )
        self._complete(home)

    def say(self, message: str) -> None:
        at = datetime.now(UTC)
        event = {"id": f"e{len(self.events)}", "createdAt": at, "message": message}
        self.events.insert(0, event)

    # boto3's client

    def _call(self, name: str) -> None:
        self.calls.append(name)
        codes = self.errors.get(name, [])
        if codes:
            code = codes[0] if codes[0].endswith("!") else codes.pop(0)
            answer = {"Error": {"Code": code.rstrip("!"), "Message": f"{name} says {code}"}}
            raise ClientError(answer, name)

    def describe_clusters(self, **_: Any) -> dict[str, Any]:
        self._call("DescribeClusters")
        return {"clusters": [{"status": "ACTIVE", "clusterName": "c", "tags": []}]}

    def describe_services(self, **_: Any) -> dict[str, Any]:
        self._call("DescribeServices")
        if (self.begun or "UpdateService" in self.calls) and self.plot:
            self.plot.pop(0)(self)
        return {"services": [] if self.gone else [self._service()], "failures": []}

    def _service(self) -> dict[str, Any]:
        primary = self.deployments[0]
        running = [t for t in self.tasks if not _ended(t)]
        return {
            "serviceName": "app",
            "status": "ACTIVE",
            "taskDefinition": primary["taskDefinition"],
            "desiredCount": self.desired,
            "runningCount": len(running),
            "pendingCount": 0,
            "deployments": [dict(d) for d in self.deployments],
            "events": list(self.events),
            "loadBalancers": [],
            **self.members,
        }

    def update_service(self, **given: Any) -> dict[str, Any]:
        self._call("UpdateService")
        self.inputs["UpdateService"] = given
        name = given["taskDefinition"].rsplit("/", 1)[-1]
        if self.keeps_deployment:
            self.deployments[0]["taskDefinition"] = given["taskDefinition"]
        elif given["forceNewDeployment"] or not self.deployments[0]["taskDefinition"].endswith(
            name
        ):
            self.start(name)
        return {"service": self._service()}

    def describe_task_definition(self, **given: Any) -> dict[str, Any]:
        self._call("DescribeTaskDefinition")
        found = {d["taskDefinitionArn"]: d for d in self.definitions}
        return {
            "taskDefinition": found.get(given["taskDefinition"], self.definitions[0]),
            "tags": [],
        }

    def register_task_definition(self, **given: Any) -> dict[str, Any]:
        self._call("RegisterTaskDefinition")
        revision = len(self.definitions) + 1
        arn = f"{ARN}:task-definition/app:{revision}"
        made = {**given, "taskDefinitionArn": arn, "revision": revision}
        self.definitions.append(made)
        return {"taskDefinition": made}

    def list_service_deployments(self, **_: Any) -> dict[str, Any]:
        self._call("ListServiceDeployments")
        briefs = [
            {**r, "targetServiceRevisionArn": r["targetServiceRevision"]["arn"]}
            for r in self.releases
        ]
        return {"serviceDeployments": briefs}

    def describe_service_deployments(self, **given: Any) -> dict[str, Any]:
        self._call("DescribeServiceDeployments")
        wanted = given["serviceDeploymentArns"]
        return {
            "serviceDeployments": [r for r in self.releases if r["serviceDeploymentArn"] in wanted]
        }

    def describe_service_revisions(self, **given: Any) -> dict[str, Any]:
        self._call("DescribeServiceRevisions")
        wanted = {arn: f"ecs-svc/{arn.rsplit('/', 1)[-1]}" for arn in given["serviceRevisionArns"]}
        found = {d["id"]: d["taskDefinition"] for d in self.deployments}
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": arn, "taskDefinition": found.get(identity, "app:0")}
                for arn, identity in wanted.items()
            ]
        }

    def stop_service_deployment(self, **given: Any) -> None:
        self._call("StopServiceDeployment")
        self.inputs["StopServiceDeployment"] = given

    def describe_tasks(self, **given: Any) -> dict[str, Any]:
        self._call("DescribeTasks")
        wanted = given["tasks"]
        self.asked.update(wanted)
        return {"tasks": [t for t in self.tasks if t["taskArn"].rsplit("/", 1)[-1] in wanted]}

    def get_paginator(self, name: str) -> "FakeEcs":
        assert name == "list_tasks"
        return self

    def paginate(self, **given: Any) -> Iterator[Mapping[str, Any]]:
        self._call("ListTasks")
        wanted = given.get("desiredStatus", "RUNNING")
        yield {"taskArns": [t["taskArn"] for t in self.tasks if t["desiredStatus"] == wanted]}


def _ended(task: Mapping[str, Any]) -> bool:
    return bool(task["desiredStatus"] == "STOPPED")


GROUP = "arn:aws:elasticloadbalancing:eu-central-1:0:targetgroup/app/0123456789abcdef"


@dataclass
class FakeElb:
    """boto3's ELBv2 client with one target group: the addresses' states."""

    states: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.errors:
            raise ClientError({"Error": {"Code": self.errors[name], "Message": "no"}}, name)

    def describe_target_health(self, **_: Any) -> dict[str, Any]:
        self._call("DescribeTargetHealth")
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": ip, "Port": 80}, "TargetHealth": {"State": state}}
                for ip, state in self.states.items()
            ]
        }

    def describe_target_group_attributes(self, **_: Any) -> dict[str, Any]:
        self._call("DescribeTargetGroupAttributes")
        pair = {"Key": "deregistration_delay.timeout_seconds", "Value": "0"}
        return {"Attributes": [pair]}


def clients(ecs: FakeEcs, elb: FakeElb | None = None) -> Clients:
    return Clients(ecs, elb, None, "eu-central-1", None)

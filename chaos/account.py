"""A target behind boto3: AWS itself or the local plane, by the same calls."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chaos import firewall
from chaos.answers import (
    access_views,
    definition_view,
    health_view,
    log_view,
    next_revision,
    revisions_of,
    service_deployment_view,
    service_update,
    service_view,
    task_view,
)
from chaos.effect import IDLE_TIMEOUT
from chaos.entries import GroupSeen, RuleSeen
from chaos.errors import TargetError
from chaos.run import ServiceSetup
from chaos.target import (
    AccessView,
    DefinitionView,
    HealthView,
    LogView,
    Place,
    Revision,
    ServiceChange,
    ServiceDeploymentView,
    ServiceView,
    TaskView,
)

DESCRIBED_AT_ONCE = 100  # DescribeTasks' limit
SERVICE_DEPLOYMENTS_MAX = 5  # of each service; DescribeServiceDeployments takes 20
LOG_PAGES_MAX = 50
LOG_EVENTS = ("listening", "sigterm")
HEALTH_CHECK = (
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
)
ACCESS_TIMEOUT_SECONDS = 30.0

Client = Any  # boto3 makes its clients at run time and has no types


@dataclass(frozen=True, slots=True)
class Clients:
    ecs: Client
    elbv2: Client
    logs: Client
    region: str
    endpoint_url: str | None
    ec2: Client = None  # security groups; a following needs none


def connect(region: str | None, endpoint_url: str | None) -> Clients:
    """Make the clients: 3 s to connect, 10 s to answer, 3 attempts. Nothing is called.

    With an endpoint and no credentials in the environment, dummy ones are used: the local plane
    on loopback does not check them.
    """
    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=8,
        inject_host_prefix=False,
    )
    session = boto3.Session(region_name=_region(region, endpoint_url), **_dummy(endpoint_url))
    if session.region_name is None:
        raise TargetError("no AWS region: set AWS_REGION or pass --region")

    def client(name: str) -> Client:
        return session.client(name, endpoint_url=endpoint_url, config=config)

    return Clients(
        client("ecs"),
        client("elbv2"),
        client("logs"),
        session.region_name,
        endpoint_url,
        client("ec2"),
    )


def _region(region: str | None, endpoint_url: str | None) -> str | None:
    fallback = "eu-central-1" if endpoint_url else None
    return (
        region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or fallback
    )


def _dummy(endpoint_url: str | None) -> dict[str, str]:
    if endpoint_url is None or "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ:
        return {}
    return {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn boto3's and httpx's errors into TargetError, naming the call."""
    try:
        yield
    except (ClientError, BotoCoreError, httpx.HTTPError) as error:
        raise TargetError(f"{what}: {error}") from error


@dataclass(frozen=True, slots=True)
class Account:
    """The services a drill is about, in one cluster of one account. See chaos.target.Target."""

    clients: Clients
    place: Place
    names: tuple[str, ...]
    load_balancer: str | None = None
    _definitions: dict[str, str] = field(default_factory=dict)  # by service revision; never change

    def services(self) -> tuple[ServiceView, ...]:
        with calling("DescribeServices"):
            answer = self.clients.ecs.describe_services(
                cluster=self.place.cluster, services=list(self.names)
            )
        return tuple(sorted(map(service_view, answer["services"]), key=lambda s: s.name))

    def setups(self) -> tuple[ServiceSetup, ...]:
        return tuple(
            ServiceSetup(
                name=view.name,
                task_definition=view.task_definition,
                desired_count=view.desired,
                minimum_healthy_percent=view.minimum_healthy_percent,
                groups=view.groups,
                stop_timeout=self._stop_timeout(view.task_definition),
            )
            for view in self.services()
        )

    def _stop_timeout(self, task_definition: str) -> int:
        with calling("DescribeTaskDefinition"):
            answer = self.clients.ecs.describe_task_definition(taskDefinition=task_definition)
        containers = answer["taskDefinition"]["containerDefinitions"]
        return max(c.get("stopTimeout") or 30 for c in containers)

    def tasks(self, known: Sequence[tuple[str, str]]) -> tuple[TaskView, ...]:
        wanted = {task for service, task in known}
        with calling("ListTasks"):
            for name in self.names:
                pages = self.clients.ecs.get_paginator("list_tasks").paginate(
                    cluster=self.place.cluster, serviceName=name
                )
                wanted.update(arn.rsplit("/", 1)[-1] for page in pages for arn in page["taskArns"])
        return tuple(v for v in self._described(sorted(wanted)) if v.service in self.names)

    def _described(self, tasks: Sequence[str]) -> Iterator[TaskView]:
        for start in range(0, len(tasks), DESCRIBED_AT_ONCE):
            with calling("DescribeTasks"):
                answer = self.clients.ecs.describe_tasks(
                    cluster=self.place.cluster, tasks=tasks[start : start + DESCRIBED_AT_ONCE]
                )
            yield from map(task_view, answer["tasks"])

    def stopped(self) -> frozenset[str]:
        found: set[str] = set()
        with calling("ListTasks"):
            for name in self.names:
                pages = self.clients.ecs.get_paginator("list_tasks").paginate(
                    cluster=self.place.cluster, serviceName=name, desiredStatus="STOPPED"
                )
                found.update(arn.rsplit("/", 1)[-1] for page in pages for arn in page["taskArns"])
        return frozenset(found)

    def service_deployments(self) -> tuple[ServiceDeploymentView, ...]:
        found: list[ServiceDeploymentView] = []
        for name in self.names:
            with calling("ListServiceDeployments"):
                listed = self.clients.ecs.list_service_deployments(
                    cluster=self.place.cluster, service=name, maxResults=SERVICE_DEPLOYMENTS_MAX
                )
            arns = [brief["serviceDeploymentArn"] for brief in listed["serviceDeployments"]]
            if arns:
                found += self._service_deployments(arns)
        return tuple(found)

    def _service_deployments(self, arns: list[str]) -> list[ServiceDeploymentView]:
        with calling("DescribeServiceDeployments"):
            answer = self.clients.ecs.describe_service_deployments(serviceDeploymentArns=arns)
        described = answer["serviceDeployments"]
        wanted = {arn for each in described for arn in revisions_of(each)}
        self._learn(sorted(wanted - self._definitions.keys()))
        return [
            service_deployment_view(each, self._definitions)
            for each in described
            if "targetServiceRevision" in each
        ]

    def _learn(self, revisions: list[str]) -> None:
        """Remember the task definitions of these service revisions."""
        if not revisions:
            return
        with calling("DescribeServiceRevisions"):
            answer = self.clients.ecs.describe_service_revisions(serviceRevisionArns=revisions)
        for revision in answer["serviceRevisions"]:
            self._definitions[revision["serviceRevisionArn"]] = revision["taskDefinition"]

    def health(self, group: str) -> tuple[HealthView, ...]:
        with calling("DescribeTargetHealth"):
            answer = self.clients.elbv2.describe_target_health(TargetGroupArn=group)
        return tuple(map(health_view, answer["TargetHealthDescriptions"]))

    def attributes(self, group: str) -> Mapping[str, str]:
        with calling("DescribeTargetGroupAttributes"):
            answer = self.clients.elbv2.describe_target_group_attributes(TargetGroupArn=group)
        return {pair["Key"]: pair["Value"] for pair in answer["Attributes"]}

    def set_attributes(self, group: str, attributes: Mapping[str, str]) -> None:
        pairs = [{"Key": key, "Value": value} for key, value in attributes.items()]
        with calling("ModifyTargetGroupAttributes"):
            self.clients.elbv2.modify_target_group_attributes(
                TargetGroupArn=group, Attributes=pairs
            )

    def health_check(self, group: str) -> Mapping[str, str]:
        with calling("DescribeTargetGroups"):
            answer = self.clients.elbv2.describe_target_groups(TargetGroupArns=[group])
        described = answer["TargetGroups"][0]
        return {name: str(described[name]) for name in HEALTH_CHECK if name in described}

    def idle_timeout(self) -> float | None:
        if self.load_balancer is None:
            return None
        with calling("DescribeLoadBalancerAttributes"):
            found = self.clients.elbv2.describe_load_balancers(Names=[self.load_balancer])
            arn = found["LoadBalancers"][0]["LoadBalancerArn"]
            answer = self.clients.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)
        values = {pair["Key"]: pair["Value"] for pair in answer["Attributes"]}
        return float(values[IDLE_TIMEOUT]) if IDLE_TIMEOUT in values else None

    def definition(self, task_definition: str) -> DefinitionView:
        with calling("DescribeTaskDefinition"):
            answer = self.clients.ecs.describe_task_definition(taskDefinition=task_definition)
        return definition_view(answer["taskDefinition"])

    def register_revision(self, service: str, revision: Revision) -> str:
        current = next(view for view in self.services() if view.name == service)
        with calling("RegisterTaskDefinition"):
            answer = self.clients.ecs.describe_task_definition(
                taskDefinition=current.task_definition, include=["TAGS"]
            )
            request = next_revision(answer["taskDefinition"], answer.get("tags", []), revision)
            made = self.clients.ecs.register_task_definition(**request)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def update_service(self, service: str, change: ServiceChange) -> None:
        cluster = self.place.cluster
        with calling("UpdateService"):
            configuration: Mapping[str, object] = {}
            if change.breaker is not None:
                answer = self.clients.ecs.describe_services(cluster=cluster, services=[service])
                configuration = answer["services"][0].get("deploymentConfiguration", {})
            self.clients.ecs.update_service(
                cluster=cluster, service=service, **service_update(change, configuration)
            )

    def stop_task(self, task: str, reason: str) -> None:
        with calling("StopTask"):
            self.clients.ecs.stop_task(cluster=self.place.cluster, task=task, reason=reason)

    def balancer_groups(self) -> tuple[str, ...]:
        if self.load_balancer is None:
            return ()
        with calling("DescribeLoadBalancers"):
            found = self.clients.elbv2.describe_load_balancers(Names=[self.load_balancer])
        return tuple(found["LoadBalancers"][0].get("SecurityGroups", ()))

    def security_groups(self, ids: Sequence[str]) -> tuple[GroupSeen, ...]:
        with calling("DescribeSecurityGroups"):
            return firewall.groups(self.clients.ec2, ids)

    def make_security_group(
        self, name: str, like: Sequence[GroupSeen], rules: Sequence[RuleSeen]
    ) -> str:
        with calling("CreateSecurityGroup"):
            return firewall.make(self.clients.ec2, name, like, rules)

    def remove_security_group(self, name: str) -> bool:
        with calling("DeleteSecurityGroup"):
            return firewall.remove(self.clients.ec2, name, self.place.time_scale)

    def logs(self, since_ms: float) -> tuple[LogView, ...]:
        found: list[LogView] = []
        for view in self.services():
            for group in self._log_groups(view.task_definition):
                for event in LOG_EVENTS:
                    found += self._log_lines(view.name, group, event, since_ms)
        return tuple(found)

    def _log_groups(self, task_definition: str) -> list[str]:
        with calling("DescribeTaskDefinition"):
            answer = self.clients.ecs.describe_task_definition(taskDefinition=task_definition)
        options = [
            container.get("logConfiguration", {}).get("options", {})
            for container in answer["taskDefinition"]["containerDefinitions"]
        ]
        return sorted({o["awslogs-group"] for o in options if "awslogs-group" in o})

    def _log_lines(
        self, service: str, group: str, event: str, since_ms: float
    ) -> Iterator[LogView]:
        request = {
            "logGroupName": group,
            "startTime": int(since_ms),
            "filterPattern": f'"{event}"',
        }
        for _ in range(LOG_PAGES_MAX):
            with calling("FilterLogEvents"):
                answer = self.clients.logs.filter_log_events(**request)
            views = (log_view(service, line) for line in answer["events"])
            yield from (view for view in views if view is not None and view.event == event)
            if not answer.get("nextToken"):
                return
            request["nextToken"] = answer["nextToken"]

    def access(self, since_ms: float) -> tuple[AccessView, ...] | None:
        if self.place.kind != "local" or self.load_balancer is None:
            return None
        url = f"{self.clients.endpoint_url}/_rehearse/access-log"
        query = {"load-balancer": self.load_balancer, "since_ms": str(int(since_ms))}
        with (
            calling("the plane's access log"),
            httpx.stream("GET", url, params=query, timeout=ACCESS_TIMEOUT_SECONDS) as answer,
        ):
            answer.raise_for_status()
            return access_views(answer.iter_lines())


# What resolve() needs to make clients; a test passes its own.
Connect = Callable[[str | None, str | None], Clients]

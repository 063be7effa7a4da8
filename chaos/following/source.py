"""One service of one cluster behind boto3: what following reads, and what deploying changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chaos.account import Clients, calling
from chaos.answers import deployment_of, service_view
from chaos.errors import TargetError, UsageError
from chaos.following.answers import Answer, release, task_fact
from chaos.following.facts import Followed, Release, Sight, TaskFact
from chaos.target import ServiceView

DESCRIBED_AT_ONCE = 100  # DescribeTasks' limit
RELEASES_AT_ONCE = 20  # DescribeServiceDeployments' limit
# An endpoint that does not know an operation says so in one of these ways (moto: a bare 500).
UNKNOWN_OPERATION = (
    "UnknownOperationException",
    "InvalidAction",
    "NotImplemented",
    "NotImplementedException",
    "UnsupportedOperation",
    "404",
    "500",
    "501",
)
DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")


def error_code(error: TargetError) -> str:
    """AWS's code behind the error; `501` for that HTTP status; empty if there was no answer."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return ""
    status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return "501" if status == 501 else str(cause.response.get("Error", {}).get("Code", ""))


class Deployed(NamedTuple):
    """UpdateService's answer: the deployment that it started, or the one that was there."""

    deployment: str
    task_definition: str


@dataclass(slots=True)
class ServiceSource:
    """See `look`. `note` says once, in a sentence, what cannot be seen here; empty: all can."""

    clients: Clients
    cluster: str
    service: str
    note: str = ""
    _past: frozenset[str] = frozenset()  # tasks that had ended before
    _ended: dict[str, TaskFact] = field(default_factory=dict)

    def describe(self) -> ServiceView:
        """The service now. UsageError if the cluster has no such active service."""
        return service_view(self.raw_service())

    def raw_service(self) -> Answer:
        with calling("DescribeServices"):
            answer = self.clients.ecs.describe_services(
                cluster=self.cluster, services=[self.service]
            )
        found: list[Answer] = [s for s in answer["services"] if s["status"] != "INACTIVE"]
        if not found:
            raise UsageError(
                f"cluster {self.cluster!r} has no active service {self.service!r};"
                f" list them with `aws ecs list-services --cluster {self.cluster}`"
            )
        return found[0]

    def check_controller(self) -> None:
        """UsageError unless ECS itself deploys: others' deployments have no end to follow here."""
        raw = self.raw_service()
        kind = raw.get("deploymentController", {}).get("type", "ECS")
        if kind != "ECS":
            raise UsageError(
                f"{self.service} has the deployment controller {kind}: follow it by that"
            )

    def forget_past(self) -> None:
        """Tasks that have ended by now are none of the deployment that follows: ask for none."""
        self._past = frozenset(self._listed("STOPPED"))

    def look(self, followed: Followed) -> Sight:
        """Everything that tells how the deployment goes.

        The releases first: what ended one, as a newer deployment does, is then in the service too.
        """
        releases = self._releases(followed)
        view = self.describe()
        tasks = tuple(self._described(self._listed("RUNNING")))
        self._look_at_ended()
        ended = tuple(t for t in self._ended.values() if t.deployment == followed.deployment)
        return Sight(service=view, releases=releases, tasks=tasks, ended=ended)

    def _look_at_ended(self) -> None:
        new = [t for t in self._listed("STOPPED") if t not in self._past and t not in self._ended]
        for fact in self._described(new):
            if fact.status == "STOPPED":
                self._ended[fact.task] = fact

    def _listed(self, desired: str) -> list[str]:
        with calling("ListTasks"):
            pages = self.clients.ecs.get_paginator("list_tasks").paginate(
                cluster=self.cluster, serviceName=self.service, desiredStatus=desired
            )
            return [arn.rsplit("/", 1)[-1] for page in pages for arn in page["taskArns"]]

    def _described(self, tasks: Sequence[str]) -> Iterator[TaskFact]:
        for start in range(0, len(tasks), DESCRIBED_AT_ONCE):
            with calling("DescribeTasks"):
                answer = self.clients.ecs.describe_tasks(
                    cluster=self.cluster, tasks=list(tasks[start : start + DESCRIBED_AT_ONCE])
                )
            yield from map(task_fact, answer["tasks"])

    def _releases(self, followed: Followed) -> tuple[Release, ...] | None:
        """The service deployments of the followed one; None where they cannot be had."""
        if self.note:
            return None
        try:
            with calling("ListServiceDeployments"):
                answer = self.clients.ecs.list_service_deployments(
                    cluster=self.cluster, service=self.service, maxResults=100
                )
            return self._describe_releases(answer["serviceDeployments"], followed)
        except TargetError as error:
            if error_code(error) not in (*UNKNOWN_OPERATION, *DENIED):
                raise
            self.note = f"service deployments cannot be seen here ({error}): rollout states tell"
            return None

    def _describe_releases(
        self, briefs: Sequence[Answer], followed: Followed
    ) -> tuple[Release, ...]:
        arns = [
            brief["serviceDeploymentArn"]
            for brief in briefs
            if deployment_of(brief.get("targetServiceRevisionArn", "")) == followed.deployment
        ][:RELEASES_AT_ONCE]
        if not arns:
            return ()
        with calling("DescribeServiceDeployments"):
            answer = self.clients.ecs.describe_service_deployments(serviceDeploymentArns=arns)
        return tuple(map(release, answer["serviceDeployments"]))

    def definition(self, name: str) -> tuple[Answer, list[Answer]]:
        """A task definition and its tags."""
        with calling("DescribeTaskDefinition"):
            answer = self.clients.ecs.describe_task_definition(
                taskDefinition=name, include=["TAGS"]
            )
        return answer["taskDefinition"], list(answer.get("tags", []))

    def register(self, request: dict[str, Any]) -> str:
        """Register a revision; its ARN. Any: boto3's own parameters."""
        with calling("RegisterTaskDefinition"):
            made = self.clients.ecs.register_task_definition(**request)
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def update(self, task_definition: str, *, force: bool) -> Deployed:
        """Tell the service to run it; which deployment does."""
        with calling("UpdateService"):
            answer = self.clients.ecs.update_service(
                cluster=self.cluster,
                service=self.service,
                taskDefinition=task_definition,
                forceNewDeployment=force,
            )
        primary = next(
            (d for d in answer["service"].get("deployments", []) if d["status"] == "PRIMARY"), None
        )
        if primary is None:
            raise TargetError("UpdateService: the answer has no PRIMARY deployment")
        return Deployed(primary["id"], primary["taskDefinition"])

    def roll_back(self, arn: str) -> None:
        """StopServiceDeployment: ask ECS to go back to the last completed deployment."""
        with calling("StopServiceDeployment"):
            self.clients.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")

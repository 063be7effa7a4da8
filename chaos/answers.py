"""boto3's answers into the drill's nouns, once. Nobody else reads their members, but for EC2's:
`chaos.firewall`.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chaos.clock import to_ms
from chaos.entries import DeploymentSeen
from chaos.target import (
    AccessView,
    Breaker,
    DefinitionView,
    EventView,
    HealthView,
    LogView,
    Network,
    Revision,
    ServiceChange,
    ServiceDeploymentView,
    ServiceView,
    TaskView,
)

# boto3 has no types: an answer is a dict of the members in botocore's service models.
Answer = Mapping[str, Any]

# What DescribeTaskDefinition returns and RegisterTaskDefinition refuses.
_NOT_REGISTERED = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
)

_THRESHOLD = {"type": "BOUNDED_PERCENT", "value": 50}  # where the service has none (R3.2)


def service_view(answer: Answer) -> ServiceView:
    """One element of DescribeServices' `services`."""
    configuration = answer.get("deploymentConfiguration", {})
    balancers = answer.get("loadBalancers", [])
    return ServiceView(
        name=answer["serviceName"],
        status=answer["status"],
        task_definition=answer["taskDefinition"],
        desired=answer["desiredCount"],
        running=answer["runningCount"],
        pending=answer["pendingCount"],
        minimum_healthy_percent=configuration.get("minimumHealthyPercent", 100),
        groups=tuple(b["targetGroupArn"] for b in balancers if "targetGroupArn" in b),
        deployments=tuple(_deployment(d) for d in answer.get("deployments", [])),
        events=tuple(
            EventView(e["id"], to_ms(e["createdAt"]), e["message"])
            for e in answer.get("events", [])
        ),
        grace_seconds=answer.get("healthCheckGracePeriodSeconds") or 0,
        breaker=_breaker(configuration.get("deploymentCircuitBreaker", {})),
        network=_network(answer.get("networkConfiguration", {}).get("awsvpcConfiguration")),
    )


def _network(answer: Answer | None) -> Network | None:
    if answer is None:
        return None
    return Network(
        subnets=tuple(answer["subnets"]),
        security_groups=tuple(answer.get("securityGroups", ())),
        public_address=answer.get("assignPublicIp", "DISABLED"),
    )


def _breaker(answer: Answer) -> Breaker:
    threshold = {**_THRESHOLD, **answer.get("thresholdConfiguration", {})}
    return Breaker(
        enable=answer.get("enable", False),
        rollback=answer.get("rollback", False),
        threshold_type=threshold["type"],
        threshold_value=threshold["value"],
    )


def _deployment(answer: Answer) -> DeploymentSeen:
    return DeploymentSeen(
        id=answer["id"],
        status=answer["status"],
        task_definition=answer["taskDefinition"],
        rollout=answer.get("rolloutState", ""),
        reason=answer.get("rolloutStateReason", ""),
        failed_tasks=answer.get("failedTasks", 0),
    )


def task_view(answer: Answer) -> TaskView:
    """One element of DescribeTasks' `tasks`."""
    containers = answer.get("containers", [])
    codes = [c["exitCode"] for c in containers if "exitCode" in c]
    return TaskView(
        service=answer.get("group", "").removeprefix("service:"),
        task=answer["taskArn"].rsplit("/", 1)[-1],
        status=answer["lastStatus"],
        desired=answer["desiredStatus"],
        health=answer.get("healthStatus", "UNKNOWN"),
        task_definition=answer["taskDefinitionArn"].rsplit("/", 1)[-1],
        address=_address(answer),
        stop_code=answer.get("stopCode"),
        reason=answer.get("stoppedReason"),
        exit_code=codes[0] if codes else None,
        started_ms=_time(answer, "startedAt"),
        stopped_ms=_time(answer, "stoppedAt"),
        started_by=answer.get("startedBy"),
    )


def _time(answer: Answer, name: str) -> float | None:
    return to_ms(answer[name]) if name in answer else None


def service_deployment_view(
    answer: Answer, definitions: Mapping[str, str]
) -> ServiceDeploymentView:
    """One element of DescribeServiceDeployments' `serviceDeployments`.

    `definitions` are the task definitions of service revisions, by the revision's ARN.
    """
    breaker, rollback = answer.get("deploymentCircuitBreaker", {}), answer.get("rollback", {})
    return ServiceDeploymentView(
        service=answer["serviceArn"].rsplit("/", 1)[-1],
        id=answer["serviceDeploymentArn"].rsplit("/", 1)[-1],
        status=answer["status"],
        task_definition=definitions.get(answer["targetServiceRevision"]["arn"], ""),
        reason=answer.get("statusReason"),
        breaker=breaker.get("status"),
        failures=breaker.get("failureCount", 0),
        threshold=breaker.get("threshold"),
        rollback_reason=rollback.get("reason"),
        rolled_back_to=definitions.get(rollback.get("serviceRevisionArn", "")),
        deployment=deployment_of(answer["targetServiceRevision"]["arn"]),
    )


def deployment_of(revision: str) -> str:
    """`ecs-svc/N` of a service revision's ARN, which has its number (R3.16); "" for none."""
    return f"ecs-svc/{revision.rsplit('/', 1)[-1]}" if revision else ""


def revisions_of(answer: Answer) -> set[str]:
    """The ARNs of the service revisions that a service deployment speaks of."""
    found = {answer["targetServiceRevision"]["arn"]} if "targetServiceRevision" in answer else set()
    rollback = answer.get("rollback", {}).get("serviceRevisionArn")
    return found | {rollback} if rollback else found


def _address(answer: Answer) -> str | None:
    for attachment in answer.get("attachments", []):
        for detail in attachment.get("details", []):
            if detail.get("name") == "privateIPv4Address":
                return str(detail["value"])
    return None


def health_view(answer: Answer) -> HealthView:
    """One element of DescribeTargetHealth's `TargetHealthDescriptions`."""
    target, health = answer["Target"], answer["TargetHealth"]
    return HealthView(f"{target['Id']}:{target['Port']}", health["State"], health.get("Reason"))


def log_view(service: str, answer: Answer) -> LogView | None:
    """One element of FilterLogEvents' `events`; None unless it is a JSON line with an event."""
    try:
        line = json.loads(answer["message"])
    except ValueError:
        return None
    if not isinstance(line, dict) or not isinstance(line.get("event"), str):
        return None
    task = line.get("task") or answer.get("logStreamName", "").rsplit("/", 1)[-1]
    return LogView(_log_time(line, answer["timestamp"]), service, str(task), line["event"])


def _log_time(line: Answer, fallback_ms: float) -> float:
    try:
        return to_ms(datetime.fromisoformat(str(line["at"])))
    except (KeyError, ValueError):
        return float(fallback_ms)


def access_views(lines: Iterable[str]) -> tuple[AccessView, ...]:
    """The plane's access log, JSON lines; lines that are not such are left out."""
    views = []
    for line in lines:
        try:
            views.append(_access(json.loads(line)))
        except (ValueError, KeyError, TypeError):
            continue  # a line cut in the middle, at the end of a file being written
    return tuple(views)


def _access(answer: Answer) -> AccessView:
    return AccessView(
        at_ms=float(answer["at_ms"]),
        duration_ms=float(answer["duration_ms"]),
        method=str(answer["method"]),
        path=str(answer["path"]),
        status=int(answer["status"]),
        flags=str(answer.get("flags") or "-"),
        details=answer.get("details"),
        upstream=answer.get("upstream"),
        request_id=answer.get("request_id"),
    )


def definition_view(answer: Answer) -> DefinitionView:
    """DescribeTaskDefinition's `taskDefinition`."""
    container = _application(answer["containerDefinitions"])
    return DefinitionView(
        task_definition=answer["taskDefinitionArn"].rsplit("/", 1)[-1],
        stop_timeout=container.get("stopTimeout") or 30,
        command=(*container.get("entryPoint", ()), *container.get("command", ())),
        environment={e["name"]: e["value"] for e in container.get("environment", ())},
    )


def _application(containers: list[Answer]) -> Answer:
    return next((c for c in containers if c.get("portMappings")), containers[0])


def next_revision(definition: Answer, tags: list[Answer], revision: Revision) -> dict[str, Any]:
    """RegisterTaskDefinition's input: the same definition with the revision's changes."""
    request = {k: v for k, v in definition.items() if k not in _NOT_REGISTERED}
    containers = definition["containerDefinitions"]
    application = _application(containers)
    request["containerDefinitions"] = [
        _changed(container, revision, whole=container is application) for container in containers
    ]
    return {**request, "tags": tags} if tags else request


def _changed(container: Answer, revision: Revision, *, whole: bool) -> dict[str, Any]:
    marker = {"REHEARSE_REVISION": revision.marker}
    given = {**revision.environment, **marker} if whole else marker
    changed = {**container, "environment": _with(container.get("environment", []), given)}
    if whole:
        members = {
            "image": revision.image_tag and _tagged(container["image"], revision.image_tag),
            "stopTimeout": revision.stop_timeout,
            "entryPoint": revision.entry_point and list(revision.entry_point),
            "command": revision.command and list(revision.command),
        }
        changed |= {name: value for name, value in members.items() if value is not None}
    return changed


def _tagged(image: str, tag: str) -> str:
    """The same repository with another tag; `host:5000/name` has none, `name@sha256:..` either."""
    path, slash, name = image.partition("@")[0].rpartition("/")
    return f"{path}{slash}{name.partition(':')[0]}:{tag}"


def _with(environment: list[Answer], given: Mapping[str, str]) -> list[Answer]:
    others = [pair for pair in environment if pair["name"] not in given]
    return [*others, *({"name": name, "value": value} for name, value in given.items())]


def _awsvpc(network: Network) -> dict[str, Any]:
    return {
        "subnets": list(network.subnets),
        "securityGroups": list(network.security_groups),
        "assignPublicIp": network.public_address,
    }


def service_update(change: ServiceChange, configuration: Answer) -> dict[str, Any]:
    """UpdateService's input. The deployment configuration is sent whole: what is left out of it
    might go back to a default.
    """
    members = {
        "taskDefinition": change.task_definition,
        "desiredCount": change.desired_count,
        "healthCheckGracePeriodSeconds": change.grace_seconds,
    }
    request: dict[str, Any] = {k: value for k, value in members.items() if value is not None}
    if change.network is not None:
        request["networkConfiguration"] = {"awsvpcConfiguration": _awsvpc(change.network)}
    if change.breaker is None:
        return request
    breaker = {
        **configuration.get("deploymentCircuitBreaker", {}),
        "enable": change.breaker.enable,
        "rollback": change.breaker.rollback,
    }
    configured = {**configuration, "deploymentCircuitBreaker": breaker}
    return {**request, "deploymentConfiguration": configured}

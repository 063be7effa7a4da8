"""boto3's answers into the drill's nouns, once. The only module that reads their members."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chaos.clock import to_ms
from chaos.entries import DeploymentSeen
from chaos.target import AccessView, EventView, HealthView, LogView, ServiceView, TaskView

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


def service_view(answer: Answer) -> ServiceView:
    """One element of DescribeServices' `services`."""
    percent = answer.get("deploymentConfiguration", {}).get("minimumHealthyPercent", 100)
    balancers = answer.get("loadBalancers", [])
    return ServiceView(
        name=answer["serviceName"],
        status=answer["status"],
        task_definition=answer["taskDefinition"],
        desired=answer["desiredCount"],
        running=answer["runningCount"],
        pending=answer["pendingCount"],
        minimum_healthy_percent=percent,
        groups=tuple(b["targetGroupArn"] for b in balancers if "targetGroupArn" in b),
        deployments=tuple(_deployment(d) for d in answer.get("deployments", [])),
        events=tuple(
            EventView(e["id"], to_ms(e["createdAt"]), e["message"])
            for e in answer.get("events", [])
        ),
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
    )


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


def next_revision(definition: Answer, tags: list[Answer], marker: str) -> dict[str, Any]:
    """RegisterTaskDefinition's input: the same definition, REHEARSE_REVISION set everywhere."""
    request = {k: v for k, v in definition.items() if k not in _NOT_REGISTERED}
    request["containerDefinitions"] = [
        {**container, "environment": _marked(container.get("environment", []), marker)}
        for container in definition["containerDefinitions"]
    ]
    return {**request, "tags": tags} if tags else request


def _marked(environment: list[Answer], marker: str) -> list[Answer]:
    others = [pair for pair in environment if pair["name"] != "REHEARSE_REVISION"]
    return [*others, {"name": "REHEARSE_REVISION", "value": marker}]

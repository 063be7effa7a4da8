"""boto3's answers into the facts of following, once."""

from collections.abc import Mapping
from typing import Any

from chaos.answers import deployment_of
from chaos.clock import to_ms
from chaos.following.facts import Exit, Release, TaskFact

# boto3 has no types: an answer is a dict of the members in botocore's service models.
Answer = Mapping[str, Any]


def release(answer: Answer) -> Release:
    """One element of DescribeServiceDeployments' `serviceDeployments`."""
    breaker, rollback = answer.get("deploymentCircuitBreaker", {}), answer.get("rollback", {})
    target = answer.get("targetServiceRevision", {}).get("arn", "")
    return Release(
        arn=answer["serviceDeploymentArn"],
        deployment=deployment_of(target),
        status=answer["status"],
        created_ms=to_ms(answer["createdAt"]),
        reason=answer.get("statusReason", ""),
        failures=breaker.get("failureCount", 0),
        threshold=breaker.get("threshold"),
        breaker=breaker.get("status", ""),
        back_to=deployment_of(rollback.get("serviceRevisionArn", "")),
        back_reason=rollback.get("reason", ""),
    )


def task_fact(answer: Answer) -> TaskFact:
    """One element of DescribeTasks' `tasks`."""
    exits = tuple(
        Exit(each.get("name", ""), each.get("exitCode"), each.get("reason", ""))
        for each in answer.get("containers", [])
        if "exitCode" in each or "reason" in each
    )
    return TaskFact(
        task=answer["taskArn"].rsplit("/", 1)[-1],
        deployment=answer.get("startedBy", ""),
        task_definition=answer["taskDefinitionArn"].rsplit("/", 1)[-1],
        status=answer["lastStatus"],
        desired=answer["desiredStatus"],
        stop_code=answer.get("stopCode", ""),
        reason=answer.get("stoppedReason", ""),
        exits=exits,
    )

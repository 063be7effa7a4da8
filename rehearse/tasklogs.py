"""A task's output where its files are not here: from CloudWatch Logs, as on AWS."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from rehearse.errors import fail
from rehearse.keys import access_key, secret_key

CLUSTER = "rehearsal"


def composed_log(plane: Mapping[str, Any], task: str, container: str) -> Iterator[str]:
    """The lines of one container of the task whose id begins so; ends the command if none does."""
    session = boto3.Session(access_key(), secret_key(), region_name=plane["region"])
    ecs: Any = session.client("ecs", endpoint_url=plane["endpoint"])
    found = [arn for arn in _tasks(ecs) if arn.rpartition("/")[2].startswith(task)]
    if len(found) != 1:
        fail(f"{len(found)} tasks begin with {task!r}", hint="`rehearse status` lists them")
    (described,) = ecs.describe_tasks(cluster=CLUSTER, tasks=found)["tasks"]
    definition = ecs.describe_task_definition(taskDefinition=described["taskDefinitionArn"])
    containers = definition["taskDefinition"]["containerDefinitions"]
    options = {
        c["name"]: c["logConfiguration"]["options"] for c in containers if "logConfiguration" in c
    }
    if container not in options:
        names = ", ".join(sorted(options))
        fail(f"the task has no log of a container {container!r}", hint=f"it has: {names}")
    prefix = options[container].get("awslogs-stream-prefix")
    stream = "/".join(part for part in (prefix, container, found[0].rpartition("/")[2]) if part)
    pages = session.client("logs", endpoint_url=plane["endpoint"]).get_paginator(
        "filter_log_events"
    )
    for page in pages.paginate(
        logGroupName=options[container]["awslogs-group"], logStreamNames=[stream]
    ):
        yield from (event["message"] for event in page["events"])


def _tasks(ecs: Any) -> Iterator[str]:  # noqa: ANN401 - boto3's own
    for status in ("RUNNING", "STOPPED"):
        for page in ecs.get_paginator("list_tasks").paginate(cluster=CLUSTER, desiredStatus=status):
            yield from page["taskArns"]

"""Tasks: RunTask, StopTask, DescribeTasks, ListTasks."""

from collections.abc import Iterator

from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.ecs.fargate import (
    check_fargate,
    check_network,
    check_platform,
    security_groups,
)
from infra.local.api.ecs.launch import build_task
from infra.local.api.ecs.lookup import (
    find_cluster,
    find_runnable,
    find_service,
    find_task,
    task_arn,
)
from infra.local.api.ecs.taskdocuments import describe_task
from infra.local.api.pagination import check_limit, page, with_token
from infra.local.api.tags import read_tags
from infra.local.api.zones import subnet_zones
from infra.local.control.records import ask_stop
from infra.local.scheduler.model import StopCode, TaskStatus
from infra.local.store import Cluster, Document, Task, TaskDefinition

RUN_MAX = 10
DESCRIBE_MAX = 100


class Tasks:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def run_task(self, params: Document) -> Document:
        """Start up to ten tasks outside any service, spread over the subnets' zones."""
        cluster = find_cluster(self._store, params.get("cluster"))
        definition = find_runnable(self._store, params["taskDefinition"])
        check_fargate(cluster, params)
        check_platform(params)
        _check_exec(params, definition)
        subnets = check_network(params)
        check_overrides(params.get("overrides", {}), definition)
        count = params.get("count", 1)
        if not 1 <= count <= RUN_MAX:
            raise errors.parameter_error(f"count is {count}, it must be 1 to {RUN_MAX}")
        zones = list(subnet_zones(self._store, subnets).items())
        tasks = [
            self._start(cluster, definition, params, *zones[i % len(zones)]) for i in range(count)
        ]
        return {
            "tasks": [describe_task(self._store, t, with_tags=True) for t in tasks],
            "failures": [],
        }

    async def stop_task(self, params: Document) -> Document:
        """Ask for a stop. May be called again: what was said first stays."""
        cluster = find_cluster(self._store, params.get("cluster"))
        task = find_task(self._store, cluster, params["task"])
        if task.desired is not TaskStatus.STOPPED:
            reason = params.get("reason") or "Task stopped by user"
            ask_stop(task, StopCode.USER_INITIATED, reason, self._context.now_ms())
            self._context.signals.task_changed(task.arn)
        return {"task": describe_task(self._store, task)}

    async def describe_tasks(self, params: Document) -> Document:
        cluster = find_cluster(self._store, params.get("cluster"))
        references = params["tasks"]
        if not 1 <= len(references) <= DESCRIBE_MAX:
            message = f"{len(references)} tasks were given, it must be 1 to {DESCRIBE_MAX}"
            raise errors.parameter_error(message)
        with_tags = "TAGS" in params.get("include", ())
        found, failures = [], []
        for arn in dict.fromkeys(task_arn(self._store, cluster, r) for r in references):
            if arn in self._store.tasks:
                task = self._store.tasks[arn]
                found.append(describe_task(self._store, task, with_tags=with_tags))
            else:
                failures.append({"arn": arn, "reason": "MISSING"})
        return {"tasks": found, "failures": failures}

    async def list_tasks(self, params: Document) -> Document:
        """Tasks by what they are desired to be: RUNNING unless asked otherwise."""
        cluster = find_cluster(self._store, params.get("cluster"))
        limit = check_limit(params.get("maxResults", 100), 100, "maxResults")
        arns = [task.arn for task in self._matching(cluster, params)]
        found, token = page(arns, lambda arn: (arn,), limit, params.get("nextToken"))
        return with_token({"taskArns": found}, "nextToken", token)

    def _matching(self, cluster: Cluster, params: Document) -> Iterator[Task]:
        service = None
        if "serviceName" in params:
            service = find_service(self._store, cluster, params["serviceName"]).arn
        desired = params.get("desiredStatus", "RUNNING")
        if params.get("launchType", "FARGATE") != "FARGATE" or "containerInstance" in params:
            return
        for task in self._store.tasks.values():
            family = self._store.definitions[task.task_definition].family
            if (
                task.cluster == cluster.arn
                and task.desired == desired
                and service in (None, task.service)
                and params.get("family", family) == family
                and params.get("startedBy", task.started_by) == task.started_by
            ):
                yield task

    def _start(
        self, cluster: Cluster, definition: TaskDefinition, params: Document, subnet: str, zone: str
    ) -> Task:
        tags = read_tags(params.get("tags"), "InvalidParameterException")
        if params.get("propagateTags") == "TASK_DEFINITION":
            tags = definition.tags | tags
        task = build_task(
            self._store,
            cluster,
            definition,
            zone=zone,
            subnet=subnet,
            security_groups=security_groups(params["networkConfiguration"]),
            group=params.get("group") or f"family:{definition.family}",
            started_by=params.get("startedBy", ""),
            now_ms=self._context.now_ms(),
            overrides=params.get("overrides"),
            tags=tags,
        )
        self._store.tasks[task.arn] = task
        self._context.signals.task_changed(task.arn)
        return task


def _check_exec(params: Document, definition: TaskDefinition) -> None:
    role = params.get("overrides", {}).get("taskRoleArn") or definition.document.get("taskRoleArn")
    if params.get("enableExecuteCommand") and not role:
        raise errors.parameter_error(
            "The execute command failed because a valid task role is not being used. Specify a "
            "valid task role in your task definition or as a task override and try again."
        )


def check_overrides(overrides: Document, definition: TaskDefinition) -> None:
    """Refuse overrides of containers that the task definition does not have."""
    for override in overrides.get("containerOverrides", ()):
        if definition.container(override.get("name", "")) is None:
            raise errors.parameter_error(
                "Override for container named "
                f"{override.get('name')} is not a container in the TaskDefinition."
            )

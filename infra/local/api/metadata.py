"""The task metadata endpoint, version 4: what ECS_CONTAINER_METADATA_URI_V4 leads to (R7.6)."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from infra.local.clock import to_datetime
from infra.local.store import ContainerState, Document, Store, Task

PREFIX = "/_ecs/v4"


def metadata_routes(store: Store) -> list[Route]:
    """The routes below `/_ecs/v4/{runtime_id}`. An id that no container has is a 404."""

    def route(path: str, describe: Callable[[Store, Task, ContainerState], Any]) -> Route:
        async def answer(request: Request) -> Response:
            found = _find(store, request.path_params["runtime_id"])
            if found is None:
                return PlainTextResponse("Unable to get task: no such container\n", 404)
            return JSONResponse(describe(store, *found))

        return Route(f"{PREFIX}/{{runtime_id}}{path}", answer)

    return [
        route("", lambda store, task, container: _container(store, task, container)),
        route("/task", lambda store, task, container: _task(store, task)),
        route("/taskWithTags", lambda store, task, container: _task_with_tags(store, task)),
        # As the agent answers before it has statistics: the plane measures no containers
        route("/stats", lambda store, task, container: None),
        route("/task/stats", lambda store, task, container: _task_stats(task)),
    ]


def _find(store: Store, runtime_id: str) -> tuple[Task, ContainerState] | None:
    for task in store.tasks.values():
        for container in task.containers:
            if container.runtime_id == runtime_id:
                return task, container
    return None


def _task(store: Store, task: Task) -> Document:
    definition = store.definitions[task.task_definition]
    service = store.services.get(task.service or "")
    document = {
        "Cluster": task.cluster,
        "ServiceName": service.name if service else None,
        "TaskARN": task.arn,
        "Family": definition.family,
        "Revision": str(definition.revision),
        "DesiredStatus": task.desired,
        "KnownStatus": task.status,
        "Limits": {
            "CPU": int(definition.document["cpu"]) / 1024,
            "Memory": int(definition.document["memory"]),
        },
        "PullStartedAt": _time(task.pull_started_ms),
        "PullStoppedAt": _time(task.pull_stopped_ms),
        "AvailabilityZone": task.zone,
        "LaunchType": "FARGATE",
        "ExecutionStoppedAt": _time(task.execution_stopped_ms),
        "Containers": [_container(store, task, container) for container in task.containers],
    }
    return _present(document)


def _task_with_tags(store: Store, task: Task) -> Document:
    """Tags are there only if there are any."""
    definition = store.definitions[task.task_definition]
    tags = {"TaskTags": task.tags, "TaskDefinitionTags": definition.tags}
    return _task(store, task) | {name: value for name, value in tags.items() if value}


def _task_stats(task: Task) -> dict[str, None]:
    return {container.runtime_id: None for container in task.containers}


def _container(store: Store, task: Task, container: ContainerState) -> Document:
    definition = store.definitions[task.task_definition]
    documents = definition.document["containerDefinitions"]
    own: Document = next((c for c in documents if c["name"] == container.name), {})
    log = own.get("logConfiguration", {})
    document = {
        "DockerId": container.runtime_id,
        "Name": container.name,
        "DockerName": container.name,
        "Image": container.image,
        "ImageID": container.image_digest,
        "Labels": {
            "com.amazonaws.ecs.cluster": task.cluster,
            "com.amazonaws.ecs.container-name": container.name,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": definition.family,
            "com.amazonaws.ecs.task-definition-version": str(definition.revision),
        },
        "DesiredStatus": task.desired,
        "KnownStatus": container.last_status,
        "ExitCode": container.exit_code,
        "Limits": _present({"CPU": own.get("cpu", 0), "Memory": own.get("memory")}),
        "CreatedAt": _time(container.started_ms),
        "StartedAt": _time(container.started_ms),
        "FinishedAt": _time(container.finished_ms),
        "Type": "NORMAL",
        "LogDriver": log.get("logDriver"),
        "LogOptions": log.get("options"),
        "ContainerARN": container.arn,
        "Networks": [_network(task)] if task.address else [],
    }
    return _present(document)


def _network(task: Task) -> Document:
    return {
        "NetworkMode": "awsvpc",
        "IPv4Addresses": [task.address],
        "AttachmentIndex": 0,
        "MACAddress": task.mac,
    }


def _time(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return to_datetime(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _present(document: Document) -> Document:
    """Members without a value are left out."""
    return {name: value for name, value in document.items() if value is not None}

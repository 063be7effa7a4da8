"""Tasks as DescribeTasks, RunTask and StopTask return them."""

from infra.local.api.tags import ecs_tags
from infra.local.clock import to_datetime
from infra.local.scheduler.model import TaskStatus
from infra.local.store import ContainerState, Document, Store, Task

PLATFORM_VERSION = "1.4.0"  # what LATEST is (R7.2)
EPHEMERAL_GIB = 20

# The API's name of each time, and the record's
_TIMES = {
    "connectivityAt": "connectivity_ms",
    "pullStartedAt": "pull_started_ms",
    "pullStoppedAt": "pull_stopped_ms",
    "startedAt": "started_ms",
    "executionStoppedAt": "execution_stopped_ms",
    "stoppedAt": "stopped_ms",
}


def describe_task(store: Store, task: Task, *, with_tags: bool = False) -> Document:
    """A task with everything that is known of it; what is not known yet is absent."""
    definition = store.definitions[task.task_definition].document
    overrides = {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **task.overrides}
    document: Document = {
        "attachments": [_attachment(task)],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": task.zone,
        "clusterArn": task.cluster,
        "containers": [_container(task, container, definition) for container in task.containers],
        "cpu": overrides.get("cpu", definition["cpu"]),
        "createdAt": to_datetime(task.created_ms),
        "desiredStatus": task.desired,
        "enableExecuteCommand": False,
        "group": task.group,
        "healthStatus": task.health,
        "lastStatus": task.status,
        "launchType": "FARGATE",
        "memory": overrides.get("memory", definition["memory"]),
        "overrides": overrides,
        "platformVersion": PLATFORM_VERSION,
        "platformFamily": "Linux",
        "tags": ecs_tags(task.tags) if with_tags else [],
        "taskArn": task.arn,
        "taskDefinitionArn": task.task_definition,
        "version": task.version,
        "ephemeralStorage": definition.get("ephemeralStorage", {"sizeInGiB": EPHEMERAL_GIB}),
    }
    return document | _stop(task) | _times(task)


def _times(task: Task) -> Document:
    known = {name: getattr(task, attribute) for name, attribute in _TIMES.items()}
    # stoppingAt is when the stop was asked (R1.10)
    known["stoppingAt"] = task.stop_asked_ms if task.stopping_ms is None else task.stopping_ms
    return {name: to_datetime(at_ms) for name, at_ms in known.items() if at_ms is not None}


def _stop(task: Task) -> Document:
    document: Document = {
        "startedBy": task.started_by or None,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "connectivity": None if task.connectivity_ms is None else "CONNECTED",
    }
    return {name: value for name, value in document.items() if value is not None}


def _attachment(task: Task) -> Document:
    """The task's network interface (R7.10)."""
    details = {"subnetId": task.subnet}
    if task.address is not None:
        details |= {
            "networkInterfaceId": task.interface,
            "macAddress": task.mac,
            "privateDnsName": f"ip-{task.address.replace('.', '-')}.internal",
            "privateIPv4Address": task.address,
        }
    return {
        "id": task.attachment,
        "type": "ElasticNetworkInterface",
        "status": _attachment_status(task),
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }


def _attachment_status(task: Task) -> str:
    if task.status == TaskStatus.STOPPED:
        return "DELETED"
    return "PRECREATED" if task.address is None else "ATTACHED"


def _container(task: Task, container: ContainerState, definition: Document) -> Document:
    documents = definition["containerDefinitions"]
    own: Document = next((c for c in documents if c["name"] == container.name), {})
    interfaces = [{"attachmentId": task.attachment, "privateIpv4Address": task.address}]
    document = {
        "containerArn": container.arn,
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "imageDigest": container.image_digest,
        "runtimeId": container.runtime_id,
        "lastStatus": container.last_status,
        "exitCode": container.exit_code,
        "reason": container.reason,
        "networkBindings": [],
        "networkInterfaces": interfaces if task.address else [],
        "healthStatus": container.health,
        "cpu": str(own.get("cpu", 0)),
        "memory": _number(own.get("memory")),
        "memoryReservation": _number(own.get("memoryReservation")),
    }
    return {name: value for name, value in document.items() if value is not None}


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)

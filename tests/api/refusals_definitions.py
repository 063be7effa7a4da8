"""What ECS refuses of task definitions."""

from typing import Any

from tests.api.refusal import Refusal, table
from tests.api.refusals_ecs import CLIENT
from tests.api.stack import CONTAINER, definition


def container(**members: Any) -> dict[str, Any]:
    return {"containerDefinitions": [CONTAINER | members]}


def port(**members: Any) -> dict[str, Any]:
    return container(portMappings=[{"containerPort": 80, **members}])


def check(**members: Any) -> dict[str, Any]:
    return container(healthCheck={"command": ["CMD", "true"], **members})


def fargate_has_no(what: str) -> str:
    return f"Tasks using the Fargate launch type do not support {what}."


REGISTRATION = table(
    "ecs",
    "register_task_definition",
    {
        "a family of two words": (CLIENT, "Family contains invalid characters.", {"family": "a b"}),
        "a family of 256 letters": (CLIENT, "invalid characters", {"family": "a" * 256}),
        "no container": (
            CLIENT,
            "Container definitions should not be null or empty",
            {"containerDefinitions": []},
        ),
        "eleven containers": (
            CLIENT,
            "a task definition has 10",
            {"containerDefinitions": [{"name": f"c{n}", "image": "i"} for n in range(11)]},
        ),
        "a container without an image": (
            CLIENT,
            "Container.image should not be null or empty.",
            container(image=""),
        ),
        "a container without a name": (
            CLIENT,
            "Container.name should not be null or empty.",
            container(name=""),
        ),
        "bridge on Fargate": (
            CLIENT,
            "Fargate only supports network mode \u2018awsvpc\u2019.",
            {"networkMode": "bridge"},
        ),
        "no CPU": (
            CLIENT,
            "Fargate requires that 'cpu' be defined at the task level.",
            {"cpu": None},
        ),
        "no memory": (CLIENT, "Fargate requires that 'memory' be defined", {"memory": None}),
        "a size that there is not": (
            CLIENT,
            "No Fargate configuration exists for given values: 256 CPU, 4096 memory.",
            {"memory": "4096"},
        ),
        "a size in words": (CLIENT, "Invalid 'cpu' setting for task", {"cpu": "much"}),
        "a stop of 121 s": (
            CLIENT,
            "stopTimeout is 121, it must be 2 to 120",
            container(stopTimeout=121),
        ),
        "a stop of 1 s": (CLIENT, "stopTimeout is 1", container(stopTimeout=1)),
        "a start of 121 s": (CLIENT, "startTimeout is 121", container(startTimeout=121)),
        "a check each 4 s": (CLIENT, "interval is 4, it must be 5 to 300", check(interval=4)),
        "a check of 61 s": (CLIENT, "timeout is 61, it must be 2 to 60", check(timeout=61)),
        "eleven retries": (CLIENT, "retries is 11, it must be 1 to 10", check(retries=11)),
        "a start period of 301 s": (CLIENT, "startPeriod is 301", check(startPeriod=301)),
        "a check of words": (CLIENT, "must start with CMD", check(command=["true"])),
        "more memory than the task": (
            CLIENT,
            "memory is 513 together, the task's only 512",
            container(memory=513),
        ),
        "more CPU than the task": (CLIENT, "cpu is 257 together", container(cpu=257)),
        "a reservation of all memory": (
            CLIENT,
            "memory (256) must be greater than memoryReservation (256)",
            container(memory=256, memoryReservation=256),
        ),
        "EC2 without memory": (
            CLIENT,
            "Invalid setting for container 'app'. At least one of 'memory' or "
            "'memoryReservation' must be specified.",
            {"requiresCompatibilities": ["EC2"], "memory": None},
        ),
        "another host port": (
            CLIENT,
            "the host ports and container ports in port mappings must match.",
            port(hostPort=81),
        ),
        "port 65536 of a container": (CLIENT, "must be 1 to 65535", port(containerPort=65536)),
        "a port's name in capitals": (CLIENT, "Port mapping name 'HTTP'", port(name="HTTP")),
        "a port's name with a hyphen first": (CLIENT, "'-a'", port(name="-a")),
        "links": (CLIENT, fargate_has_no("links"), container(links=["a"])),
        "a privileged container": (
            CLIENT,
            fargate_has_no("privileged"),
            container(privileged=True),
        ),
        "own DNS servers": (
            CLIENT,
            fargate_has_no("dnsServers"),
            container(dnsServers=["127.0.0.1"]),
        ),
        "shared memory": (
            CLIENT,
            fargate_has_no("sharedMemorySize"),
            container(linuxParameters={"sharedMemorySize": 64}),
        ),
        "a GPU": (
            CLIENT,
            fargate_has_no("GPU resource requirements"),
            container(resourceRequirements=[{"type": "GPU", "value": "1"}]),
        ),
        "shared IPC": (CLIENT, fargate_has_no("ipcMode"), {"ipcMode": "task"}),
        "the host's processes": (CLIENT, fargate_has_no("pidMode host"), {"pidMode": "host"}),
        "syslog": (
            CLIENT,
            fargate_has_no("log driver syslog"),
            container(logConfiguration={"logDriver": "syslog"}),
        ),
        "a volume of the host": (
            CLIENT,
            "Fargate compatible task definitions do not support sourcePath",
            {"volumes": [{"name": "v", "host": {"sourcePath": "/tmp"}}]},
        ),
        "20 GiB": (
            CLIENT,
            "ephemeralStorage.sizeInGiB is 20, it must be 21 to 200",
            {"ephemeralStorage": {"sizeInGiB": 20}},
        ),
        "201 GiB": (CLIENT, "it must be 21 to 200", {"ephemeralStorage": {"sizeInGiB": 201}}),
        "a volume that is not there": (
            CLIENT,
            "Unknown volume 'v'.",
            container(mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]),
        ),
        "a log without a group": (
            CLIENT,
            "Log driver awslogs requires options: awslogs-group",
            container(logConfiguration={"logDriver": "awslogs"}),
        ),
        "nothing essential": (
            CLIENT,
            "At least one container must be essential",
            container(essential=False),
        ),
        "a network that there is not": (
            "InvalidParameterException",
            "Member must satisfy enum value set: [bridge, host, awsvpc",
            {"networkMode": "mesh"},
        ),
    },
    **definition("new"),
)

REVISIONS = [
    *table(
        "ecs",
        "deregister_task_definition",
        {
            "deregistering a family": (CLIENT, "Revision is missing.", {"taskDefinition": "app"}),
            "deregistering nothing": (CLIENT, "does not exist", {"taskDefinition": "app:9"}),
        },
    ),
    *table(
        "ecs",
        "describe_task_definition",
        {
            "describing nothing": (
                CLIENT,
                "Unable to describe task definition.",
                {"taskDefinition": "x"},
            ),
        },
    ),
    *table(
        "ecs",
        "delete_task_definitions",
        {
            "deleting eleven": (
                "InvalidParameterException",
                "1 to 10",
                {"taskDefinitions": [f"app:{n}" for n in range(11)]},
            ),
        },
    ),
]

DEFINITIONS: list[Refusal] = [*REGISTRATION, *REVISIONS]

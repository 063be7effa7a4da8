"""What the settings have no place for: each with why, and what to do. Nothing is left unsaid."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from infra.imports.notes import Note, left

Words = tuple[str, str]  # why, what to do

NO_PLACE: Words = ("the settings have no place for it", "see whether the application needs it here")
ROLES: Words = ("there is no IAM here", "give the application dummy AWS keys if it insists on some")
ONE_SIZE: Words = ("a task here has one container, and its whole size", "nothing to do")

CONTAINER: Mapping[str, Words] = {
    "mountPoints": (
        "there are no volumes", "let it write to {data} (images.toml), which outlives its tasks"),
    "volumesFrom": ("there is only one container", "nothing to do"),
    "dependsOn": ("there is only one container", "nothing to do"),
    "links": ("there is only one container", "nothing to do"),
    "logConfiguration": ("output is kept here", "`rehearse logs TASK` shows it"),
    "environmentFiles": ("files in S3 are not read", "put its variables into the environment"),
    "workingDirectory": ("the image's own counts", "put the folder into images.toml: directory"),
    "cpu": ONE_SIZE,
    "memory": ONE_SIZE,
    "memoryReservation": ONE_SIZE,
    "linuxParameters": (
        "only dropping all capabilities is carried", "see whether the application needs the rest"),
    "repositoryCredentials": (
        "the plane logs in nowhere", "`docker login` and pull first, with --runtime docker"),
    "ulimits": ("limits are the machine's", "set them by `ulimit` before `rehearse up`"),
    "startTimeout": ("there is only one container to wait for", "nothing to do"),
    "restartPolicy": ("a container that ends ends its task", "nothing to do"),
}  # fmt: skip
CONTAINER_CARRIED = (
    "name", "image", "essential", "portMappings", "environment", "secrets", "stopTimeout",
    "healthCheck", "entryPoint", "command", "readonlyRootFilesystem", "user",
    "versionConsistency",
)  # fmt: skip

TASK: Mapping[str, Words] = {
    "volume": ("there are no volumes, EFS neither",
               "let the application use {data} (images.toml), or a folder of this machine"),
    "runtime_platform": ("it runs as this machine is", "with --runtime docker, build for it"),
    "task_role_arn": ROLES,
    "execution_role_arn": ("images and secrets are not fetched with it", "nothing to do"),
    "ephemeral_storage": ("the disk is this machine's", "nothing to do"),
    "proxy_configuration": ("App Mesh is not here", "use Service Connect"),
}  # fmt: skip
TASK_CARRIED = (
    "arn", "arn_without_revision", "compatibilities", "container_definitions", "cpu",
    "deregistered_at", "enable_fault_injection", "family", "id", "memory", "network_mode",
    "region", "registered_at", "registered_by", "requires_attributes", "requires_compatibilities",
    "revision", "skip_destroy", "status", "tags", "tags_all", "task_definition_arn",
    "track_latest",
)  # fmt: skip

SERVICE: Mapping[str, Words] = {
    "capacity_provider_strategy": (
        "all tasks are alike here, and no Spot task is taken away",
        "`rehearse drill stop-task` and `aws ecs stop-task` are what a Spot interruption does"),
    "service_registries": (
        "names of Cloud Map's DNS do not resolve here",
        "give it a service_connect name, or put an address into its callers' environment"),
    "volume_configuration": ("there are no volumes", "let it use {data} (images.toml)"),
    "alarms": ("alarms do not act here", "read the verdict of a drill instead"),
    "deployment_controller": ("deployments are ECS's rolling updates here", "nothing to do"),
    "enable_execute_command": ("there is no ECS Exec", "look at the process or container"),
    "placement_constraints": ("Fargate has none", "nothing to do"),
    "ordered_placement_strategy": ("Fargate has none", "nothing to do"),
    "placement_strategy": ("Fargate has none", "nothing to do"),
    "vpc_lattice_configurations": ("VPC Lattice is not here", "call it through the load balancer"),
}  # fmt: skip
SERVICE_CARRIED = (
    "arn", "availability_zone_rebalancing", "client_token", "cluster", "cluster_arn", "created_at",
    "created_by", "current_service_deployment", "current_service_revisions",
    "deployment_circuit_breaker",
    "deployment_configuration", "deployment_maximum_percent", "deployment_minimum_healthy_percent",
    "deployments", "desired_count", "enable_ecs_managed_tags", "events", "force_delete",
    "force_new_deployment", "health_check_grace_period_seconds", "iam_role", "id", "launch_type",
    "load_balancer", "load_balancers", "name", "network_configuration", "pending_count",
    "platform_family", "platform_version", "propagate_tags", "region", "resource_management_type",
    "role_arn", "running_count", "scheduling_strategy", "service_arn",
    "service_connect_configuration", "service_name", "sigint_rollback", "status", "tags",
    "tags_all", "task_definition", "task_sets", "timeouts", "triggers", "wait_for_steady_state",
)  # fmt: skip


def of_container(service: str, document: Mapping[str, Any]) -> Iterator[Note]:
    yield from _left(service, document, CONTAINER, CONTAINER_CARRIED)


def of_task(service: str, shape: Mapping[str, Any]) -> Iterator[Note]:
    known = {**shape, "volume": shape.get("volume") or shape.get("volumes")}
    yield from _left(service, known, TASK, (*TASK_CARRIED, "volumes"))


def of_service(service: str, shape: Mapping[str, Any]) -> Iterator[Note]:
    yield from _left(service, shape, SERVICE, SERVICE_CARRIED)


def _left(
    service: str, found: Mapping[str, Any], words: Mapping[str, Words], carried: Collection[str]
) -> Iterator[Note]:
    for name, value in sorted(found.items()):
        if name not in carried and not _says_nothing(name, value):
            why, do = words.get(name, NO_PLACE)
            yield left(service, name, why, do)


def _says_nothing(name: str, value: object) -> bool:
    """Whether it is what is so anyway."""
    if isinstance(value, list):
        return all(_says_nothing(name, one) for one in value)
    if isinstance(value, dict):
        return all(_says_nothing(key, one) for key, one in value.items())
    usual = {"X86_64", "LINUX", "ECS", "DISABLED", "ALL"}
    return not value or value in usual

"""Making the record of a task: the same for RunTask and for the scheduler."""

from collections.abc import Sequence

from infra.local.api.identifiers import decimal, hexadecimal, mac_address, unique_id
from infra.local.store import (
    Cluster,
    Container,
    ContainerState,
    Document,
    Store,
    Task,
    TaskDefinition,
)


def build_task(
    store: Store,
    cluster: Cluster,
    definition: TaskDefinition,
    *,
    zone: str,
    subnet: str,
    security_groups: Sequence[str],
    group: str,
    started_by: str,
    now_ms: int,
    service: str | None = None,
    overrides: Document | None = None,
    tags: dict[str, str] | None = None,
) -> Task:
    """A task in PROVISIONING with fresh identifiers. It is not put into the store.

    `group` is `service:<name>` or `family:<family>`, `started_by` the deployment's id for a
    service's task, `service` the service's ARN, `overrides` RunTask's own.
    """
    task_id = hexadecimal(32)
    arn = store.arn("ecs", f"container/{cluster.name}/{task_id}")
    return Task(
        id=task_id,
        arn=store.arn("ecs", f"task/{cluster.name}/{task_id}"),
        cluster=cluster.arn,
        task_definition=definition.arn,
        zone=zone,
        created_ms=now_ms,
        since_ms=now_ms,
        group=group,
        started_by=started_by,
        service=service,
        checked=any(c.essential and c.health_check for c in definition.containers),
        subnet=subnet,
        security_groups=tuple(security_groups),
        overrides=overrides or {},
        containers=[_container(task_id, arn, container) for container in definition.containers],
        tags=dict(tags or {}),
        attachment=unique_id(),
        interface=f"eni-{hexadecimal(17)}",
        mac=mac_address(),
    )


def _container(task_id: str, arn: str, container: Container) -> ContainerState:
    return ContainerState(
        name=container.name,
        arn=f"{arn}/{unique_id()}",
        image=container.image,
        runtime_id=f"{task_id}-{decimal(10)}",
        essential=container.essential,
        stop_timeout=container.stop_timeout,
        depends_on=tuple(name for name, _ in container.depends_on),
    )

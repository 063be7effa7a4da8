"""From the plane's records to the core's nouns: durations scaled, everything frozen."""

from collections.abc import Sequence

from infra.local import store
from infra.local.scheduler import model
from infra.local.scheduler.model import TargetState


def service_spec(
    records: store.Store,
    service: store.Service,
    tempo: model.Tempo,
    order: model.StopOrder,
    scale: int,
    zones: tuple[str, ...],
    *,
    count_exits: bool,
) -> model.ServiceSpec:
    """What the service asks for, in scaled milliseconds. A deleted target group asks nothing."""
    return model.ServiceSpec(
        name=service.name,
        desired_count=service.desired_count,
        minimum_healthy_percent=service.minimum_healthy_percent,
        maximum_percent=service.maximum_percent,
        grace_ms=service.grace_period * 1000 // scale,
        groups=tuple(sorted({arn for arn, _ in ports(service) if arn in records.groups})),
        zones=zones,
        tempo=tempo,
        stop_order=order,
        draining=service.status != "ACTIVE",
        inactive=service.status == "INACTIVE",
        breaker=breaker(service.document["deploymentConfiguration"], count_exits=count_exits),
    )


def breaker(configuration: store.Document, *, count_exits: bool = True) -> model.Breaker:
    """The circuit breaker of a deploymentConfiguration (R3.1, R3.2)."""
    chosen = configuration.get("deploymentCircuitBreaker", {})
    limit = chosen.get("thresholdConfiguration", {"type": "BOUNDED_PERCENT", "value": 50})
    return model.Breaker(
        enabled=chosen.get("enable", False),
        rollback=chosen.get("rollback", False),
        kind=model.ThresholdType(limit["type"]),
        value=limit["value"],
        reset_on_healthy=chosen.get("resetOnHealthyTask", True),
        count_exits=count_exits,
    )


def observed(
    records: store.Store, service: store.Service, tasks: Sequence[store.Task], scale: int
) -> model.Observed:
    """What is there now; `tasks` are the service's."""
    return model.Observed(
        deployments=tuple(_deployment(d) for d in service.deployments),
        tasks=tuple(task(records, service, t, scale) for t in tasks),
        steady=service.steady,
        stuck=service.stuck,
    )


def _deployment(record: store.Deployment) -> model.Deployment:
    return model.Deployment(
        id=record.id,
        primary=record.status == "PRIMARY",
        rollout=record.rollout,
        created_ms=record.created_ms,
        launch_failures=record.launch_failures,
        last_failure_ms=record.last_failure_ms,
        throttled=record.throttled,
        failures=record.failures,
        failed_ms=record.failed_ms,
        ran=record.ran,
        begun_ms=record.begun_ms,
        stop_asked=record.stop_asked,
    )


def task(
    records: store.Store, service: store.Service | None, record: store.Task, scale: int
) -> model.Task:
    """A task as the core sees it; `service` is None for a task that belongs to none."""
    return model.Task(
        id=record.id,
        deployment=record.started_by,
        zone=record.zone,
        status=record.status,
        desired=record.desired,
        since_ms=record.since_ms,
        created_ms=record.created_ms,
        started_ms=record.started_ms,
        stop_asked_ms=record.stop_asked_ms,
        died_ms=record.died_ms,
        health=record.health,
        health_ms=record.health_ms,
        checked=record.checked,
        targets=_targets(records, service, record) if service else (),
        containers=tuple(_container(c, scale) for c in record.containers),
        stop_code=record.stop_code,
        condemned=record.condemned,
        counted=record.counted,
    )


def _container(record: store.ContainerState, scale: int) -> model.Container:
    return model.Container(
        name=record.name,
        alive=record.last_status == "RUNNING",
        stop_timeout_ms=record.stop_timeout * 1000 // scale,
        depends_on=record.depends_on,
        terminated_ms=record.terminated_ms,
        killed=record.killed,
    )


def _targets(
    records: store.Store, service: store.Service, record: store.Task
) -> tuple[model.Target, ...]:
    found = []
    for group_arn, port in ports(service):
        target = registered(records, group_arn, record.address, port)
        drained_ms = record.drained_ms.get(group_arn)
        if target is not None:
            text = target.description or ""
            found.append(model.Target(group_arn, target.state, target.since_ms, text))
        elif drained_ms is not None:
            found.append(model.Target(group_arn, TargetState.UNUSED, drained_ms))
    return tuple(found)


def ports(service: store.Service) -> list[tuple[str, int]]:
    """The target groups of a service with the container port registered in each."""
    return [(lb["targetGroupArn"], lb["containerPort"]) for lb in service.load_balancers]


def registered(
    records: store.Store, group_arn: str, address: str | None, port: int
) -> store.Target | None:
    """The target of that address and port, if the group still lists it."""
    group = records.groups.get(group_arn)
    if group is None or address is None:
        return None
    return group.targets.get((address, port))

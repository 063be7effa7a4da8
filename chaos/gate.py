"""The gate before a drill: is the system steady? A drill of an unsteady system proves nothing."""

from collections.abc import Sequence

import httpx

from chaos.errors import InvalidError, TargetError
from chaos.stop import Deadline, Stop
from chaos.target import ServiceView, Target, group_name

PROBES = 20
PROBE_TIMEOUT_SECONDS = 5.0
LOOK_SECONDS = 0.5


def pass_gate(target: Target, paths: Sequence[str], stop: Stop, patience_seconds: float) -> None:
    """Wait until services are stable and probes are good; InvalidError after the patience."""
    deadline = Deadline(patience_seconds)
    while (why := unsteady(target)) is not None:
        if deadline.over:
            raise InvalidError(f"not steady before the drill: {why}")
        stop.wait(LOOK_SECONDS)
    _probe(target, paths, stop)


def unsteady(target: Target) -> str | None:
    """Why the target is not steady (boto3's services_stable rule, and every target healthy)."""
    try:
        for service in target.services():
            if (why := _unstable(service) or _unhealthy(target, service)) is not None:
                return why
    except TargetError as error:
        return str(error)
    return None


def _unstable(service: ServiceView) -> str | None:
    if len(service.deployments) != 1:
        return f"{service.name} has {len(service.deployments)} deployments"
    if service.running != service.desired or service.desired == 0:
        return f"{service.name} runs {service.running} of {service.desired} tasks"
    rollout = service.deployments[0].rollout
    if rollout not in ("COMPLETED", ""):
        return f"{service.name}'s deployment is {rollout}"
    return None


def _unhealthy(target: Target, service: ServiceView) -> str | None:
    for group in service.groups:
        states = sorted(view.state for view in target.health(group))
        if states != ["healthy"] * service.desired:
            return f"targets of {group_name(group)} are {', '.join(states) or 'none'}"
    return None


def _probe(target: Target, paths: Sequence[str], stop: Stop) -> None:
    place = target.place
    with httpx.Client(
        base_url=place.url, verify=place.trust, timeout=PROBE_TIMEOUT_SECONDS
    ) as client:
        for count in range(PROBES):
            path = paths[count % len(paths)]
            stop.check()
            try:
                status = client.get(path).status_code
            except httpx.HTTPError as error:
                raise InvalidError(f"not steady before the drill: GET {path}: {error}") from error
            if status != httpx.codes.OK:
                raise InvalidError(f"not steady before the drill: GET {path} answered {status}")

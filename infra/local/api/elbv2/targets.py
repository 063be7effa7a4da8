"""Targets: RegisterTargets, DeregisterTargets, DescribeTargetHealth."""

from ipaddress import ip_address

from infra.local.api.context import Context
from infra.local.api.elbv2 import errors
from infra.local.api.elbv2.lookup import find_group
from infra.local.api.elbv2.usage import balancers_of
from infra.local.api.errors import ApiError
from infra.local.balancing.targets import deregister, register
from infra.local.store import Document, Target, TargetGroup

TARGETS_MAX = 1000
_NOT_REGISTERED = {
    "State": "unused",
    "Reason": "Target.NotRegistered",
    "Description": "Target is not registered to the target group",
}
_NOT_IN_USE = {
    "State": "unused",
    "Reason": "Target.NotInUse",
    "Description": "Target group is not configured to receive traffic from the load balancer",
}


class Targets:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def register_targets(self, params: Document) -> Document:
        """Register addresses. All of them are checked before the first is registered."""
        group = find_group(self._store, params["TargetGroupArn"])
        pairs = [(_address(group, target), target) for target in params["Targets"]]
        if len(group.targets) + len(pairs) > TARGETS_MAX:
            message = f"The maximum number of targets of a target group is {TARGETS_MAX}"
            raise ApiError("TooManyTargets", message)
        for address, target in pairs:
            port = target.get("Port", group.port)
            register(group, address, port, self._zone(address, target), self._context.now_ms())
        self._context.signals.group_changed(group.arn)
        return {}

    async def deregister_targets(self, params: Document) -> Document:
        """Begin draining. A target that is not registered is no error (R4.35)."""
        group = find_group(self._store, params["TargetGroupArn"])
        for target in params["Targets"]:
            for port in _ports(group, target):
                deregister(group, target["Id"], port, self._context.now_ms())
        self._context.signals.group_changed(group.arn)
        return {}

    async def describe_target_health(self, params: Document) -> Document:
        """All targets, or those asked for: one that is not there is unused."""
        group = find_group(self._store, params["TargetGroupArn"])
        in_use = bool(balancers_of(self._store, group))
        asked = params.get("Targets")
        if not asked:
            found = [_health(group, target, in_use=in_use) for target in group.targets.values()]
            return {"TargetHealthDescriptions": found}
        found = []
        for target in asked:
            known = group.targets.get((target["Id"], target.get("Port", group.port)))
            found.append(
                _unknown(group, target) if known is None else _health(group, known, in_use=in_use)
            )
        return {"TargetHealthDescriptions": found}

    def _zone(self, address: str, target: Document) -> str:
        """The zone said, that of the task with the address, or the first."""
        said = target.get("AvailabilityZone", "all")
        if said != "all":
            return str(said)
        tasks = self._store.tasks.values()
        return next((t.zone for t in tasks if t.address == address), self._store.zones[0])


def _address(group: TargetGroup, target: Document) -> str:
    """The target's address; only addresses can be targets here."""
    identity: str = target["Id"]
    if group.target_type != "ip":
        message = (
            "The following targets are not in a running state "
            f"and cannot be registered: '{identity}'"
        )
        raise ApiError("InvalidTarget", message)
    try:
        return str(ip_address(identity))
    except ValueError as error:
        message = f"The IP address '{identity}' is not a valid IPv4 address"
        raise errors.validation_error(message) from error


def _ports(group: TargetGroup, target: Document) -> list[int]:
    """The port said, or every port that the address is registered with."""
    if "Port" in target:
        return [target["Port"]]
    return [port for address, port in group.targets if address == target["Id"]]


def _unknown(group: TargetGroup, target: Document) -> Document:
    port = target.get("Port", group.port)
    return {
        "Target": {"Id": target["Id"], "Port": port},
        "HealthCheckPort": _check_port(group, port),
        "TargetHealth": _NOT_REGISTERED,
    }


def _health(group: TargetGroup, target: Target, *, in_use: bool) -> Document:
    health = {
        "State": target.state,
        "Reason": target.reason,
        "Description": target.description,
    }
    known = {key: value for key, value in health.items() if value}
    return {
        "Target": {"Id": target.address, "Port": target.port, "AvailabilityZone": target.zone},
        "HealthCheckPort": _check_port(group, target.port),
        "TargetHealth": known if in_use else _NOT_IN_USE,
    }


def _check_port(group: TargetGroup, port: int) -> str:
    return str(port) if group.health_check_port == "traffic-port" else group.health_check_port

"""Changing settings so that they are put back on any ending."""

from dataclasses import replace

from chaos.drill import Stage
from chaos.effect import BREAKER, DESIRED, GRACE, ROLLBACK
from chaos.errors import TargetError
from chaos.target import Breaker, ServiceChange, ServiceView, group_name
from chaos.undo import Undo


def set_attribute(stage: Stage, service: str, group: str, name: str, value: str) -> None:
    """Set one attribute, its undo registered first; the old and the new value are recorded."""
    former = stage.target.attributes(group).get(name)
    if former is None:
        raise TargetError(f"target group {group_name(group)} has no attribute {name}")

    stage.undo.register(
        Undo(
            text=f"{name} of {group_name(group)} back to {former}",
            service=service,
            group=group,
            attribute=name,
            value=former,
        )
    )
    stage.step("setting", f"{name} of {group_name(group)} from {former} to {value}")
    stage.target.set_attributes(group, {name: value})
    stage.record_attribute(service, group, name)


def set_service(stage: Stage, service: str, change: ServiceChange) -> None:
    """Change a service's own settings, their undo registered first; values are recorded.

    `change` is about settings only; a task definition is deployed by chaos.deploying. Putting
    `desired_count` back starts or stops tasks: it is under way when the undo returns.
    """
    view = view_of(stage, service)
    former = _former(view, change)

    before, after = shown(former), shown(change)
    follow = stage.follow(service) if change.desired_count is not None else ""
    text = f"{service} back to {before}"
    stage.undo.register(Undo(text=text, service=service, follow=follow, change=former))
    stage.step("setting", f"UpdateService {service}: from {before} to {after}")
    stage.target.update_service(service, change)
    stage.record_service(service)


def view_of(stage: Stage, service: str) -> ServiceView:
    """The service as it is now."""
    found = (view for view in stage.target.services() if view.name == service)
    view = next(found, None)
    if view is None:
        raise TargetError(f"service {service} is gone")
    return view


def _former(view: ServiceView, change: ServiceChange) -> ServiceChange:
    """What puts back exactly what the change changes."""
    whole = ServiceChange(
        desired_count=view.desired, grace_seconds=view.grace_seconds, breaker=view.breaker
    )
    unchanged = {
        name: None
        for name in ("desired_count", "grace_seconds", "breaker")
        if getattr(change, name) is None
    }
    return replace(whole, **unchanged)


def shown(change: ServiceChange) -> str:
    """`healthCheckGracePeriodSeconds=0, deploymentCircuitBreaker.enable=false`."""
    return ", ".join(f"{name}={value}" for name, value in members(change))


def members(change: ServiceChange) -> list[tuple[str, str]]:
    """Names as in the API, values as JSON has them."""
    found = [(DESIRED, change.desired_count), (GRACE, change.grace_seconds)]
    pairs = [(name, str(value)) for name, value in found if value is not None]
    return pairs + (_breaker(change.breaker) if change.breaker is not None else [])


def _breaker(breaker: Breaker) -> list[tuple[str, str]]:
    flags = ((BREAKER, breaker.enable), (ROLLBACK, breaker.rollback))
    return [(name, str(value).lower()) for name, value in flags]

"""Changing a target group's attribute so that it is put back on any ending."""

from chaos.drill import Stage
from chaos.errors import TargetError
from chaos.target import group_name


def set_attribute(stage: Stage, service: str, group: str, name: str, value: str) -> None:
    """Set one attribute, its undo registered first; the old and the new value are recorded."""
    former = stage.target.attributes(group).get(name)
    if former is None:
        raise TargetError(f"target group {group_name(group)} has no attribute {name}")

    def put_back() -> None:
        stage.target.set_attributes(group, {name: former})
        now = stage.record_setting(service, group, name)
        if now != former:
            raise TargetError(f"{name} of {group_name(group)} is {now}, not {former} again")

    text = f"{name} of {group_name(group)} back to {former}"
    stage.undo.register(text, put_back)
    stage.step("setting", f"{name} of {group_name(group)} from {former} to {value}")
    stage.target.set_attributes(group, {name: value})
    stage.record_setting(service, group, name)

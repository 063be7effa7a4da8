"""Targets: registration, and the health that DescribeTargetHealth tells of."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from infra.local.scheduler.model import TargetState
from tests.api.stack import Stack, make_group

ADDRESS = "127.0.10.1"
ONCE = {"Delay": 0, "MaxAttempts": 1}


def health(stack: Stack, *targets: dict[str, Any], group: str = "") -> list[dict[str, Any]]:
    request = {"TargetGroupArn": group or stack.group, "Targets": list(targets)}
    found: list[dict[str, Any]] = stack.elb.describe_target_health(**request)[
        "TargetHealthDescriptions"
    ]
    return found


def register(stack: Stack, group: str = "", **target: Any) -> None:
    stack.elb.register_targets(
        TargetGroupArn=group or stack.group, Targets=[{"Id": ADDRESS, **target}]
    )


def test_a_registered_target_is_initial(stack: Stack) -> None:
    stack.plane.signals.take()
    register(stack)
    assert stack.plane.signals.take() == [("group", stack.group)]
    (found,) = health(stack)
    assert found["Target"] == {"Id": ADDRESS, "Port": 8080, "AvailabilityZone": "eu-central-1a"}
    assert found["HealthCheckPort"] == "8080"
    assert found["TargetHealth"] == {
        "State": "initial",
        "Reason": "Elb.RegistrationInProgress",
        "Description": "Target registration is in progress",
    }


def test_a_healthy_target_has_neither_reason_nor_description(stack: Stack) -> None:
    register(stack)
    target = stack.plane.store.groups[stack.group].targets[ADDRESS, 8080]
    target.state, target.reason, target.description = TargetState.HEALTHY, None, None
    (found,) = health(stack)
    assert found["TargetHealth"] == {"State": "healthy"}
    stack.elb.get_waiter("target_in_service").wait(TargetGroupArn=stack.group, WaiterConfig=ONCE)


def test_a_deregistered_target_drains_and_then_is_unknown(stack: Stack) -> None:
    register(stack)
    target = {"Id": ADDRESS, "Port": 8080}
    stack.elb.deregister_targets(TargetGroupArn=stack.group, Targets=[target])
    (found,) = health(stack)
    assert found["TargetHealth"]["State"] == "draining"
    assert found["TargetHealth"]["Reason"] == "Target.DeregistrationInProgress"
    waiter = stack.elb.get_waiter("target_deregistered")
    with pytest.raises(WaiterError):
        waiter.wait(TargetGroupArn=stack.group, Targets=[target], WaiterConfig=ONCE)
    del stack.plane.store.groups[stack.group].targets[ADDRESS, 8080]
    assert health(stack) == []
    (found,) = health(stack, target)
    assert found["TargetHealth"] == {
        "State": "unused",
        "Reason": "Target.NotRegistered",
        "Description": "Target is not registered to the target group",
    }
    waiter.wait(TargetGroupArn=stack.group, Targets=[target], WaiterConfig=ONCE)


def test_a_target_of_a_group_in_no_rule_is_unused(stack: Stack) -> None:
    group = make_group(stack.elb, "alone")
    register(stack, group)
    (found,) = health(stack, group=group)
    assert found["TargetHealth"]["State"] == "unused"
    assert found["TargetHealth"]["Reason"] == "Target.NotInUse"


def test_deregistering_what_is_not_there_succeeds(stack: Stack) -> None:
    stack.elb.deregister_targets(TargetGroupArn=stack.group, Targets=[{"Id": "127.0.0.9"}])


def test_a_target_is_in_its_tasks_zone(stack: Stack) -> None:
    stack.create()
    task = stack.run(stack.record())
    task.zone, task.address = "eu-central-1b", ADDRESS
    register(stack, Port=9000)
    (found,) = health(stack)
    assert found["Target"]["AvailabilityZone"] == "eu-central-1b"
    assert found["Target"]["Port"] == 9000


def test_only_addresses_can_be_targets(stack: Stack) -> None:
    with pytest.raises(ClientError, match="is not a valid IPv4 address"):
        stack.elb.register_targets(
            TargetGroupArn=stack.group, Targets=[{"Id": ADDRESS}, {"Id": "i-123"}]
        )
    assert health(stack) == []
    group = make_group(stack.elb, "vm", TargetType="instance")
    with pytest.raises(stack.elb.exceptions.InvalidTargetException):
        register(stack, group)


def test_an_unknown_group_is_a_typed_exception(stack: Stack) -> None:
    with pytest.raises(stack.elb.exceptions.TargetGroupNotFoundException):
        stack.elb.describe_target_health(TargetGroupArn="arn:x")

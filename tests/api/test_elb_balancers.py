"""Load balancers, target groups, listeners and rules."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.stack import SUBNETS, Stack, make_group


def refusal(call: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def attributes(answer: dict[str, Any]) -> dict[str, str]:
    return {a["Key"]: a["Value"] for a in answer["Attributes"]}


def test_a_load_balancer_is_active_in_its_subnets_zones(stack: Stack) -> None:
    (balancer,) = stack.elb.describe_load_balancers(Names=["alb"])["LoadBalancers"]
    assert balancer["State"] == {"Code": "active"}
    assert balancer["Type"] == "application"
    assert [z["ZoneName"] for z in balancer["AvailabilityZones"]] == [
        "eu-central-1a",
        "eu-central-1b",
    ]
    assert balancer["DNSName"].endswith(".elb.localhost")
    once = {"Delay": 0, "MaxAttempts": 1}
    stack.elb.get_waiter("load_balancer_available").wait(Names=["alb"], WaiterConfig=once)


def test_the_same_load_balancer_again_is_the_same(stack: Stack) -> None:
    again = stack.elb.create_load_balancer(Name="alb", Subnets=SUBNETS)
    assert again["LoadBalancers"][0]["LoadBalancerArn"] == stack.balancer
    code, _ = refusal(
        stack.elb.create_load_balancer, Name="alb", Subnets=SUBNETS, Scheme="internal"
    )
    assert code == "DuplicateLoadBalancerName"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Name": "a_b"}, "can only contain characters"),
        ({"Name": "a" * 33}, "cannot be longer than '32'"),
        ({"Name": "-a"}, "cannot begin or end with a hyphen"),
        ({"Subnets": ["subnet-a"]}, "two different Availability Zones"),
        ({"Type": "network"}, "not built in the local Fargate"),
    ],
)
def test_such_a_load_balancer_is_refused(stack: Stack, members: dict[str, Any], words: str) -> None:
    request = {"Name": "other", "Subnets": SUBNETS, **members}
    code, message = refusal(stack.elb.create_load_balancer, **request)
    assert code == "ValidationError"
    assert words in message


def test_attributes_have_albs_defaults_and_keep_what_is_set(stack: Stack) -> None:
    described = stack.elb.describe_load_balancer_attributes(LoadBalancerArn=stack.balancer)
    found = attributes(described)
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["client_keep_alive.seconds"] == "3600"
    stack.plane.signals.take()
    change = [{"Key": "idle_timeout.timeout_seconds", "Value": "4000"}]
    stack.elb.modify_load_balancer_attributes(LoadBalancerArn=stack.balancer, Attributes=change)
    record = stack.plane.store.balancers[stack.balancer]
    assert record.attributes["idle_timeout.timeout_seconds"] == "4000"
    assert stack.plane.signals.take() == [("balancer", stack.balancer)]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("x.y", "1", "attribute key 'x.y' is not recognized"),
        ("idle_timeout.timeout_seconds", "4001", "must be between '1-4000' inclusive"),
        ("idle_timeout.timeout_seconds", "0", "must be between '1-4000' inclusive"),
        ("client_keep_alive.seconds", "59", "must be between '60-604800' inclusive"),
        ("routing.http2.enabled", "yes", "must be one of [true, false]"),
    ],
)
def test_such_a_load_balancer_attribute_is_refused(
    stack: Stack, key: str, value: str, words: str
) -> None:
    code, message = refusal(
        stack.elb.modify_load_balancer_attributes,
        LoadBalancerArn=stack.balancer,
        Attributes=[{"Key": key, "Value": value}],
    )
    assert code == "ValidationError"
    assert words in message


def test_a_target_group_has_elbs_defaults(stack: Stack) -> None:
    (group,) = stack.elb.describe_target_groups(Names=["app"])["TargetGroups"]
    assert group["LoadBalancerArns"] == [stack.balancer]
    assert group["HealthCheckPath"] == "/"
    assert group["HealthCheckPort"] == "traffic-port"
    times = (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"])
    assert times == (30, 5)
    assert (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"]) == (5, 2)
    assert group["Matcher"] == {"HttpCode": "200"}
    found = attributes(stack.elb.describe_target_group_attributes(TargetGroupArn=stack.group))
    assert found["deregistration_delay.timeout_seconds"] == "300"
    assert found["slow_start.duration_seconds"] == "0"
    assert found["load_balancing.algorithm.type"] == "round_robin"
    assert stack.plane.store.groups[stack.group].deregistration_delay == 300


def test_a_modified_health_check_is_what_the_record_says(stack: Stack) -> None:
    stack.plane.signals.take()
    stack.elb.modify_target_group(
        TargetGroupArn=stack.group,
        HealthCheckPath="/healthz",
        HealthCheckIntervalSeconds=10,
        Matcher={"HttpCode": "200-299,301"},
    )
    record = stack.plane.store.groups[stack.group]
    assert (record.health_check_path, record.interval, record.timeout) == ("/healthz", 10, 5)
    assert record.matcher == "200-299,301"
    assert stack.plane.signals.take() == [("group", stack.group)]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"HealthCheckIntervalSeconds": 5}, "interval must be greater than the timeout"),
        ({"HealthCheckIntervalSeconds": 301}, "have value less than or equal to 300"),
        ({"HealthyThresholdCount": 11}, "have value less than or equal to 10"),
        ({"Matcher": {"HttpCode": "500"}}, "must be within '200-499'"),
        ({"Matcher": {"HttpCode": "ok"}}, "must be within '200-499'"),
        ({"HealthCheckPath": "x"}, "must begin with '/'"),
        ({"HealthCheckPort": "x"}, "must be 'traffic-port'"),
        ({"ProtocolVersion": "GRPC"}, "GRPC is not built"),
        ({"Matcher": {"GrpcCode": "12"}}, "gRPC health check is not built"),
        ({"Protocol": "TCP"}, "TCP is not built"),
        ({"TargetType": "lambda"}, "lambda is not built"),
    ],
)
def test_such_a_target_group_is_refused(stack: Stack, members: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words) as raised:
        make_group(stack.elb, "other", **members)
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert len(stack.plane.store.groups) == 1


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"a.b": "1"}, "ValidationError", "attribute key 'a.b' is not recognized"),
        (
            {"deregistration_delay.timeout_seconds": "3601"},
            "ValidationError",
            "must be between '0-3600' inclusive",
        ),
        (
            {"slow_start.duration_seconds": "29"},
            "ValidationError",
            "must be 0 or between '30-900' inclusive",
        ),
        (
            {"load_balancing.algorithm.type": "best"},
            "ValidationError",
            "must be one of [round_robin, ",
        ),
        (
            {
                "load_balancing.algorithm.type": "least_outstanding_requests",
                "slow_start.duration_seconds": "30",
            },
            "InvalidConfigurationRequest",
            "Slow start",
        ),
        (
            {"stickiness.enabled": "true", "stickiness.type": "app_cookie"},
            "ValidationError",
            "app_cookie is not built",
        ),
    ],
)
def test_such_target_group_attributes_are_refused(
    stack: Stack, change: dict[str, str], code: str, words: str
) -> None:
    before = dict(stack.plane.store.groups[stack.group].attributes)
    found, message = refusal(
        stack.elb.modify_target_group_attributes,
        TargetGroupArn=stack.group,
        Attributes=[{"Key": key, "Value": value} for key, value in change.items()],
    )
    assert found == code
    assert words in message
    assert stack.plane.store.groups[stack.group].attributes == before


def test_a_target_group_in_use_is_not_deleted(stack: Stack) -> None:
    code, message = refusal(stack.elb.delete_target_group, TargetGroupArn=stack.group)
    assert code == "ResourceInUse"
    assert "is currently in use by a listener or a rule" in message
    stack.elb.delete_listener(ListenerArn=stack.listener)
    stack.elb.delete_target_group(TargetGroupArn=stack.group)
    assert stack.plane.store.groups == {}


def test_deleting_a_load_balancer_deletes_its_listeners(stack: Stack) -> None:
    stack.plane.signals.take()
    stack.elb.delete_load_balancer(LoadBalancerArn=stack.balancer)
    assert stack.plane.store.listeners == {}
    assert stack.plane.signals.take() == [("balancer", stack.balancer), ("group", stack.group)]
    stack.elb.delete_load_balancer(LoadBalancerArn=stack.balancer)
    code, _ = refusal(stack.elb.describe_load_balancers, LoadBalancerArns=[stack.balancer])
    assert code == "LoadBalancerNotFound"


def test_a_protected_load_balancer_is_not_deleted(stack: Stack) -> None:
    change = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    stack.elb.modify_load_balancer_attributes(LoadBalancerArn=stack.balancer, Attributes=change)
    code, _ = refusal(stack.elb.delete_load_balancer, LoadBalancerArn=stack.balancer)
    assert code == "OperationNotPermitted"


def test_listeners_ports_are_theirs_alone_and_https_needs_a_certificate(stack: Stack) -> None:
    action = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    request = {"LoadBalancerArn": stack.balancer, "DefaultActions": action}
    code, _ = refusal(stack.elb.create_listener, **request, Protocol="HTTP", Port=80)
    assert code == "DuplicateListener"
    code, message = refusal(stack.elb.create_listener, **request, Protocol="HTTPS", Port=443)
    assert (code, "certificate" in message) == ("ValidationError", True)
    made = stack.elb.create_listener(
        **request, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": "arn:cert"}]
    )["Listeners"][0]
    assert made["Certificates"] == [{"CertificateArn": "arn:cert"}]
    assert made["SslPolicy"] == "ELBSecurityPolicy-2016-08"


def test_a_listener_can_be_modified_and_described(stack: Stack) -> None:
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    stack.plane.signals.take()
    stack.elb.modify_listener(
        ListenerArn=stack.listener,
        Port=81,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
    )
    assert stack.plane.signals.take() == [("balancer", stack.balancer), ("group", stack.group)]
    (listener,) = stack.elb.describe_listeners(LoadBalancerArn=stack.balancer)["Listeners"]
    assert listener["Port"] == 81
    config = listener["DefaultActions"][0]["RedirectConfig"]
    assert config == redirect | {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
    (group,) = stack.elb.describe_target_groups(Names=["app"])["TargetGroups"]
    assert group["LoadBalancerArns"] == []


def make_rule(stack: Stack, priority: int, **members: Any) -> dict[str, Any]:
    request = {
        "ListenerArn": stack.listener,
        "Priority": priority,
        "Conditions": [{"Field": "path-pattern", "Values": ["/orders/*"]}],
        "Actions": [{"Type": "forward", "TargetGroupArn": stack.group}],
        **members,
    }
    made: dict[str, Any] = stack.elb.create_rule(**request)["Rules"][0]
    return made


def test_a_condition_comes_back_in_both_forms(stack: Stack) -> None:
    rule = make_rule(stack, 10)
    assert rule["Conditions"] == [
        {
            "Field": "path-pattern",
            "Values": ["/orders/*"],
            "PathPatternConfig": {"Values": ["/orders/*"]},
        }
    ]
    assert rule["Actions"][0]["TargetGroupArn"] == stack.group
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert groups == [{"TargetGroupArn": stack.group, "Weight": 1}]
    config = {"Values": [{"Key": "a", "Value": "1"}]}
    other = make_rule(
        stack, 11, Conditions=[{"Field": "query-string", "QueryStringConfig": config}]
    )
    assert other["Conditions"][0]["QueryStringConfig"] == config
    assert other["Conditions"][0]["Values"] == []


def test_rules_are_described_by_priority_with_the_default_last(stack: Stack) -> None:
    make_rule(stack, 20)
    make_rule(stack, 3)
    rules = stack.elb.describe_rules(ListenerArn=stack.listener)["Rules"]
    assert [r["Priority"] for r in rules] == ["3", "20", "default"]
    assert [r["IsDefault"] for r in rules] == [False, False, True]
    first = stack.elb.describe_rules(ListenerArn=stack.listener, PageSize=2)
    rest = stack.elb.describe_rules(ListenerArn=stack.listener, Marker=first["NextMarker"])
    assert [r["Priority"] for r in rest["Rules"]] == ["default"]


def test_priorities_are_taken_once_and_swapped_together(stack: Stack) -> None:
    one, two = make_rule(stack, 1)["RuleArn"], make_rule(stack, 2)["RuleArn"]
    with pytest.raises(ClientError, match="Priority '1' is currently in use") as raised:
        make_rule(stack, 1)
    assert raised.value.response["Error"]["Code"] == "PriorityInUse"
    swap = [{"RuleArn": one, "Priority": 2}, {"RuleArn": two, "Priority": 1}]
    stack.elb.set_rule_priorities(RulePriorities=swap)
    rules = stack.elb.describe_rules(ListenerArn=stack.listener)["Rules"]
    assert [r["RuleArn"] for r in rules[:2]] == [two, one]
    clash = [{"RuleArn": one, "Priority": 1}]
    code, _ = refusal(stack.elb.set_rule_priorities, RulePriorities=clash)
    assert code == "PriorityInUse"


def test_the_default_rule_is_the_listeners(stack: Stack) -> None:
    (rule,) = stack.elb.describe_rules(ListenerArn=stack.listener)["Rules"]
    code, _ = refusal(stack.elb.delete_rule, RuleArn=rule["RuleArn"])
    assert code == "OperationNotPermitted"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Priority": 50_001}, "ValidationError"),
        ({"Conditions": []}, "ValidationError"),
        ({"Conditions": [{"Field": "moon", "Values": ["x"]}]}, "ValidationError"),
        ({"Actions": []}, "ValidationError"),
        ({"Actions": [{"Type": "forward"}]}, "ValidationError"),
        ({"Actions": [{"Type": "redirect"}]}, "ValidationError"),
        ({"Actions": [{"Type": "forward", "TargetGroupArn": "arn:x"}]}, "TargetGroupNotFound"),
        ({"ListenerArn": "arn:x"}, "ListenerNotFound"),
    ],
)
def test_such_a_rule_is_refused(stack: Stack, members: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as raised:
        make_rule(stack, members.pop("Priority", 5), **members)
    assert raised.value.response["Error"]["Code"] == code
    assert len(stack.plane.store.listeners[stack.listener].rules) == 1


def test_a_rule_is_modified_and_deleted(stack: Stack) -> None:
    arn = make_rule(stack, 1)["RuleArn"]
    condition = [{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example"]}}]
    changed = stack.elb.modify_rule(RuleArn=arn, Conditions=condition)["Rules"][0]
    assert changed["Conditions"][0]["Values"] == ["a.example"]
    stack.elb.delete_rule(RuleArn=arn)
    assert refusal(stack.elb.modify_rule, RuleArn=arn)[0] == "RuleNotFound"


def test_tags_of_everything(stack: Stack) -> None:
    arns = [stack.balancer, stack.group, stack.listener, make_rule(stack, 1)["RuleArn"]]
    stack.elb.add_tags(ResourceArns=arns, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    stack.elb.remove_tags(ResourceArns=arns, TagKeys=["b"])
    described = stack.elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert [d["Tags"] for d in described] == [[{"Key": "a", "Value": "1"}]] * 4


def test_pages_of_target_groups(stack: Stack) -> None:
    for i in range(4):
        make_group(stack.elb, f"g{i}")
    pages = stack.elb.get_paginator("describe_target_groups").paginate(
        PaginationConfig={"PageSize": 2}
    )
    assert [len(page["TargetGroups"]) for page in pages] == [2, 2, 1]
    code, _ = refusal(stack.elb.describe_target_groups, Marker="x")
    assert code == "ValidationError"


def test_an_action_that_is_not_built_is_an_invalid_action(stack: Stack) -> None:
    call = stack.elb.describe_capacity_reservation
    assert refusal(call, LoadBalancerArn=stack.balancer)[0] == "InvalidAction"

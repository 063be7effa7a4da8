"""What Elastic Load Balancing does, told as short stories of calls."""

from typing import Any

from tests.api.refusals_elb import FORWARD, attribute, paths
from tests.api.scene import NOTHING, Scene
from tests.api.stack import SUBNETS

GROUP = {"Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-1", "TargetType": "ip"}


def elb(scene: Scene, operation: str, **params: Any) -> Any:
    """The one thing, or the list of things, that an answer has."""
    answer = scene.call("elbv2", operation, **params)
    return next(iter(answer.values())) if answer else None


def pairs(attributes: list[dict[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in attributes}


def the_same_target_group_again_is_the_same(scene: Scene) -> None:
    (again,) = elb(scene, "create_target_group", Name="app", HealthCheckPath="/", **GROUP)
    assert again["TargetGroupArn"] == scene.names["group"]


def what_counts_is_how_the_target_group_is_set_now(scene: Scene) -> None:
    elb(scene, "modify_target_group", TargetGroupArn="$group", HealthCheckPath="/up")
    (again,) = elb(scene, "create_target_group", Name="app", HealthCheckPath="/up", **GROUP)
    assert again["TargetGroupArn"] == scene.names["group"]


def an_https_target_group_is_checked_by_http(scene: Scene) -> None:
    (made,) = elb(scene, "create_target_group", Name="new", **GROUP | {"Protocol": "HTTPS"})
    assert made["HealthCheckProtocol"] == "HTTP"
    assert (made["HealthCheckTimeoutSeconds"], made["HealthCheckIntervalSeconds"]) == (5, 30)


def an_empty_protocol_version_is_none_as_terraform_says_it(scene: Scene) -> None:
    (made,) = elb(scene, "create_target_group", Name="new", ProtocolVersion="", **GROUP)
    assert made["ProtocolVersion"] == "HTTP1"


def the_same_load_balancer_again_is_the_same(scene: Scene) -> None:
    (again,) = elb(scene, "create_load_balancer", Name="alb", Subnets=SUBNETS[::-1])
    assert again["LoadBalancerArn"] == scene.names["balancer"]


def the_same_listener_again_is_the_same(scene: Scene) -> None:
    request = {"LoadBalancerArn": "$balancer", "Protocol": "HTTP", "Port": 80}
    (again,) = elb(scene, "create_listener", DefaultActions=FORWARD, **request)
    assert again["ListenerArn"] == scene.names["listener"]
    assert len(elb(scene, "describe_listeners", LoadBalancerArn="$balancer")) == 2


def only_an_internal_load_balancer_denies_the_internet(scene: Scene) -> None:
    for name, value in (("balancer", "false"), ("second", "true")):
        found = elb(scene, "describe_load_balancer_attributes", LoadBalancerArn=f"${name}")
        assert pairs(found)["ipv6.deny_all_igw_traffic"] == value


def logs_are_switched_on_with_their_bucket(scene: Scene) -> None:
    wanted = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "b"}
    documents = [{"Key": key, "Value": value} for key, value in wanted.items()]
    request = {"LoadBalancerArn": "$balancer", "Attributes": documents}
    found = pairs(elb(scene, "modify_load_balancer_attributes", **request))
    assert wanted.items() <= found.items()


def the_edges_of_ranges_are_taken(scene: Scene) -> None:
    edges = {
        "deregistration_delay.timeout_seconds": ("0", "3600"),
        "slow_start.duration_seconds": ("0", "30", "900"),
        "stickiness.lb_cookie.duration_seconds": ("1", "604800"),
    }
    for key, values in edges.items():
        for value in values:
            request = {"TargetGroupArn": "$group", **attribute(key, value)}
            assert pairs(elb(scene, "modify_target_group_attributes", **request))[key] == value


def a_listener_has_its_default_certificate_and_others(scene: Scene) -> None:
    others = [{"CertificateArn": "arn:two"}, {"CertificateArn": "arn:three"}]
    request = {"ListenerArn": "$secure", "Certificates": others}
    elb(scene, "add_listener_certificates", **request)
    elb(scene, "add_listener_certificates", **request)
    found = elb(scene, "describe_listener_certificates", ListenerArn="$secure")
    assert [(c["CertificateArn"], c["IsDefault"]) for c in found] == [
        ("arn:cert", True),
        ("arn:two", False),
        ("arn:three", False),
    ]
    elb(scene, "remove_listener_certificates", ListenerArn="$secure", Certificates=others[:1])
    (listener,) = elb(scene, "describe_listeners", ListenerArns=["$secure"])
    assert listener["Certificates"] == [{"CertificateArn": "arn:cert"}]
    assert listener["MutualAuthentication"] == {"Mode": "off"}


def another_default_certificate_leaves_the_others(scene: Scene) -> None:
    other = [{"CertificateArn": "arn:two"}]
    elb(scene, "add_listener_certificates", ListenerArn="$secure", Certificates=other)
    change = [{"CertificateArn": "arn:new"}]
    elb(scene, "modify_listener", ListenerArn="$secure", Certificates=change)
    found = elb(scene, "describe_listener_certificates", ListenerArn="$secure")
    assert [c["CertificateArn"] for c in found] == ["arn:new", "arn:two"]


def a_listener_that_becomes_http_has_no_certificate(scene: Scene) -> None:
    (changed,) = elb(scene, "modify_listener", ListenerArn="$secure", Protocol="HTTP")
    assert "Certificates" not in changed
    assert "SslPolicy" not in changed


def policies_are_known_by_name(scene: Scene) -> None:
    names = [f"ELBSecurityPolicy-{n}" for n in ("2016-08", "TLS13-1-2-Res-PQ-2025-09")]
    found = elb(scene, "describe_ssl_policies", Names=names)
    assert [policy["Name"] for policy in found] == names
    assert [policy["SslProtocols"] for policy in found] == [
        ["TLSv1", "TLSv1.1", "TLSv1.2"],
        ["TLSv1.2", "TLSv1.3"],
    ]
    (listener,) = elb(scene, "modify_listener", ListenerArn="$secure", SslPolicy=names[1])
    assert listener["SslPolicy"] == names[1]
    assert len(elb(scene, "describe_ssl_policies")) > 30


def a_load_balancer_moves_to_other_subnets(scene: Scene) -> None:
    moved = elb(scene, "set_subnets", LoadBalancerArn="$balancer", Subnets=["x", "y", "z"])
    assert [zone["SubnetId"] for zone in moved] == ["x", "y", "z"]
    (found,) = elb(scene, "describe_load_balancers", Names=["alb"])
    assert found["AvailabilityZones"] == moved
    assert ("balancer", scene.names["balancer"]) in scene.stack.plane.signals.take()
    request = {"LoadBalancerArn": "$balancer", "IpAddressType": "ipv4"}
    assert elb(scene, "set_ip_address_type", **request) == "ipv4"


def a_load_balancer_is_in_its_security_groups_vpc(scene: Scene) -> None:
    ec2 = scene.stack.plane.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId="vpc-7")["GroupId"]
    elb(scene, "set_security_groups", LoadBalancerArn="$balancer", SecurityGroups=[group])
    (found,) = elb(scene, "describe_load_balancers", Names=["alb"])
    assert (found["VpcId"], found["SecurityGroups"]) == ("vpc-7", [group])
    (other,) = elb(scene, "describe_load_balancers", Names=["two"])
    assert "VpcId" not in other


def quotas_have_awss_names(scene: Scene) -> None:
    found = {one["Name"]: one["Max"] for one in elb(scene, "describe_account_limits")}
    assert found["rules-per-application-load-balancer"] == "100"
    assert found["condition-values-per-alb-rule"] == "5"
    assert found["targets-per-application-load-balancer"] == "1000"


def a_load_balancer_has_a_hundred_rules_over_all_its_listeners(scene: Scene) -> None:
    for number in range(99):  # the scene has one on the first listener
        request = {"ListenerArn": "$secure", "Priority": number + 1, "Actions": NOTHING}
        elb(scene, "create_rule", **request, **paths("/a"))
    request = {"ListenerArn": "$listener", "Priority": 500, "Actions": NOTHING, **paths("/a")}
    assert refused(scene, "create_rule", **request) == "TooManyRules"
    elb(scene, "delete_rule", RuleArn="$rule")
    elb(scene, "create_rule", **request)


def refused(scene: Scene, operation: str, **params: Any) -> str:
    """The code of the error."""
    try:
        answer = elb(scene, operation, **params)
    except scene.stack.elb.exceptions.ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    raise AssertionError(f"{operation} was not refused: {answer}")


def five_values_and_five_wildcards_are_a_rule(scene: Scene) -> None:
    request = {"ListenerArn": "$listener", "Priority": 5, "Actions": NOTHING}
    (rule,) = elb(scene, "create_rule", **request, **paths("/a*", "/b*", "/c?", "/d/*/*"))
    assert len(rule["Conditions"][0]["Values"]) == 4


def a_group_free_of_its_load_balancer_may_go_to_another(scene: Scene) -> None:
    elb(scene, "modify_listener", ListenerArn="$listener", DefaultActions=NOTHING)
    elb(scene, "modify_listener", ListenerArn="$plain", DefaultActions=FORWARD)
    (group,) = elb(scene, "describe_target_groups", Names=["app"])
    assert group["LoadBalancerArns"] == [scene.names["second"]]


def a_rule_changes_one_part_at_a_time(scene: Scene) -> None:
    (changed,) = elb(scene, "modify_rule", RuleArn="$rule", Actions=FORWARD)
    assert changed["Conditions"][0]["Values"] == ["/a"]
    assert changed["Actions"][0]["TargetGroupArn"] == scene.names["group"]
    order = [{"RuleArn": "$rule", "Priority": 50_000}]
    (moved,) = elb(scene, "set_rule_priorities", RulePriorities=order)
    assert moved["Priority"] == "50000"


def an_unused_group_goes_and_one_that_is_gone_counts_as_gone(scene: Scene) -> None:
    for _ in range(2):
        elb(scene, "delete_target_group", TargetGroupArn="$spare")
    assert refused(scene, "describe_target_groups", Names=["spare"]) == "TargetGroupNotFound"


def tags_come_and_go(scene: Scene) -> None:
    arns = ["$balancer", "$group", "$listener", "$rule"]
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    elb(scene, "add_tags", ResourceArns=arns, Tags=tags)
    elb(scene, "remove_tags", ResourceArns=arns, TagKeys=["a"])
    described = elb(scene, "describe_tags", ResourceArns=arns)
    assert [one["Tags"] for one in described] == [tags[1:]] * 4


STORIES = [
    the_same_target_group_again_is_the_same,
    what_counts_is_how_the_target_group_is_set_now,
    an_https_target_group_is_checked_by_http,
    an_empty_protocol_version_is_none_as_terraform_says_it,
    the_same_load_balancer_again_is_the_same,
    the_same_listener_again_is_the_same,
    only_an_internal_load_balancer_denies_the_internet,
    logs_are_switched_on_with_their_bucket,
    the_edges_of_ranges_are_taken,
    a_listener_has_its_default_certificate_and_others,
    another_default_certificate_leaves_the_others,
    a_listener_that_becomes_http_has_no_certificate,
    policies_are_known_by_name,
    a_load_balancer_moves_to_other_subnets,
    a_load_balancer_is_in_its_security_groups_vpc,
    quotas_have_awss_names,
    a_load_balancer_has_a_hundred_rules_over_all_its_listeners,
    five_values_and_five_wildcards_are_a_rule,
    a_group_free_of_its_load_balancer_may_go_to_another,
    a_rule_changes_one_part_at_a_time,
    an_unused_group_goes_and_one_that_is_gone_counts_as_gone,
    tags_come_and_go,
]

"""One sequence of calls for two servers, and what is known to differ between them, with reasons."""

from dataclasses import dataclass, field
from typing import Any

from tests.api.scene import NOTHING, RECORDS
from tests.api.stack import CONTAINER


@dataclass(frozen=True, slots=True)
class Step:
    """`keep`: words for things in the answer, by their path; later steps say `$word`."""

    service: str
    operation: str
    params: dict[str, Any] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)


def elb(operation: str, keep: dict[str, str] | None = None, /, **params: Any) -> Step:
    return Step("elbv2", operation, params, keep or {})


def cloud(operation: str, keep: dict[str, str] | None = None, /, **params: Any) -> Step:
    return Step("servicediscovery", operation, params, keep or {})


def ecs(operation: str, keep: dict[str, str] | None = None, /, **params: Any) -> Step:
    return Step("ecs", operation, params, keep or {})


FORWARD = [{"Type": "forward", "TargetGroupArn": "$group"}]
GROUP = {"Name": "g", "Protocol": "HTTP", "Port": 80, "VpcId": "$vpc", "TargetType": "ip"}
CONTAINERS = [{**CONTAINER, "memory": 128}]

BALANCING = (
    elb(
        "create_load_balancer",
        {"balancer": "LoadBalancers.0.LoadBalancerArn"},
        Name="alb",
        Subnets=["$a", "$b"],
        SecurityGroups=["$sg"],
        Scheme="internal",
    ),
    elb("describe_load_balancers", Names=["alb"]),
    elb("describe_load_balancers", Names=["none"]),
    elb("describe_load_balancer_attributes", LoadBalancerArn="$balancer"),
    elb(
        "modify_load_balancer_attributes",
        LoadBalancerArn="$balancer",
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "600"}],
    ),
    elb("create_target_group", {"group": "TargetGroups.0.TargetGroupArn"}, **GROUP),
    elb("create_target_group", **GROUP | {"Name": "a" * 33}),
    elb("create_target_group", **GROUP | {"Name": "a_b"}),
    elb("create_target_group", **GROUP | {"Name": "h", "Port": None}),
    elb(
        "create_target_group",
        **GROUP | {"Name": "h", "HealthCheckTimeoutSeconds": 30, "HealthCheckIntervalSeconds": 30},
    ),
    elb("describe_target_groups", Names=["g"]),
    elb("describe_target_groups", Names=["none"]),
    elb(
        "modify_target_group",
        TargetGroupArn="$group",
        HealthCheckPath="/up",
        HealthCheckIntervalSeconds=10,
        Matcher={"HttpCode": "200-299"},
    ),
    elb("describe_target_group_attributes", TargetGroupArn="$group"),
    elb(
        "modify_target_group_attributes",
        TargetGroupArn="$group",
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    ),
    elb(
        "modify_target_group_attributes",
        TargetGroupArn="$group",
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "3601"}],
    ),
    elb(
        "create_listener",
        {"listener": "Listeners.0.ListenerArn"},
        LoadBalancerArn="$balancer",
        Protocol="HTTP",
        Port=80,
        DefaultActions=FORWARD,
    ),
    elb(
        "create_listener",
        LoadBalancerArn="$balancer",
        Protocol="HTTP",
        Port=None,
        DefaultActions=NOTHING,
    ),
    elb("describe_listeners", LoadBalancerArn="$balancer"),
    elb("describe_listeners"),
    elb("describe_target_groups", LoadBalancerArn="$balancer"),
    elb("delete_target_group", TargetGroupArn="$group"),
    elb(
        "create_rule",
        {"rule": "Rules.0.RuleArn"},
        ListenerArn="$listener",
        Priority=5,
        Conditions=[{"Field": "path-pattern", "Values": ["/a/*"]}],
        Actions=NOTHING,
    ),
    elb(
        "create_rule",
        ListenerArn="$listener",
        Priority=5,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.b"]}}],
        Actions=FORWARD,
    ),
    elb(
        "create_rule",
        {"host": "Rules.0.RuleArn"},
        ListenerArn="$listener",
        Priority=6,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.b"]}}],
        Actions=FORWARD,
    ),
    elb(
        "create_rule",
        ListenerArn="$listener",
        Priority=7,
        Actions=NOTHING,
        Conditions=[{"Field": "path-pattern", "Values": ["/a", "/b"]}],
    ),
    elb(
        "create_rule",
        ListenerArn="$listener",
        Priority=7,
        Actions=NOTHING,
        Conditions=[{"Field": "http-header", "Values": ["a"]}],
    ),
    elb("describe_rules", {"default": "Rules.2.RuleArn"}, ListenerArn="$listener"),
    elb("describe_rules"),
    elb("modify_rule", RuleArn="$rule"),
    elb("modify_rule", RuleArn="$rule", Actions=FORWARD),
    elb("set_rule_priorities", RulePriorities=[{"RuleArn": "$rule", "Priority": 9}]),
    elb("add_tags", ResourceArns=["$group"], Tags=[{"Key": "k", "Value": "1"}]),
    elb("describe_tags", ResourceArns=["$group"]),
    elb("remove_tags", ResourceArns=["$group"], TagKeys=["k"]),
    elb("register_targets", TargetGroupArn="$group", Targets=[{"Id": "127.0.0.9"}]),
    elb("delete_rule", RuleArn="$host"),
    elb("delete_rule", RuleArn="$rule"),
    elb("delete_listener", ListenerArn="$listener"),
    elb("delete_target_group", TargetGroupArn="$group"),
    elb("delete_load_balancer", LoadBalancerArn="$balancer"),
    elb("describe_load_balancers"),
)

DISCOVERY = (
    cloud("create_http_namespace", {"op": "OperationId"}, Name="n", Description="d"),
    cloud("get_operation", {"http": "Operation.Targets.NAMESPACE"}, OperationId="$op"),
    cloud("get_namespace", Id="$http"),
    cloud("get_namespace", Id="ns-none"),
    cloud("create_private_dns_namespace", {"op2": "OperationId"}, Name="z.local", Vpc="$vpc"),
    cloud("get_operation", {"dns": "Operation.Targets.NAMESPACE"}, OperationId="$op2"),
    cloud("get_namespace", {"zone": "Namespace.Properties.DnsProperties.HostedZoneId"}, Id="$dns"),
    cloud(
        "create_service",
        {"srv": "Service.Id", "srv_arn": "Service.Arn"},
        Name="db",
        NamespaceId="$dns",
        DnsConfig={"DnsRecords": RECORDS},
    ),
    cloud("get_service", Id="$srv"),
    cloud("get_service", Id="srv-none"),
    cloud("list_services", Filters=[{"Name": "NAMESPACE_ID", "Values": ["$dns"]}]),
    cloud("tag_resource", ResourceARN="$srv_arn", Tags=[{"Key": "k", "Value": "1"}]),
    cloud("list_tags_for_resource", ResourceARN="$srv_arn"),
    cloud("untag_resource", ResourceARN="$srv_arn", TagKeys=["k"]),
    cloud(
        "register_instance",
        {"op3": "OperationId"},
        ServiceId="$srv",
        InstanceId="i",
        Attributes={"AWS_INSTANCE_IPV4": "127.0.0.9"},
    ),
    cloud("get_instance", ServiceId="$srv", InstanceId="i"),
    cloud("get_instance", ServiceId="$srv", InstanceId="none"),
    cloud("list_instances", ServiceId="$srv"),
    cloud("deregister_instance", {"op4": "OperationId"}, ServiceId="$srv", InstanceId="i"),
    cloud("delete_service", Id="$srv"),
    cloud("delete_namespace", {"op5": "OperationId"}, Id="$dns"),
    cloud("delete_namespace", {"op6": "OperationId"}, Id="$http"),
    cloud("delete_namespace", Id="$http"),
    cloud("list_namespaces"),
)

CONTAINERS_CALLS = (
    ecs(
        "create_cluster",
        clusterName="c",
        capacityProviders=["FARGATE"],
        tags=[{"key": "k", "value": "1"}],
    ),
    ecs("describe_clusters", clusters=["c", "none"], include=["TAGS", "SETTINGS"]),
    ecs("list_clusters"),
    ecs(
        "put_cluster_capacity_providers",
        cluster="c",
        capacityProviders=["FARGATE"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
    ),
    ecs(
        "update_cluster", cluster="c", settings=[{"name": "containerInsights", "value": "enabled"}]
    ),
    ecs(
        "register_task_definition",
        {"one": "taskDefinition.taskDefinitionArn"},
        family="f",
        containerDefinitions=CONTAINERS,
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        requiresCompatibilities=["FARGATE"],
    ),
    ecs(
        "register_task_definition",
        {"two": "taskDefinition.taskDefinitionArn"},
        family="f",
        containerDefinitions=CONTAINERS,
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        requiresCompatibilities=["FARGATE"],
        tags=[{"key": "k", "value": "1"}],
    ),
    ecs("register_task_definition", family="e", containerDefinitions=[{"name": "a", "image": "b"}]),
    ecs("register_task_definition", family="e", containerDefinitions=[{"name": "a", "memory": 9}]),
    ecs("describe_task_definition", taskDefinition="f", include=["TAGS"]),
    ecs("describe_task_definition", taskDefinition="f:1"),
    ecs("describe_task_definition", taskDefinition="none"),
    ecs("list_task_definitions", familyPrefix="f"),
    ecs("list_task_definitions", familyPrefix="f", sort="DESC"),
    ecs("list_task_definition_families"),
    ecs("deregister_task_definition", taskDefinition="f:1"),
    ecs("deregister_task_definition", taskDefinition="f"),
    ecs("describe_task_definition", taskDefinition="f:1"),
    ecs("list_task_definitions", familyPrefix="f", status="INACTIVE"),
    ecs("list_account_settings"),
    ecs("delete_cluster", cluster="c"),
    ecs("delete_cluster", cluster="none"),
)

"""What Elastic Load Balancing refuses of target groups and targets, and of what it describes."""

from tests.api.refusal import Refusal, table
from tests.api.refusals_elb import VALIDATION, attribute

GROUPS = table(
    "elbv2",
    "create_target_group",
    {
        "a group without a port": (VALIDATION, "A port must be specified", {"Port": None}),
        "a group without a VPC": (VALIDATION, "A VPC ID must be specified", {"VpcId": None}),
        "port 0": (VALIDATION, "greater than or equal to 1", {"Port": 0}),
        "port 65536": (VALIDATION, "less than or equal to 65535", {"Port": 65536}),
        "an interval of 4 s": (
            VALIDATION,
            "Value '4' at 'healthCheckIntervalSeconds' failed to satisfy constraint: "
            "Member must have value greater than or equal to 5",
            {"HealthCheckIntervalSeconds": 4},
        ),
        "an interval of 301 s": (VALIDATION, "equal to 300", {"HealthCheckIntervalSeconds": 301}),
        "a timeout of 1 s": (VALIDATION, "or equal to 2", {"HealthCheckTimeoutSeconds": 1}),
        "a timeout of 121 s": (VALIDATION, "or equal to 120", {"HealthCheckTimeoutSeconds": 121}),
        "a timeout as long as the interval": (
            VALIDATION,
            "Health check interval must be greater than the timeout.",
            {"HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 30},
        ),
        "one success": (VALIDATION, "or equal to 2", {"HealthyThresholdCount": 1}),
        "eleven failures": (VALIDATION, "or equal to 10", {"UnhealthyThresholdCount": 11}),
        "two wrong things": (
            VALIDATION,
            "2 validation errors detected",
            {"HealthyThresholdCount": 1, "UnhealthyThresholdCount": 1},
        ),
        "a check that is off": (
            VALIDATION,
            "Health check enabled must be true",
            {"HealthCheckEnabled": False},
        ),
        "a path of a word": (
            VALIDATION,
            "must begin with '/' character",
            {"HealthCheckPath": "up"},
        ),
        "a path of 1025 characters": (
            VALIDATION,
            "length less than or equal to 1024",
            {"HealthCheckPath": "/" + "a" * 1024},
        ),
        "success of 199": (VALIDATION, "within '200-499'", {"Matcher": {"HttpCode": "199"}}),
        "success of 500": (VALIDATION, "within '200-499'", {"Matcher": {"HttpCode": "200-500"}}),
        "success of 200;301": (
            VALIDATION,
            "within '200-499'",
            {"Matcher": {"HttpCode": "200;301"}},
        ),
        "a check of TCP": (VALIDATION, "must be HTTP or HTTPS", {"HealthCheckProtocol": "TCP"}),
        "a check of port 0": (VALIDATION, "'traffic-port' or 1 to 65535", {"HealthCheckPort": "0"}),
        "a group of another kind by the same name": (
            "DuplicateTargetGroupName",
            "A target group with the same name 'app' exists, but with different settings",
            {"Name": "app", "Port": 81},
        ),
        "the same group with another check": (
            "DuplicateTargetGroupName",
            "'app'",
            {"Name": "app", "Port": 8080, "HealthCheckPath": "/up"},
        ),
        "a group with an underscore": (
            VALIDATION,
            "Target group name 'a_b' can only contain characters that are alphanumeric "
            "characters or hyphens(-)",
            {"Name": "a_b"},
        ),
    },
    Name="new",
    Protocol="HTTP",
    Port=80,
    VpcId="vpc-1",
    TargetType="ip",
)

GROUP_ATTRIBUTES = table(
    "elbv2",
    "modify_target_group_attributes",
    {
        "an unknown attribute of a group": (
            VALIDATION,
            "Target group attribute key 'a.b' is not recognized",
            attribute("a.b", "1"),
        ),
        "an attribute of network groups": (
            VALIDATION,
            "key 'proxy_protocol_v2.enabled' is not recognized",
            attribute("proxy_protocol_v2.enabled", "true"),
        ),
        "a delay of 3601 s": (
            VALIDATION,
            "'deregistration_delay.timeout_seconds' value '3601' must be between '0-3600' "
            "inclusive",
            attribute("deregistration_delay.timeout_seconds", "3601"),
        ),
        "a delay below nothing": (
            VALIDATION,
            "'0-3600'",
            attribute("deregistration_delay.timeout_seconds", "-1"),
        ),
        "a slow start of 29 s": (
            VALIDATION,
            "must be 0 or between '30-900' inclusive",
            attribute("slow_start.duration_seconds", "29"),
        ),
        "a slow start of 901 s": (
            VALIDATION,
            "'30-900'",
            attribute("slow_start.duration_seconds", "901"),
        ),
        "an algorithm that there is not": (
            VALIDATION,
            "must be one of [round_robin, least_outstanding_requests, weighted_random]",
            attribute("load_balancing.algorithm.type", "best"),
        ),
        "slow start among the least busy": (
            "InvalidConfigurationRequest",
            "Slow start",
            {
                "Attributes": [
                    {"Key": "slow_start.duration_seconds", "Value": "30"},
                    {"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"},
                ]
            },
        ),
        "mitigation in a circle": (
            "InvalidConfigurationRequest",
            "Anomaly mitigation",
            attribute("load_balancing.algorithm.anomaly_mitigation", "on"),
        ),
        "a cookie of eight days": (
            VALIDATION,
            "'1-604800'",
            attribute("stickiness.lb_cookie.duration_seconds", "691200"),
        ),
        "101 per cent healthy": (
            VALIDATION,
            "must be off or between '1-100' inclusive",
            attribute("target_group_health.dns_failover.minimum_healthy_targets.percentage", "101"),
        ),
        "the attributes of nothing": (
            "TargetGroupNotFound",
            "One or more target groups not found",
            {"TargetGroupArn": "arn:x", **attribute("stickiness.enabled", "true")},
        ),
    },
    TargetGroupArn="$group",
)

USES = [
    *table(
        "elbv2",
        "delete_target_group",
        {
            "deleting a group in use": (
                "ResourceInUse",
                "is currently in use by a listener or a rule",
                {"TargetGroupArn": "$group"},
            ),
        },
    ),
    *table(
        "elbv2",
        "describe_target_groups",
        {
            "groups by two ways at once": (
                VALIDATION,
                "Target group names, target group ARNs, and a load balancer ARN cannot be "
                "specified at the same time",
                {"Names": ["app"], "LoadBalancerArn": "$balancer"},
            ),
            "a group's name that is not there": (
                "TargetGroupNotFound",
                "not found",
                {"Names": ["app", "x"]},
            ),
        },
    ),
    *table(
        "elbv2",
        "modify_target_group",
        {
            "a modified timeout as long as the interval": (
                VALIDATION,
                "greater than the timeout",
                {"HealthCheckTimeoutSeconds": 60},
            ),
        },
        TargetGroupArn="$group",
    ),
    *table(
        "elbv2",
        "register_targets",
        {
            "a target by its instance": (
                VALIDATION,
                "The IP address 'i-1' is not a valid IPv4 address",
                {"Targets": [{"Id": "127.0.0.9"}, {"Id": "i-1"}]},
            ),
            "a target at port 0": (
                VALIDATION,
                "greater than or equal to 1",
                {"Targets": [{"Id": "127.0.0.9", "Port": 0}]},
            ),
        },
        TargetGroupArn="$group",
    ),
    *table(
        "elbv2",
        "describe_tags",
        {
            "the tags of something else": (
                VALIDATION,
                "is not a valid load balancer ARN",
                {"ResourceArns": ["arn:x"]},
            ),
        },
    ),
    *table(
        "elbv2",
        "describe_ssl_policies",
        {
            "a policy that there is not": (
                "SSLPolicyNotFound",
                "'ELBSecurityPolicy-9' not found",
                {"Names": ["ELBSecurityPolicy-9"]},
            ),
        },
    ),
    *table(
        "elbv2",
        "describe_capacity_reservation",
        {
            "an action that is not built": (
                "InvalidAction",
                "The action DescribeCapacityReservation is not valid for this web service.",
                {"LoadBalancerArn": "$balancer"},
            ),
        },
    ),
]

TARGETS: list[Refusal] = [*GROUPS, *GROUP_ATTRIBUTES, *USES]

"""What Elastic Load Balancing refuses of load balancers, and words for the other tables."""

from typing import Any

from tests.api.refusal import Refusal, table
from tests.api.stack import SUBNETS

VALIDATION = "ValidationError"
ACTION = "InvalidLoadBalancerAction"
TWICE = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
FORWARD = [{"Type": "forward", "TargetGroupArn": "$group"}]
LOOP = {"StatusCode": "HTTP_301"}


def attribute(key: str, value: str) -> dict[str, Any]:
    return {"Attributes": [{"Key": key, "Value": value}]}


def condition(field: str, config: str, **members: Any) -> dict[str, Any]:
    return {"Conditions": [{"Field": field, config: members}]}


def paths(*values: str) -> dict[str, Any]:
    return condition("path-pattern", "PathPatternConfig", Values=list(values))


def redirect(**members: Any) -> dict[str, Any]:
    return {"Actions": [{"Type": "redirect", "RedirectConfig": LOOP | members}]}


def groups(*weights: int) -> dict[str, Any]:
    targets = [{"TargetGroupArn": "$group", "Weight": weight} for weight in weights]
    return {"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": targets}}]}


BALANCERS = table(
    "elbv2",
    "create_load_balancer",
    {
        "a name that AWS keeps for itself": (
            VALIDATION,
            "The load balancer name 'internal-a' cannot begin with 'internal-'",
            {"Name": "internal-a"},
        ),
        "a name of 33 characters": (VALIDATION, "cannot be longer than '32'", {"Name": "a" * 33}),
        "a name that ends with a hyphen": (
            VALIDATION,
            "cannot begin or end with a hyphen(-)",
            {"Name": "a-"},
        ),
        "a name of two words": (VALIDATION, "can only contain characters", {"Name": "a b"}),
        "one zone": (VALIDATION, "two different Availability Zones", {"Subnets": ["subnet-a"]}),
        "no subnet": (VALIDATION, "two different Availability Zones", {"Subnets": []}),
        "a subnet twice": (
            "InvalidConfigurationRequest",
            "to a subnet twice",
            {"Subnets": ["s", "s", "t"]},
        ),
        "the name of one that is set otherwise": (
            "DuplicateLoadBalancerName",
            "exists, but with different settings",
            {"Name": "alb", "Scheme": "internal"},
        ),
        "the name of one in other subnets": (
            "DuplicateLoadBalancerName",
            "'alb'",
            {"Name": "alb", "Subnets": ["x", "y"]},
        ),
        "a scheme that there is not": (
            VALIDATION,
            "1 validation error detected: Value 'public' at 'scheme' failed to satisfy "
            "constraint: Member must satisfy enum value set: [internet-facing, internal]",
            {"Scheme": "public"},
        ),
        "a network load balancer": (VALIDATION, "not built", {"Type": "network"}),
        "a tag twice": ("DuplicateTagKeys", "specified more than once: a", {"Tags": TWICE}),
        "a tag of AWS's own": (VALIDATION, "reserved", {"Tags": [{"Key": "aws:x", "Value": "1"}]}),
        "51 tags": (
            "TooManyTags",
            "51 tags",
            {"Tags": [{"Key": f"k{n}", "Value": "1"} for n in range(51)]},
        ),
    },
    Name="new",
    Subnets=SUBNETS,
)

BALANCER_ATTRIBUTES = table(
    "elbv2",
    "modify_load_balancer_attributes",
    {
        "an unknown attribute": (
            VALIDATION,
            "Load balancer attribute key 'a.b' is not recognized",
            attribute("a.b", "1"),
        ),
        "a key that is no key": (
            VALIDATION,
            "must satisfy regular expression pattern",
            attribute("a b", "1"),
        ),
        "21 attributes": (
            VALIDATION,
            "Member must have length less than or equal to 20",
            {"Attributes": [{"Key": "a", "Value": "1"}] * 21},
        ),
        "an idle timeout of 4001 s": (
            VALIDATION,
            "'idle_timeout.timeout_seconds' value '4001' must be between '1-4000' inclusive",
            attribute("idle_timeout.timeout_seconds", "4001"),
        ),
        "an idle timeout in words": (
            VALIDATION,
            "must be between '1-4000' inclusive",
            attribute("idle_timeout.timeout_seconds", "1m"),
        ),
        "a client keep-alive of 59 s": (
            VALIDATION,
            "'60-604800'",
            attribute("client_keep_alive.seconds", "59"),
        ),
        "no balancing across zones": (
            VALIDATION,
            "must be one of [true]",
            attribute("load_balancing.cross_zone.enabled", "false"),
        ),
        "logs without a bucket": (
            VALIDATION,
            "The value of 'access_logs.s3.bucket' cannot be empty",
            attribute("access_logs.s3.enabled", "true"),
        ),
        "an attribute of network load balancers": (
            VALIDATION,
            "is not recognized",
            attribute("dns_record.client_routing_policy", "x"),
        ),
        "a load balancer that is not there": (
            "LoadBalancerNotFound",
            "One or more load balancers not found",
            {"LoadBalancerArn": "arn:x", **attribute("idle_timeout.timeout_seconds", "60")},
        ),
    },
    LoadBalancerArn="$balancer",
)

PLACES = [
    *table(
        "elbv2",
        "set_subnets",
        {
            "a new place in one zone": (VALIDATION, "two different", {"Subnets": ["a"]}),
            "a new place of nothing": (
                "LoadBalancerNotFound",
                "not found",
                {"LoadBalancerArn": "arn:x", "Subnets": ["a", "b"]},
            ),
            "new subnets with IPv6": (
                VALIDATION,
                "dualstack is not built",
                {"Subnets": SUBNETS, "IpAddressType": "dualstack"},
            ),
        },
        LoadBalancerArn="$balancer",
    ),
    *table(
        "elbv2",
        "set_ip_address_type",
        {
            "IPv6": (VALIDATION, "dualstack is not built", {"IpAddressType": "dualstack"}),
        },
        LoadBalancerArn="$balancer",
    ),
    *table(
        "elbv2",
        "describe_load_balancers",
        {
            "a name that is not there": (
                "LoadBalancerNotFound",
                "Load balancers '[x]' not found",
                {"Names": ["alb", "x"]},
            ),
            "names and ARNs together": (
                VALIDATION,
                "cannot be specified at the same time",
                {"Names": ["alb"], "LoadBalancerArns": ["$balancer"]},
            ),
            "a page of 401": (VALIDATION, "less than or equal to 400", {"PageSize": 401}),
        },
    ),
]

ELB: list[Refusal] = [*BALANCERS, *BALANCER_ATTRIBUTES, *PLACES]

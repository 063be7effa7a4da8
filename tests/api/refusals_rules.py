"""What Elastic Load Balancing refuses of rules."""

from typing import Any

from tests.api.refusal import Refusal, table
from tests.api.refusals_elb import (
    ACTION,
    FORWARD,
    VALIDATION,
    condition,
    groups,
    paths,
    redirect,
)
from tests.api.scene import NOTHING

HEADER = ("http-header", "HttpHeaderConfig")


def fixed(**members: Any) -> dict[str, Any]:
    return {"Actions": [{"Type": "fixed-response", "FixedResponseConfig": members}]}


def both(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"Conditions": [one for each in conditions for one in each["Conditions"]]}


CONDITIONS = table(
    "elbv2",
    "create_rule",
    {
        "no condition": (VALIDATION, "at least one condition", {"Conditions": []}),
        "six values": (VALIDATION, "A rule can only have '5' condition values", paths(*"abcdef")),
        "six values in two conditions": (
            VALIDATION,
            "A rule can only have '5' condition values",
            both(
                paths("/a", "/b", "/c"),
                condition("host-header", "HostHeaderConfig", Values=["a.b", "b.c", "c.d"]),
            ),
        ),
        "six wildcards": (VALIDATION, "'5' condition wildcards", paths("/*/*/*", "/*/*/?")),
        "a path of 129 characters": (
            VALIDATION,
            "The 'path-pattern' value is too long; the limit is '128'",
            paths("/" + "a" * 128),
        ),
        "a path with a space": (VALIDATION, "The 'path-pattern' value is invalid", paths("/a b")),
        "a path without values": (VALIDATION, "A condition value must be specified", paths()),
        "two paths of the old form": (
            VALIDATION,
            "The 'path-pattern' field contains too many values; the limit is '1'",
            {"Conditions": [{"Field": "path-pattern", "Values": ["/a", "/b"]}]},
        ),
        "a path in both forms": (
            VALIDATION,
            "You cannot provide both Values and 'PathPatternConfig' for a condition of "
            "type 'path-pattern'",
            {
                "Conditions": [
                    {
                        "Field": "path-pattern",
                        "Values": ["/a"],
                        "PathPatternConfig": {"Values": ["/a"]},
                    }
                ]
            },
        ),
        "two conditions on paths": (
            VALIDATION,
            "only one 'path-pattern' condition",
            both(paths("/a"), paths("/b")),
        ),
        "a host of 129 characters": (
            VALIDATION,
            "The 'host-header' value is too long; the limit is '128'",
            condition("host-header", "HostHeaderConfig", Values=["a" * 129]),
        ),
        "a host with a slash": (
            VALIDATION,
            "The 'host-header' value is invalid",
            condition("host-header", "HostHeaderConfig", Values=["a/b"]),
        ),
        "a header's name of 41 characters": (
            VALIDATION,
            "The 'HttpHeaderName' value is too long; the limit is '40'",
            condition(*HEADER, HttpHeaderName="a" * 41, Values=["1"]),
        ),
        "a header that is the host": (
            VALIDATION,
            "cannot be Host",
            condition(*HEADER, HttpHeaderName="Host", Values=["1"]),
        ),
        "a header without a name": (
            VALIDATION,
            "not the name of a header",
            condition(*HEADER, Values=["1"]),
        ),
        "a header in the old form": (
            VALIDATION,
            "The 'Values' field is not compatible with 'http-header'",
            {"Conditions": [{"Field": "http-header", "Values": ["1"]}]},
        ),
        "a method in small letters": (
            VALIDATION,
            "The 'http-request-method' value is invalid; the allowed characters are A-Z, "
            "hyphen and underscore",
            condition("http-request-method", "HttpRequestMethodConfig", Values=["get"]),
        ),
        "a method without its config": (
            VALIDATION,
            "A 'HttpRequestMethodConfig' must be specified with 'http-request-method'",
            {"Conditions": [{"Field": "http-request-method"}]},
        ),
        "an address that is none": (
            VALIDATION,
            "is not a CIDR block",
            condition("source-ip", "SourceIpConfig", Values=["a"]),
        ),
        "no address": (
            VALIDATION,
            "A 'source-ip' value must be specified",
            condition("source-ip", "SourceIpConfig", Values=[]),
        ),
        "a query without a value": (
            VALIDATION,
            "A 'Value' must be specified in 'QueryStringKeyValuePair'",
            condition("query-string", "QueryStringConfig", Values=[{"Key": "a"}]),
        ),
        "a query's key of 129 characters": (
            VALIDATION,
            "The 'Key' value is too long; the limit is '128'",
            condition(
                "query-string", "QueryStringConfig", Values=[{"Key": "a" * 129, "Value": "1"}]
            ),
        ),
        "a field that there is not": (
            VALIDATION,
            "Condition field 'moon' must be one of '[",
            {"Conditions": [{"Field": "moon", "Values": ["1"]}]},
        ),
    },
    ListenerArn="$listener",
    Priority=20,
    Actions=NOTHING,
)

ACTIONS = table(
    "elbv2",
    "create_rule",
    {
        "a priority that is taken": (
            "PriorityInUse",
            "Priority '10' is currently in use",
            {"Priority": 10},
        ),
        "priority 0": (
            VALIDATION,
            "Value '0' at 'priority' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1",
            {"Priority": 0},
        ),
        "priority 50001": (VALIDATION, "less than or equal to 50000", {"Priority": 50_001}),
        "a listener that is not there": (
            "ListenerNotFound",
            "One or more listeners not found",
            {"ListenerArn": "arn:x"},
        ),
        "a group that is not there": (
            "TargetGroupNotFound",
            "One or more target groups not found",
            {"Actions": [{"Type": "forward", "TargetGroupArn": "arn:x"}]},
        ),
        "two answers": (ACTION, "Exactly one action", {"Actions": [*NOTHING, *NOTHING]}),
        "an answer of 302": (
            VALIDATION,
            "Value '302' at 'actions.1.member.fixedResponseConfig.statusCode' failed to "
            "satisfy constraint: Member must satisfy regular expression pattern: ^(2|4|5)\\d\\d$",
            fixed(StatusCode="302"),
        ),
        "an answer of an image": (
            ACTION,
            "The ContentType must be one of:'text/html', 'application/json', "
            "'application/javascript', 'text/css', 'text/plain'",
            fixed(StatusCode="200", ContentType="image/png"),
        ),
        "an answer of 1025 characters": (
            VALIDATION,
            "less than or equal to 1024",
            fixed(StatusCode="200", MessageBody="a" * 1025),
        ),
        "a loop": (
            ACTION,
            "The redirect configuration is not valid because it creates a loop.",
            redirect(Query="a=1"),
        ),
        "a redirect to a word": (ACTION, "must begin with '/'", redirect(Path="a")),
        "a redirect to port 0": (ACTION, "must be 1 to 65535 or #{port}", redirect(Port="0")),
        "a redirect to FTP": (VALIDATION, "regular expression pattern", redirect(Protocol="FTP")),
        "a redirect out of HTTPS": (
            ACTION,
            "An HTTPS listener cannot redirect to HTTP",
            {"ListenerArn": "$secure", **redirect(Protocol="HTTP", Port="80")},
        ),
        "a weight of 1000": (VALIDATION, "must be 0 to 999", groups(1000)),
        "six groups": (VALIDATION, "the maximum is 5", groups(1, 1, 1, 1, 1, 1)),
        "two ways to two groups": (
            VALIDATION,
            "the same single target group",
            {
                "Actions": [
                    {
                        "Type": "forward",
                        "TargetGroupArn": "$spare",
                        "ForwardConfig": groups(1)["Actions"][0]["ForwardConfig"],
                    }
                ]
            },
        ),
        "a forward to nowhere": (
            VALIDATION,
            "must have a target group",
            {"Actions": [{"Type": "forward"}]},
        ),
        "a rule that forwards another load balancer's group": (
            "TargetGroupAssociationLimit",
            "more than one load balancer",
            {"ListenerArn": "$plain", "Actions": FORWARD},
        ),
    },
    ListenerArn="$listener",
    Priority=20,
    **paths("/b"),
    Actions=NOTHING,
)

RULES: list[Refusal] = [*CONDITIONS, *ACTIONS]

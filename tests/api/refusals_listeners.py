"""What Elastic Load Balancing refuses of listeners, and of changes to rules."""

from tests.api.refusal import Refusal, table
from tests.api.refusals_elb import ACTION, FORWARD, VALIDATION, paths, redirect
from tests.api.scene import NOTHING

LISTENERS = table(
    "elbv2",
    "create_listener",
    {
        "a listener without a port": (
            VALIDATION,
            "A listener port must be specified",
            {"Port": None},
        ),
        "a port that is taken": (
            "DuplicateListener",
            "A listener already exists on this port for this load balancer",
            {"Port": 443},
        ),
        "the same listener that does something else": (
            "DuplicateListener",
            "this port",
            {"Port": 80},
        ),
        "port 65536 of a listener": (VALIDATION, "equal to 65535", {"Port": 65536}),
        "HTTPS without a certificate": (
            VALIDATION,
            "A certificate must be specified for HTTPS listeners",
            {"Protocol": "HTTPS"},
        ),
        "HTTP with a certificate": (
            VALIDATION,
            "A certificate cannot be specified for HTTP listeners",
            {"Certificates": [{"CertificateArn": "arn:cert"}]},
        ),
        "two certificates": (
            "TooManyCertificates",
            "Up to '1' certificate ARNs can be specified, but '2' were specified",
            {"Protocol": "HTTPS", "Certificates": [{"CertificateArn": n} for n in ("a", "b")]},
        ),
        "a certificate that says that it is the default": (
            VALIDATION,
            "You cannot set the isDefault parameter for a certificate.",
            {"Protocol": "HTTPS", "Certificates": [{"CertificateArn": "a", "IsDefault": True}]},
        ),
        "a security policy that there is not": (
            "SSLPolicyNotFound",
            "SSL policy 'ELBSecurityPolicy-TLS13-2-0' not found",
            {
                "Protocol": "HTTPS",
                "Certificates": [{"CertificateArn": "a"}],
                "SslPolicy": "ELBSecurityPolicy-TLS13-2-0",
            },
        ),
        "a listener of a load balancer that is not there": (
            "LoadBalancerNotFound",
            "not found",
            {"LoadBalancerArn": "arn:x"},
        ),
        "another load balancer's group": (
            "TargetGroupAssociationLimit",
            "The following target groups cannot be associated with more "
            "than one load balancer: arn:aws:",
            {"LoadBalancerArn": "$second", "DefaultActions": FORWARD},
        ),
        "a listener that redirects to itself": (
            ACTION,
            "it creates a loop",
            {"DefaultActions": redirect()["Actions"]},
        ),
        "no default action": (VALIDATION, "At least one action", {"DefaultActions": []}),
    },
    LoadBalancerArn="$balancer",
    Protocol="HTTP",
    Port=81,
    DefaultActions=NOTHING,
)

CERTIFICATES = [
    *table(
        "elbv2",
        "add_listener_certificates",
        {
            "a certificate for HTTP": (
                VALIDATION,
                "is not HTTPS",
                {"ListenerArn": "$listener", "Certificates": []},
            ),
            "26 certificates": (
                "TooManyCertificates",
                "reached the limit on the number of certificates",
                {"Certificates": [{"CertificateArn": f"arn:{n}"} for n in range(26)]},
            ),
        },
        ListenerArn="$secure",
    ),
    *table(
        "elbv2",
        "remove_listener_certificates",
        {
            "taking the default certificate away": (
                "OperationNotPermitted",
                "cannot be removed",
                {"Certificates": [{"CertificateArn": "arn:cert"}]},
            ),
        },
        ListenerArn="$secure",
    ),
]

CHANGES = [
    *table(
        "elbv2",
        "modify_rule",
        {
            "changing nothing": (VALIDATION, "Either conditions or actions must be specified", {}),
            "changing the default rule": (
                "OperationNotPermitted",
                "modify its listener",
                {"RuleArn": "$default", "Actions": NOTHING},
            ),
            "changing to six values": (VALIDATION, "'5' condition values", paths(*"abcdef")),
        },
        RuleArn="$rule",
    ),
    *table(
        "elbv2",
        "set_rule_priorities",
        {
            "a priority twice": (
                VALIDATION,
                "Priority '5' was provided multiple times",
                {"RulePriorities": [{"RuleArn": "$rule", "Priority": 5}] * 2},
            ),
            "the default rule's priority": (
                "OperationNotPermitted",
                "not for the default rule",
                {"RulePriorities": [{"RuleArn": "$default", "Priority": 5}]},
            ),
        },
    ),
    *table(
        "elbv2",
        "describe_rules",
        {
            "rules by two ways at once": (
                VALIDATION,
                "Listener rule ARNs and a listener ARN cannot be specified at the same time",
                {"ListenerArn": "$listener", "RuleArns": ["$rule"]},
            ),
            "rules of nothing": (
                VALIDATION,
                "You must specify either listener rule ARNs or a listener ARN",
                {},
            ),
        },
    ),
    *table(
        "elbv2",
        "modify_listener",
        {
            "moving to a port that is taken": ("DuplicateListener", "this port", {"Port": 443}),
            "becoming HTTPS without a certificate": (
                VALIDATION,
                "A certificate must be specified",
                {"Protocol": "HTTPS"},
            ),
        },
        ListenerArn="$listener",
    ),
    *table(
        "elbv2",
        "modify_listener_attributes",
        {
            "an unknown attribute of a listener": (
                VALIDATION,
                "Listener attribute key 'tcp.idle_timeout.seconds' is not recognized",
                {"Attributes": [{"Key": "tcp.idle_timeout.seconds", "Value": "60"}]},
            ),
        },
        ListenerArn="$listener",
    ),
    *table(
        "elbv2",
        "delete_rule",
        {
            "deleting the default rule": (
                "OperationNotPermitted",
                "cannot be deleted",
                {"RuleArn": "$default"},
            ),
            "deleting no rule": (
                "RuleNotFound",
                "One or more rules not found",
                {"RuleArn": "arn:x"},
            ),
        },
    ),
]

LISTENING: list[Refusal] = [*LISTENERS, *CERTIFICATES, *CHANGES]

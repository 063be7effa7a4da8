"""What Cloud Map refuses."""

from typing import Any

from tests.api.refusal import Refusal, table

INVALID = "InvalidInput"
CLOUD = "servicediscovery"


def dns(*kinds: str, **members: Any) -> dict[str, Any]:
    records = [{"Type": kind, "TTL": 10} for kind in kinds]
    return {"DnsConfig": {"DnsRecords": records, **members}}


NAMESPACES = [
    *table(
        CLOUD,
        "create_http_namespace",
        {
            "a namespace that is there": (
                "NamespaceAlreadyExists",
                "A namespace named n exists already",
                {"Name": "n"},
            ),
            "a namespace with a space": (
                INVALID,
                "Member must satisfy regular expression pattern",
                {"Name": "a b"},
            ),
            "a namespace of 1025 letters": (
                INVALID,
                "less than or equal to 1024",
                {"Name": "a" * 1025},
            ),
            "a tag of AWS's own on a namespace": (
                INVALID,
                "reserved",
                {"Name": "m", "Tags": [{"Key": "aws:a", "Value": "1"}]},
            ),
            "51 tags of a namespace": (
                "TooManyTagsException",
                "51 tags",
                {"Name": "m", "Tags": [{"Key": f"k{n}", "Value": "1"} for n in range(51)]},
            ),
        },
    ),
    *table(
        CLOUD,
        "create_private_dns_namespace",
        {
            "a private namespace without a VPC": (INVALID, "Vpc", {"Name": "y.local"}),
        },
    ),
    *table(
        CLOUD,
        "create_public_dns_namespace",
        {
            "a public namespace": (
                "UnsupportedFeatureException",
                "is not built",
                {"Name": "example.com"},
            ),
        },
    ),
    *table(
        CLOUD,
        "update_http_namespace",
        {
            "updating DNS as HTTP": (
                INVALID,
                "is of type DNS_PRIVATE",
                {"Id": "$zone", "Namespace": {"Description": "d"}},
            ),
            "updating no namespace": (
                "NamespaceNotFound",
                "ns-x",
                {"Id": "ns-x", "Namespace": {"Description": "d"}},
            ),
        },
    ),
    *table(
        CLOUD,
        "delete_namespace",
        {
            "deleting a namespace with a service": (
                "ResourceInUse",
                "z.local is used by db",
                {"Id": "$zone"},
            ),
            "deleting no namespace": ("NamespaceNotFound", "ns-x was not found", {"Id": "ns-x"}),
        },
    ),
    *table(
        CLOUD,
        "get_operation",
        {
            "an operation that there was not": ("OperationNotFound", "x", {"OperationId": "x"}),
        },
    ),
]

SERVICES = table(
    CLOUD,
    "create_service",
    {
        "a service in no namespace": (INVALID, "give NamespaceId", {"NamespaceId": None}),
        "a service in a namespace that is not there": (
            "NamespaceNotFound",
            "ns-x",
            {"NamespaceId": "ns-x"},
        ),
        "a service that is there": ("ServiceAlreadyExists", "named DB exists", {"Name": "DB"}),
        "a service's name of symbols": (INVALID, "regular expression pattern", {"Name": "a!b"}),
        "DNS without records": (INVALID, "at least one of DnsRecords", dns()),
        "DNS without DnsConfig": (INVALID, "needs a DnsConfig", {"DnsConfig": None}),
        "DNS in HTTP": (INVALID, "cannot have a DnsConfig", {"NamespaceId": "$namespace"}),
        "a record twice": (INVALID, "cannot go together", dns("A", "A")),
        "a name beside an address": (INVALID, "cannot go together", dns("A", "CNAME")),
        "a name for many": (INVALID, "needs the RoutingPolicy WEIGHTED", dns("CNAME")),
        "a record that there is not": (INVALID, "enum value set", dns("MX")),
        "a health check inside a VPC": (
            INVALID,
            "in a private DNS namespace",
            {"HealthCheckConfig": {"Type": "HTTP"}},
        ),
        "both health checks": (
            INVALID,
            "cannot both be given",
            {"HealthCheckConfig": {"Type": "HTTP"}, "HealthCheckCustomConfig": {}},
        ),
    },
    Name="new",
    NamespaceId="$zone",
    **dns("A"),
)

INSTANCES = [
    *table(
        CLOUD,
        "register_instance",
        {
            "an instance without its address": (
                INVALID,
                "A service with a A record needs AWS_INSTANCE_IPV4",
                {"Attributes": {"a": "1"}},
            ),
            "an instance of nothing": (
                "ServiceNotFound",
                "srv-x",
                {"ServiceId": "srv-x", "Attributes": {"AWS_INSTANCE_IPV4": "127.0.0.1"}},
            ),
            "an instance of 65 letters": (
                INVALID,
                "less than or equal to 64",
                {"InstanceId": "a" * 65, "Attributes": {"AWS_INSTANCE_IPV4": "127.0.0.1"}},
            ),
        },
        ServiceId="$registry",
        InstanceId="i",
    ),
    *table(
        CLOUD,
        "deregister_instance",
        {
            "deregistering nobody": (
                "InstanceNotFound",
                "x was not found",
                {"ServiceId": "$registry", "InstanceId": "x"},
            ),
        },
    ),
    *table(
        CLOUD,
        "update_instance_custom_health_status",
        {
            "the health of one without a check": (
                "CustomHealthNotFound",
                "no custom health check",
                {"ServiceId": "$registry", "InstanceId": "x", "Status": "HEALTHY"},
            ),
        },
    ),
    *table(
        CLOUD,
        "get_service",
        {
            "getting no service": ("ServiceNotFound", "srv-x was not found", {"Id": "srv-x"}),
        },
    ),
    *table(
        CLOUD,
        "discover_instances",
        {
            "discovering in no namespace": (
                "NamespaceNotFound",
                "x",
                {"NamespaceName": "x", "ServiceName": "db"},
            ),
            "discovering no service": (
                "ServiceNotFound",
                "named x",
                {"NamespaceName": "z.local", "ServiceName": "x"},
            ),
        },
    ),
    *table(
        CLOUD,
        "list_tags_for_resource",
        {
            "the tags of no resource": (
                "ResourceNotFoundException",
                "arn:x was not found",
                {"ResourceARN": "arn:x"},
            ),
        },
    ),
]

CLOUDMAP: list[Refusal] = [*NAMESPACES, *SERVICES, *INSTANCES]

"""What ECS refuses of clusters, account settings and tags."""

from tests.api.refusal import Refusal, table
from tests.api.refusals_ecs import NOT_ASSOCIATED, PARAMETER, strategy

CLUSTERS: list[Refusal] = [
    *table(
        "ecs",
        "create_cluster",
        {
            "a cluster of two words": (PARAMETER, "invalid characters", {"clusterName": "a b"}),
            "insights that there are not": (
                PARAMETER,
                "containerInsights is 'on'",
                {"clusterName": "d", "settings": [{"name": "containerInsights", "value": "on"}]},
            ),
            "a cluster of strange capacity": (
                PARAMETER,
                "The specified capacity provider was not found.",
                {"clusterName": "d", "capacityProviders": ["mine"]},
            ),
        },
    ),
    *table(
        "ecs",
        "put_cluster_capacity_providers",
        {
            "a default of capacity that the cluster has not": (
                PARAMETER,
                NOT_ASSOCIATED,
                {
                    "capacityProviders": ["FARGATE"],
                    "defaultCapacityProviderStrategy": strategy("FARGATE_SPOT"),
                },
            ),
            "two bases": (
                PARAMETER,
                "can have a base",
                {"defaultCapacityProviderStrategy": strategy("FARGATE", "FARGATE_SPOT", base=1)},
            ),
            "two without a weight": (
                PARAMETER,
                "must have a weight",
                {"defaultCapacityProviderStrategy": strategy("FARGATE", "FARGATE_SPOT")},
            ),
            "a weight of 1001": (
                PARAMETER,
                "less than or equal to 1000",
                {"defaultCapacityProviderStrategy": strategy("FARGATE", weight=1001)},
            ),
        },
        cluster="c",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[],
    ),
    *table(
        "ecs",
        "delete_cluster",
        {
            "deleting a cluster with a service": (
                "ClusterContainsServicesException",
                "The Cluster cannot be deleted while Services are active.",
                {"cluster": "c"},
            ),
            "deleting no cluster": (
                "ClusterNotFoundException",
                "Cluster not found.",
                {"cluster": "x"},
            ),
        },
    ),
    *table(
        "ecs",
        "update_cluster_settings",
        {
            "the settings of no cluster": (
                "ClusterNotFoundException",
                "Cluster not found.",
                {"cluster": "x", "settings": []},
            ),
        },
    ),
    *table(
        "ecs",
        "put_account_setting",
        {
            "an account's insights that there are not": (
                PARAMETER,
                "it must be disabled, enabled, enhanced",
                {"name": "containerInsights", "value": "on"},
            ),
            "GuardDuty's own setting": (
                PARAMETER,
                "set by GuardDuty",
                {"name": "guardDutyActivate", "value": "on"},
            ),
        },
    ),
    *table(
        "ecs",
        "tag_resource",
        {
            "a tag of AWS's own on a cluster": (
                PARAMETER,
                "reserved",
                {"resourceArn": "$service", "tags": [{"key": "AWS:x", "value": "1"}]},
            ),
        },
    ),
]

"""What ECS refuses of services and tasks."""

from typing import Any

from tests.api.refusal import Refusal, table
from tests.api.stack import NETWORK

PARAMETER = "InvalidParameterException"
CLIENT = "ClientException"
BALANCER = {"targetGroupArn": "$group", "containerName": "app", "containerPort": 8080}
NOT_ASSOCIATED = (
    "The specified capacity provider strategy cannot contain a capacity provider that is not "
    "associated with the cluster. Associate the capacity provider with the cluster or specify a "
    "valid capacity provider and try again."
)


def strategy(*names: str, **members: Any) -> list[dict[str, Any]]:
    return [{"capacityProvider": name, **members} for name in names]


def percents(least: int, most: int) -> dict[str, Any]:
    configuration = {"minimumHealthyPercent": least, "maximumPercent": most}
    return {"deploymentConfiguration": configuration}


def network(**members: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": members}}


SERVICES = table(
    "ecs",
    "create_service",
    {
        "a service that exists": (
            PARAMETER,
            "Creation of service was not idempotent.",
            {"serviceName": "app"},
        ),
        "a service of two words": (PARAMETER, "invalid characters", {"serviceName": "a b"}),
        "a service nowhere": ("ClusterNotFoundException", "Cluster not found.", {"cluster": "x"}),
        "a service of nothing": (
            PARAMETER,
            "TaskDefinition cannot be empty",
            {"taskDefinition": None},
        ),
        "a service of what is not registered": (
            CLIENT,
            "TaskDefinition not found.",
            {"taskDefinition": "x"},
        ),
        "a service of what was deregistered": (
            CLIENT,
            "TaskDefinition is inactive",
            {"taskDefinition": "gone:1"},
        ),
        "a service without a count": (PARAMETER, "desiredCount is None", {"desiredCount": None}),
        "a service of less than nothing": (PARAMETER, "0 or more", {"desiredCount": -1}),
        "a service on EC2": (
            "UnsupportedFeatureException",
            "Launch type EC2 is not built",
            {"launchType": "EC2"},
        ),
        "a daemon": (
            PARAMETER,
            "DAEMON is not supported on Fargate",
            {"schedulingStrategy": "DAEMON"},
        ),
        "a launch type and a strategy": (
            PARAMETER,
            "Specifying both a launch type and capacity provider strategy is not supported.",
            {"capacityProviderStrategy": strategy("FARGATE")},
        ),
        "a strategy that the cluster has not": (
            PARAMETER,
            NOT_ASSOCIATED,
            {"launchType": None, "capacityProviderStrategy": strategy("FARGATE_SPOT")},
        ),
        "a platform that there is not": (
            "PlatformUnknownException",
            "The specified platform does not exist.",
            {"platformVersion": "2.0.0"},
        ),
        "grace without a load balancer": (
            PARAMETER,
            "Health check grace period is only valid for services configured to use load balancers",
            {"healthCheckGracePeriodSeconds": 0},
        ),
        "grace below nothing": (
            PARAMETER,
            "0 to 2147483647",
            {"healthCheckGracePeriodSeconds": -1, "loadBalancers": [BALANCER]},
        ),
        "exec without a role": (
            PARAMETER,
            "because a valid taskRoleArn is not being used. Specify a valid task role in "
            "your task definition and try again.",
            {"enableExecuteCommand": True},
        ),
        "percents that stop every deployment": (
            PARAMETER,
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
            "deployments.",
            percents(100, 100),
        ),
        "at least 101 per cent": (PARAMETER, "0 to 100", percents(101, 200)),
        "at most 99 per cent": (PARAMETER, "100 or more", percents(0, 99)),
        "rebalancing without room": (
            PARAMETER,
            "needs a maximumPercent above 100",
            {"availabilityZoneRebalancing": "ENABLED", **percents(50, 100)},
        ),
        "no network": (
            PARAMETER,
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            {"networkConfiguration": None},
        ),
        "no subnets": (PARAMETER, "subnets can not be empty.", network(subnets=[])),
        "17 subnets": (PARAMETER, "1 to 16", network(subnets=[f"s{n}" for n in range(17)])),
        "six security groups": (
            PARAMETER,
            "At most 5",
            network(subnets=["s"], securityGroups=[f"g{n}" for n in range(6)]),
        ),
        "a target group that is not there": (
            PARAMETER,
            "The specified target group does not exist. targetGroup: arn:x",
            {"loadBalancers": [BALANCER | {"targetGroupArn": "arn:x"}]},
        ),
        "a target group that no listener has": (
            PARAMETER,
            "does not have an associated load balancer.",
            {"loadBalancers": [BALANCER | {"targetGroupArn": "$spare"}]},
        ),
        "a container that is not there": (
            PARAMETER,
            "The container x does not exist in the task definition.",
            {"loadBalancers": [BALANCER | {"containerName": "x"}]},
        ),
        "a port that is not there": (
            PARAMETER,
            "The container app did not have a container port 1 defined.",
            {"loadBalancers": [BALANCER | {"containerPort": 1}]},
        ),
        "two registries": (
            PARAMETER,
            "at most 1",
            {"serviceRegistries": [{"registryArn": "$registry_arn"}] * 2},
        ),
        "a registry that is not there": (
            PARAMETER,
            "arn:x was not found",
            {"serviceRegistries": [{"registryArn": "arn:x"}]},
        ),
        "a registry of a port that is not there": (
            PARAMETER,
            "did not have a container port 1",
            {
                "serviceRegistries": [
                    {"registryArn": "$registry_arn", "containerName": "app", "containerPort": 1}
                ]
            },
        ),
        "placement": (
            PARAMETER,
            "not supported with FARGATE launch type.",
            {"placementStrategy": [{"type": "spread", "field": "instanceId"}]},
        ),
        "blue and green": (
            "UnsupportedFeatureException",
            "BLUE_GREEN is not built",
            {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}},
        ),
        "a breaker at 101 per cent": (
            PARAMETER,
            "1 to 100",
            {
                "deploymentConfiguration": {
                    "deploymentCircuitBreaker": {
                        "enable": True,
                        "rollback": True,
                        "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 101},
                    }
                }
            },
        ),
        "51 tags of a service": (
            PARAMETER,
            "less than or equal to 50",
            {"tags": [{"key": f"k{n}", "value": "1"} for n in range(51)]},
        ),
    },
    cluster="c",
    serviceName="new",
    taskDefinition="app",
    desiredCount=1,
    launchType="FARGATE",
    networkConfiguration=NETWORK,
)

UPDATES = [
    *table(
        "ecs",
        "update_service",
        {
            "updating no service": (
                "ServiceNotFoundException",
                "Service not found.",
                {"service": "x"},
            ),
            "exec without a role, later": (
                PARAMETER,
                "The service couldn't be updated because a valid taskRoleArn is not being "
                "used. Specify a valid task role in your task definition and try again.",
                {"enableExecuteCommand": True},
            ),
            "a new platform that there is not": (
                "PlatformUnknownException",
                "does not exist.",
                {"platformVersion": "9"},
            ),
            "blocking percents, later": (PARAMETER, "block deployments", percents(100, 100)),
            "a new definition that was deregistered": (
                CLIENT,
                "TaskDefinition is inactive",
                {"taskDefinition": "gone:1"},
            ),
            "grace for a service that loses its load balancer": (
                PARAMETER,
                "only valid for services configured to use load balancers",
                {"loadBalancers": [], "healthCheckGracePeriodSeconds": 5},
            ),
        },
        cluster="c",
        service="app",
    ),
    *table(
        "ecs",
        "delete_service",
        {
            "deleting what is to run": (
                PARAMETER,
                "The service cannot be stopped while it is scaled above 0.",
                {"service": "app"},
            ),
            "deleting no service": (
                "ServiceNotFoundException",
                "Service not found.",
                {"service": "x"},
            ),
        },
        cluster="c",
    ),
    *table(
        "ecs",
        "describe_services",
        {
            "eleven services": (PARAMETER, "1 to 10", {"services": [f"s{n}" for n in range(11)]}),
        },
        cluster="c",
    ),
    *table(
        "ecs",
        "run_task",
        {
            "eleven tasks": (PARAMETER, "1 to 10", {"count": 11}),
            "no task": (PARAMETER, "1 to 10", {"count": 0}),
            "a task with exec and without a role": (
                PARAMETER,
                "The execute command failed because a valid task role is not being used. "
                "Specify a valid task role in your task definition or as a task override and try "
                "again.",
                {"enableExecuteCommand": True},
            ),
            "an override of nothing": (
                PARAMETER,
                "is not a container in the TaskDefinition.",
                {"overrides": {"containerOverrides": [{"name": "x"}]}},
            ),
            "a task's platform that there is not": (
                "PlatformUnknownException",
                "does not exist.",
                {"platformVersion": "9"},
            ),
        },
        cluster="c",
        taskDefinition="app",
        launchType="FARGATE",
        networkConfiguration=NETWORK,
    ),
    *table(
        "ecs",
        "stop_task",
        {
            "stopping no task": (
                PARAMETER,
                "The referenced task was not found.",
                {"cluster": "c", "task": "x"},
            ),
        },
    ),
    *table(
        "ecs",
        "execute_command",
        {
            "an operation that is not built": (
                "UnsupportedFeatureException",
                "ExecuteCommand of ecs is not built",
                {"task": "x", "command": "sh", "interactive": True},
            ),
        },
    ),
]

ECS: list[Refusal] = [*SERVICES, *UPDATES]

"""Starting deployments: which changes do, and what a new one remembers."""

from infra.local.api.ecs.connect import known_aliases
from infra.local.api.identifiers import deployment_id
from infra.local.store import Cluster, Deployment, Document, Service, Store

# What, when changed, starts a deployment (R2.15). Not desiredCount, deploymentConfiguration, grace.
STARTING = (
    "taskDefinition",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "platformVersion",
    "capacityProviderStrategy",
    "propagateTags",
    "enableECSManagedTags",
)


# What a service has that does not say otherwise
SERVICE_DEFAULTS: Document = {
    "loadBalancers": [],
    "serviceRegistries": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "platformVersion": "LATEST",
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "enableExecuteCommand": False,
}


def starts_deployment(before: Document, after: Document, *, forced: bool) -> bool:
    """Whether the change from one effective service document to the next starts a deployment.

    Saying a default that was not said before is no change.
    """
    was, will = SERVICE_DEFAULTS | before, SERVICE_DEFAULTS | after
    return forced or any(was.get(name) != will.get(name) for name in STARTING)


def start_deployment(store: Store, cluster: Cluster, service: Service, now_ms: int) -> None:
    """Make the service's document a new PRIMARY deployment; the former becomes ACTIVE."""
    config = service.document.get("serviceConnectConfiguration")
    aliases = known_aliases(store, cluster, service.arn, config)
    identity = deployment_id()
    for former in service.deployments:
        former.status = "ACTIVE"
    service.deployments.insert(
        0,
        Deployment(
            id=identity,
            task_definition=service.task_definition,
            created_ms=now_ms,
            updated_ms=now_ms,
            reason=f"ECS deployment {identity} in progress.",
            desired_count=service.desired_count,
            network=service.document.get("networkConfiguration", {}),
            service_connect=config,
            aliases=aliases,
        ),
    )
    service.steady = service.stuck = False

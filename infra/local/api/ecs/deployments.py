"""Starting deployments: which changes do, and what a new one remembers."""

from infra.local.api.ecs.connect import known_aliases
from infra.local.api.identifiers import deployment_id, unique_name
from infra.local.releases import ServiceDeployment, ServiceRevision, Status, advance
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


SUPERSEDED = "A newer deployment was started, or the service was deleted."

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


def apply_document(service: Service, document: Document) -> None:
    """Copy what the controllers act on out of the service's document."""
    service.document = document
    service.task_definition = document["taskDefinition"]
    service.desired_count = document["desiredCount"]
    deployment = document["deploymentConfiguration"]
    service.minimum_healthy_percent = deployment["minimumHealthyPercent"]
    service.maximum_percent = deployment["maximumPercent"]
    service.grace_period = document.get("healthCheckGracePeriodSeconds", 0)
    service.load_balancers = document.get("loadBalancers", [])


def restore_document(service: Service, deployment: Deployment) -> None:
    """Take back what the deployment deployed; counts and percentages stay as they are now."""
    now, then = service.document, deployment.document
    kept = {name: value for name, value in now.items() if name not in STARTING}
    apply_document(service, kept | {name: then[name] for name in STARTING if name in then})


def start_deployment(store: Store, cluster: Cluster, service: Service, now_ms: int) -> None:
    """Make the service's document a new PRIMARY deployment; the former becomes ACTIVE."""
    config = service.document.get("serviceConnectConfiguration")
    aliases = known_aliases(store, cluster, service.arn, config)
    identity = deployment_id()
    for former in service.deployments:
        former.status = "ACTIVE"
    deployment = Deployment(
        id=identity,
        task_definition=service.task_definition,
        created_ms=now_ms,
        updated_ms=now_ms,
        begun_ms=now_ms,
        reason=f"ECS deployment {identity} in progress.",
        desired_count=service.desired_count,
        document=service.document,
        network=service.document.get("networkConfiguration", {}),
        service_connect=config,
        aliases=aliases,
    )
    _record(store, cluster, service, deployment)
    service.deployments.insert(0, deployment)
    service.steady = service.stuck = False


def revision_arn(store: Store, cluster: Cluster, service: Service, deployment: Deployment) -> str:
    """The service revision has the deployment's number (R3.16)."""
    name = f"{cluster.name}/{service.name}/{deployment.number}"
    return store.arn("ecs", f"service-revision/{name}")


def end_deployment(service: Service, now_ms: int) -> None:
    """A newer deployment, or the service's deletion, ends the one under way (R3.14)."""
    for entry in service.history:
        if entry.status in (Status.PENDING, Status.IN_PROGRESS):
            advance(entry, Status.STOP_REQUESTED, now_ms, SUPERSEDED)
        elif entry.status is Status.ROLLBACK_REQUESTED:
            advance(entry, Status.ROLLBACK_IN_PROGRESS, now_ms)
        if entry.status is Status.ROLLBACK_IN_PROGRESS:
            advance(entry, Status.ROLLBACK_FAILED, now_ms, SUPERSEDED)


def _record(store: Store, cluster: Cluster, service: Service, deployment: Deployment) -> None:
    """Enter the deployment in the service's history; revisions that nothing names are dropped."""
    end_deployment(service, deployment.created_ms)
    arn = revision_arn(store, cluster, service, deployment)
    service.revisions[arn] = ServiceRevision(
        arn, deployment.id, deployment.task_definition, deployment.created_ms, deployment.document
    )
    sources = [revision_arn(store, cluster, service, d) for d in service.deployments]
    path = f"service-deployment/{cluster.name}/{service.name}/{unique_name()}"
    service.history.append(
        ServiceDeployment(
            arn=store.arn("ecs", path),
            deployment=deployment.id,
            target=arn,
            sources=tuple(sources),
            created_ms=deployment.created_ms,
            updated_ms=deployment.created_ms,
            configuration=service.document["deploymentConfiguration"],
        )
    )
    named = {a for entry in service.history for a in (entry.target, *entry.sources)}
    for old in set(service.revisions) - named:
        del service.revisions[old]

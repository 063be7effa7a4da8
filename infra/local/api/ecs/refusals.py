"""What CreateService and UpdateService refuse: wrong on AWS too, or not built here."""

from infra.local.api.ecs import errors
from infra.local.api.elbv2.usage import balancers_of
from infra.local.store import Document, Store, TaskDefinition

TARGET_GROUPS_MAX = 5
REGISTRIES_MAX = 1
THRESHOLD_MAX = 1_000
GRACE_MAX = 2_147_483_647
PERCENT_DEFAULTS = {"maximumPercent": 200, "minimumHealthyPercent": 100}


def check_built(params: Document) -> None:
    """Refuse what exists on AWS and is not emulated."""
    deployment = params.get("deploymentConfiguration", {})
    strategy = deployment.get("strategy", "ROLLING")
    if strategy != "ROLLING":
        raise errors.unsupported_error(f"Deployment strategy {strategy}", "use ROLLING")
    if deployment.get("lifecycleHooks"):
        raise errors.unsupported_error("A deployment lifecycle hook", "leave lifecycleHooks out")
    controller = params.get("deploymentController", {}).get("type", "ECS")
    if controller != "ECS":
        raise errors.unsupported_error(f"Deployment controller {controller}", "use ECS")
    if params.get("schedulingStrategy", "REPLICA") != "REPLICA":
        raise errors.parameter_error("The scheduling strategy DAEMON is not supported on Fargate.")
    for name in ("gatewayConnectors", "vpcLatticeConfigurations", "volumeConfigurations"):
        if params.get(name):
            raise errors.unsupported_error(f"A service's {name}", f"leave {name} out")
    for placement in ("placementConstraints", "placementStrategy"):
        if params.get(placement):
            raise errors.parameter_error(f"{placement} are not supported with FARGATE launch type.")


def check_counts(document: Document) -> None:
    """Ranges of desired count, percents and grace period, and what cannot go together."""
    desired = document.get("desiredCount")
    if desired is None or desired < 0:
        raise errors.parameter_error(f"desiredCount is {desired}, it must be 0 or more")
    grace = document.get("healthCheckGracePeriodSeconds", 0)
    if not 0 <= grace <= GRACE_MAX:
        message = f"healthCheckGracePeriodSeconds is {grace}, it must be 0 to {GRACE_MAX}"
        raise errors.parameter_error(message)
    percents = PERCENT_DEFAULTS | document.get("deploymentConfiguration", {})
    least, most = percents["minimumHealthyPercent"], percents["maximumPercent"]
    if not 0 <= least <= 100 or not 100 <= most <= 10_000:
        raise errors.parameter_error(
            f"minimumHealthyPercent is {least} and maximumPercent {most}, "
            "they must be 0 to 100 and 100 or more"
        )
    if least == most:
        raise errors.parameter_error(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 "
            "as this will block deployments."
        )
    _check_breaker(percents.get("deploymentCircuitBreaker", {}))
    if document.get("availabilityZoneRebalancing") == "ENABLED" and most <= 100:
        raise errors.parameter_error(
            f"availabilityZoneRebalancing needs a maximumPercent above 100, it is {most}"
        )


def _check_breaker(breaker: Document) -> None:
    """The threshold of the circuit breaker; its largest values are a guess (R3.2)."""
    limit = breaker.get("thresholdConfiguration")
    if limit is None:
        return
    most = 100 if limit["type"].endswith("PERCENT") else THRESHOLD_MAX
    if not 1 <= limit["value"] <= most:
        raise errors.parameter_error(
            f"thresholdConfiguration of type {limit['type']} has value {limit['value']}, "
            f"it must be 1 to {most}"
        )


def check_grace(document: Document) -> None:
    if "healthCheckGracePeriodSeconds" in document and not document.get("loadBalancers"):
        raise errors.parameter_error(
            "Health check grace period is only valid for services configured to use load balancers"
        )


def check_exec(document: Document, definition: TaskDefinition, done: str) -> None:
    """ECS Exec needs a task role. ECS's text is known of updates, and taken for creation, too."""
    if document.get("enableExecuteCommand") and not definition.document.get("taskRoleArn"):
        raise errors.parameter_error(
            f"The service couldn't be {done} because a valid taskRoleArn is not being used. "
            "Specify a valid task role in your task definition and try again."
        )


def check_registries(store: Store, documents: list[Document], definition: TaskDefinition) -> None:
    """A service has one registry at most: a service of Cloud Map. The texts are ours."""
    if len(documents) > REGISTRIES_MAX:
        message = f"{len(documents)} service registries were given, at most {REGISTRIES_MAX}"
        raise errors.parameter_error(message)
    known = {service.arn: service for service in store.cloud_services.values()}
    for document in documents:
        registry = known.get(document.get("registryArn", ""))
        if registry is None:
            message = f"Service registry {document.get('registryArn')} was not found"
            raise errors.parameter_error(message)
        if "port" in document and "containerPort" in document:
            message = "A service registry takes port or containerName and containerPort, not both"
            raise errors.parameter_error(message)
        if "containerPort" in document:
            _check_port(document, definition)
        records = {record["Type"] for record in (registry.dns or {}).get("DnsRecords", ())}
        if "SRV" in records and not {"port", "containerPort"} & set(document):
            message = f"Service registry {registry.arn} has an SRV record: give containerPort"
            raise errors.parameter_error(message)


def check_balancers(store: Store, documents: list[Document], definition: TaskDefinition) -> None:
    """Refuse target groups that the tasks could not join, in ECS's words (R2.18, R2.19)."""
    if len(documents) > TARGET_GROUPS_MAX:
        message = f"{len(documents)} load balancers were given, at most {TARGET_GROUPS_MAX}"
        raise errors.parameter_error(message)
    for document in documents:
        if "loadBalancerName" in document:
            message = "A classic load balancer cannot be used with awsvpc: give a targetGroupArn"
            raise errors.parameter_error(message)
        if document.get("advancedConfiguration"):
            raise errors.unsupported_error(
                "A load balancer's advancedConfiguration", "leave it out"
            )
        _check_group(store, document.get("targetGroupArn", ""))
        _check_port(document, definition)


def _check_group(store: Store, arn: str) -> None:
    group = store.groups.get(arn)
    if group is None:
        raise errors.parameter_error(
            f"The specified target group does not exist. targetGroup: {arn}"
        )
    if group.target_type != "ip":
        raise errors.parameter_error(
            f"The provided target group {arn} has target type {group.target_type}, which is "
            "incompatible with the awsvpc network mode specified in the task definition."
        )
    if not balancers_of(store, group):
        raise errors.parameter_error(
            f"The target group with targetGroupArn {arn} does not have an associated load balancer."
        )


def _check_port(document: Document, definition: TaskDefinition) -> None:
    name, port = document.get("containerName", ""), document.get("containerPort")
    container = definition.container(name)
    if container is None:
        raise errors.parameter_error(f"The container {name} does not exist in the task definition.")
    if port not in {p.container_port for p in container.ports}:
        raise errors.parameter_error(
            f"The container {name} did not have a container port {port} defined."
        )

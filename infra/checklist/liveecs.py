"""Facts from ECS's, Cloud Map's, ECR's, IAM's and autoscaling's answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.checklist.asking import Account
from infra.checklist.containers import containers_of
from infra.checklist.facts import (
    Alias,
    Cluster,
    Connect,
    Namespace,
    Repository,
    Role,
    ScalableTarget,
    Service,
    ServiceTarget,
    TaskDefinition,
)
from infra.checklist.known import Maybe, Unknown, Values, each, within

BATCH = 10  # services in one DescribeServices


def values_of(answer: Mapping[str, Any], arn: str) -> Values:
    return Values(str(answer.get(arn, "?")), answer, exact=False)


def clusters(account: Account, wanted: str | None) -> Maybe:
    """All clusters, or the one that was asked for."""
    arns = [wanted] if wanted else account.ask("ecs", "list_clusters", "clusterArns")
    if isinstance(arns, Unknown) or not arns:
        return arns
    include = ["SETTINGS", "CONFIGURATIONS"]
    found = account.ask("ecs", "describe_clusters", "clusters", clusters=arns, include=include)
    return each(found, lambda one: _cluster(values_of(one, "clusterArn")))


def _cluster(values: Values) -> Cluster:
    defaults = values.block("serviceConnectDefaults")
    return Cluster(
        values.at,
        values.text("clusterArn"),
        values.text("clusterName"),
        within(defaults, lambda b: b.text("namespace")),
    )


def services(account: Account, found: Iterable[Cluster]) -> Maybe:
    """The active services of these clusters."""
    answers: list[Any] = []
    for cluster in found:
        arns = account.ask("ecs", "list_services", "serviceArns", cluster=cluster.arn)
        if isinstance(arns, Unknown):
            return arns
        for start in range(0, len(arns), BATCH):
            batch = arns[start : start + BATCH]
            given = {"cluster": cluster.arn, "services": batch}
            described = account.ask("ecs", "describe_services", "services", **given)
            if isinstance(described, Unknown):
                return described
            answers += [one for one in described if one.get("status") == "ACTIVE"]
    return tuple(_service(values_of(one, "serviceArn")) for one in answers)


def _service(values: Values) -> Service:
    vpc = within(values.block("networkConfiguration"), lambda b: b.block("awsvpcConfiguration"))
    deployment = values.block("deploymentConfiguration")
    breaker = within(deployment, lambda b: b.block("deploymentCircuitBreaker"))
    alarms = within(deployment, lambda b: b.block("alarms"))
    return Service(
        at=values.at,
        name=values.text("serviceName"),
        cluster=values.text("clusterArn"),
        task_definition=values.text("taskDefinition"),
        launch_type=_launch_type(values),
        desired=values.number("desiredCount", 0),
        minimum=within(deployment, lambda b: b.number("minimumHealthyPercent", 100)),
        maximum=within(deployment, lambda b: b.number("maximumPercent", 200)),
        breaker=within(breaker, lambda b: b.flag("enable")),
        breaker_rollback=within(breaker, lambda b: b.flag("rollback")),
        alarms=within(alarms, lambda b: b.texts("alarmNames")),
        grace=values.number("healthCheckGracePeriodSeconds", 0),
        exec=values.flag("enableExecuteCommand"),
        rebalancing=within(
            values.text("availabilityZoneRebalancing", "DISABLED"), lambda word: word == "ENABLED"
        ),
        subnets=within(vpc, lambda b: b.texts("subnets")),
        groups=within(vpc, lambda b: b.texts("securityGroups")),
        public_ip=within(vpc, lambda b: b.text("assignPublicIp", "DISABLED") == "ENABLED"),
        targets=each(values.blocks("loadBalancers"), _target),
        registries=each(values.blocks("serviceRegistries"), lambda b: str(b.get("registryArn"))),
        connect=_connect(values),
        scheduling=values.text("schedulingStrategy", "REPLICA"),
        controller=within(values.block("deploymentController"), lambda b: b.text("type", "ECS")),
    )


def _launch_type(values: Values) -> Maybe:
    strategy = values.blocks("capacityProviderStrategy")
    if isinstance(strategy, tuple) and strategy:
        names = [str(one.get("capacityProvider", "")) for one in strategy]
        return "FARGATE" if all(name.startswith("FARGATE") for name in names) else "EC2"
    return values.text("launchType", "EC2")


def _target(values: Values) -> ServiceTarget:
    return ServiceTarget(
        values.text("targetGroupArn"),
        values.text("containerName"),
        values.number("containerPort", 0),
    )


def _connect(values: Values) -> Maybe:
    """It is told with the deployments; the primary one's is the service's."""
    for deployment in values.blocks("deployments"):
        if deployment.text("status") == "PRIMARY":
            found = deployment.block("serviceConnectConfiguration")
            aliases = within(found, lambda b: each(b.blocks("services"), _alias))
            return Connect(
                within(found, lambda b: b.flag("enabled")),
                within(found, lambda b: b.text("namespace")),
                aliases,
            )
    return Connect(False, "", ())


def _alias(values: Values) -> Alias:
    client = values.block("clientAliases")
    timeout = values.block("timeout")
    return Alias(
        port_name=values.text("portName"),
        discovery_name=values.text("discoveryName"),
        dns_name=within(client, lambda b: b.text("dnsName")),
        port=within(client, lambda b: b.number("port", 0)),
        ingress_port=values.number("ingressPortOverride"),
        per_request=within(timeout, lambda b: b.number("perRequestTimeoutSeconds")),
        idle=within(timeout, lambda b: b.number("idleTimeoutSeconds")),
    )


def task_definitions(account: Account, found: Iterable[Service]) -> Maybe:
    """Those that the services use; one that cannot be described makes all of them unknown."""
    made = []
    for arn in dict.fromkeys(one.task_definition for one in found):
        answer = account.one("ecs", "describe_task_definition", taskDefinition=arn)
        if isinstance(answer, Unknown):
            return answer
        made.append(_definition(values_of(answer["taskDefinition"], "taskDefinitionArn")))
    return tuple(made)


def _definition(values: Values) -> TaskDefinition:
    compatible = values.texts("requiresCompatibilities")
    return TaskDefinition(
        at=values.at,
        arn=values.text("taskDefinitionArn"),
        family=values.text("family"),
        network_mode=values.text("networkMode", "bridge"),
        compatibilities=compatible or values.texts("compatibilities"),
        execution_role=values.text("executionRoleArn"),
        task_role=values.text("taskRoleArn"),
        fault_injection=values.flag("enableFaultInjection"),
        containers=containers_of(values.at, values.get("containerDefinitions", [])),
    )


def namespaces(account: Account) -> Maybe:
    found = account.ask("servicediscovery", "list_namespaces", "Namespaces")
    return each(found, lambda one: _namespace(values_of(one, "Arn")))


def _namespace(values: Values) -> Namespace:
    return Namespace(values.at, values.text("Id"), values.text("Arn"), values.text("Name"))


def scalable_targets(account: Account) -> Maybe:
    found = account.ask(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets",
        ServiceNamespace="ecs",
    )  # fmt: skip
    return each(found, lambda one: _scalable(values_of(one, "ResourceId")))


def _scalable(values: Values) -> ScalableTarget:
    return ScalableTarget(values.at, values.text("ResourceId"), values.number("MinCapacity", 0))


def repositories(account: Account, images: Iterable[str]) -> Maybe:
    """ECR's, if any image comes from there."""
    if not any(".dkr.ecr" in image for image in images):
        return ()
    found = account.ask("ecr", "describe_repositories", "repositories")
    return each(found, lambda one: _repository(values_of(one, "repositoryArn")))


def _repository(values: Values) -> Repository:
    mutability = values.text("imageTagMutability", "MUTABLE")
    return Repository(
        values.at, values.text("repositoryUri"),
        within(mutability, lambda word: word.startswith("IMMUTABLE")),
    )  # fmt: skip


def roles(account: Account, arns: Iterable[str]) -> Maybe:
    """The roles with their inline policies."""
    return tuple(_role(account, arn) for arn in dict.fromkeys(arns) if arn)


def _role(account: Account, arn: str) -> Role:
    name = arn.rpartition("/")[2]
    answer = account.one("iam", "get_role", RoleName=name)
    trust = within(answer, lambda got: got["Role"].get("AssumeRolePolicyDocument", {}))
    names = account.ask("iam", "list_role_policies", "PolicyNames", RoleName=name)
    return Role(arn, arn, name, trust, _policies(account, name, names))


def _policies(account: Account, role: str, names: Maybe) -> Maybe:
    if isinstance(names, Unknown):
        return names
    found = [
        account.one("iam", "get_role_policy", RoleName=role, PolicyName=name) for name in names
    ]
    unknown = [one for one in found if isinstance(one, Unknown)]
    return unknown[0] if unknown else tuple(one.get("PolicyDocument", {}) for one in found)

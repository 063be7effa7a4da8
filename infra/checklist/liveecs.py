"""Facts from ECS's, Cloud Map's, ECR's, IAM's and autoscaling's answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.checklist import shapes, tfecs
from infra.checklist.asking import Account
from infra.checklist.facts import Cluster, Repository, Role, Service
from infra.checklist.known import Maybe, Unknown, Values, each, within

BATCH = 10  # services in one DescribeServices


def values_of(
    answer: Mapping[str, Any], arn: str, shape: Mapping[str, Any] | None = None
) -> Values:
    """An answer's attributes, or those of the shape that it was given."""
    data = answer if shape is None else shape
    return Values(str(answer.get(arn, "?")), data, exact=False)


def clusters(account: Account, wanted: str | None) -> Maybe:
    """All clusters, or the one that was asked for."""
    arns = [wanted] if wanted else account.ask("ecs", "list_clusters", "clusterArns")
    if isinstance(arns, Unknown) or not arns:
        return arns
    include = ["SETTINGS", "CONFIGURATIONS"]
    found = account.ask("ecs", "describe_clusters", "clusters", clusters=arns, include=include)
    return each(found, _cluster)


def _cluster(answer: Mapping[str, Any]) -> Cluster:
    names = {"name": "cluster_name", "arn": "cluster_arn", "setting": "settings"}
    return tfecs.cluster(values_of(answer, "clusterArn", shapes.renamed(answer, **names)))


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
    return tuple(
        tfecs.service(values_of(one, "serviceArn", shapes.service(one))) for one in answers
    )


def task_definitions(account: Account, found: Iterable[Service]) -> Maybe:
    """Those that the services use; one that cannot be described makes all of them unknown."""
    made = []
    for arn in dict.fromkeys(one.task_definition for one in found):
        answer = account.one("ecs", "describe_task_definition", taskDefinition=arn)
        if isinstance(answer, Unknown):
            return answer
        found_one = answer["taskDefinition"]
        shape = shapes.task_definition(found_one)
        made.append(tfecs.task_definition(values_of(found_one, "taskDefinitionArn", shape)))
    return tuple(made)


def namespaces(account: Account) -> Maybe:
    found = account.ask("servicediscovery", "list_namespaces", "Namespaces")
    return each(found, lambda one: tfecs.namespace(values_of(one, "Arn", shapes.snake(one))))


def scalable_targets(account: Account) -> Maybe:
    found = account.ask(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets",
        ServiceNamespace="ecs",
    )  # fmt: skip
    return each(
        found, lambda one: tfecs.scalable_target(values_of(one, "ResourceId", shapes.snake(one)))
    )


def repositories(account: Account, images: Iterable[str]) -> Maybe:
    """ECR's, if any image comes from there."""
    if not any(".dkr.ecr" in image for image in images):
        return ()
    found = account.ask("ecr", "describe_repositories", "repositories")
    return each(found, _repository)


def _repository(answer: Mapping[str, Any]) -> Repository:
    shape = shapes.renamed(answer, repository_url="repository_uri")
    return tfecs.repository(values_of(answer, "repositoryArn", shape))


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

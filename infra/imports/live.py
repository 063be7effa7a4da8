"""Services of a cluster, asked of AWS or of an endpoint like it by read-only calls alone."""

from collections.abc import Sequence
from typing import Any

from infra.checklist import livebalancing, liveecs, shapes, tfecs
from infra.checklist.asking import Account
from infra.checklist.documents import DocumentError
from infra.checklist.facts import Facts
from infra.checklist.known import Maybe, Unknown
from infra.imports.source import Shape, Source, chosen

# What an import needs; without the others it goes on, and says what is missing.
NEEDED = (
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
)
ALSO = (
    "application-autoscaling:DescribeScalableTargets",
    "ecs:DescribeClusters",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "servicediscovery:ListNamespaces",
)
BATCH = 10  # services in one DescribeServices


def read(account: Account, cluster: str, wanted: Sequence[str]) -> Source:
    """The services of that name, or all active ones of the cluster. Raises DocumentError."""
    answers = _services(account, cluster, wanted)
    found: dict[str, Shape] = {one["serviceArn"]: shapes.service(one) for one in answers}
    services = tuple(
        tfecs.service(liveecs.values_of(one, "serviceArn", found[one["serviceArn"]]))
        for one in answers
    )
    definitions = _definitions(account, answers, found)
    records: dict[str, Maybe] = {"services": services, "task_definitions": definitions}
    records |= _around(account, cluster) | _balancing(account, answers)
    facts = Facts(account.source, **records, whole=True)
    return Source(facts, found, chosen(services, (), account.source), _unasked(records))


def _needed(found: Maybe, account: Account) -> Any:  # noqa: ANN401 - any answer
    """The answer. Raises DocumentError with the missing permission, or what else went wrong."""
    if not isinstance(found, Unknown):
        return found
    hint = "ask for the permission" if "permission" in found.why else "check the names and address"
    if "ClusterNotFound" in found.why:
        hint = "`aws ecs list-clusters` lists them; is it the right account and region?"
    raise DocumentError(f"{account.source}: {found.why.rstrip('.')}", hint)


def _services(account: Account, cluster: str, wanted: Sequence[str]) -> list[dict[str, Any]]:
    names = wanted
    if not wanted:
        asked = account.ask("ecs", "list_services", "serviceArns", cluster=cluster)
        names = _needed(asked, account)
    found: list[dict[str, Any]] = []
    for start in range(0, len(names), BATCH):
        given = {"cluster": cluster, "services": list(names[start : start + BATCH])}
        answer = _needed(account.one("ecs", "describe_services", **given), account)
        found += [one for one in answer["services"] if one.get("status") == "ACTIVE"]
    missing = [name for name in wanted if not any(_is(one, name) for one in found)]
    if missing or not found:
        what = f"service {missing[0]}" if missing else "active service"
        raise DocumentError(
            f"{account.source} has no {what} in the cluster {cluster}",
            f"`aws ecs list-services --cluster {cluster}` lists them",
        )
    return found


def _is(answer: dict[str, Any], name: str) -> bool:
    return name in (answer.get("serviceName"), answer.get("serviceArn"))


def _definitions(
    account: Account, services: Sequence[dict[str, Any]], found: dict[str, Shape]
) -> tuple[Any, ...]:
    made = []
    for arn in dict.fromkeys(str(one.get("taskDefinition", "")) for one in services):
        if not arn:
            raise DocumentError(
                "a service has no task definition of its own: another controller sets its tasks",
                "import one whose deployment controller is ECS",
            )
        asked = account.one("ecs", "describe_task_definition", taskDefinition=arn)
        one = _needed(asked, account)["taskDefinition"]
        shape = found[one["taskDefinitionArn"]] = shapes.task_definition(one)
        made.append(tfecs.task_definition(liveecs.values_of(one, "taskDefinitionArn", shape)))
    return tuple(made)


def _around(account: Account, cluster: str) -> dict[str, Maybe]:
    return {
        "clusters": liveecs.clusters(account, cluster),
        "namespaces": liveecs.namespaces(account),
        "scalable_targets": liveecs.scalable_targets(account),
    }


def _balancing(account: Account, services: Sequence[dict[str, Any]]) -> dict[str, Maybe]:
    used = {
        target["targetGroupArn"]
        for one in services
        for target in one.get("loadBalancers", [])
        if "targetGroupArn" in target
    }
    if not used:
        return {}
    balancing = livebalancing.Balancing(account, used)
    listeners = _needed(balancing.listeners(), account)
    return {
        "target_groups": _needed(balancing.target_groups(), account),
        "load_balancers": balancing.balancers(),
        "listeners": listeners,
        "listener_rules": _needed(balancing.rules(listeners), account),
    }


def _unasked(records: dict[str, Maybe]) -> tuple[str, ...]:
    """Why each kind is not known, and the attributes of load balancers and target groups."""
    found = list(records.values())
    for kind, name in (("load_balancers", "idle_timeout"), ("target_groups", "slow_start")):
        listed = records.get(kind, ())
        known = () if isinstance(listed, Unknown) else listed
        found += [object.__getattribute__(one, name) for one in known]
    return tuple(dict.fromkeys(one.why for one in found if isinstance(one, Unknown)))

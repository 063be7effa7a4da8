"""Facts from an account, or from an endpoint that answers like one, by read-only calls alone."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from infra.checklist import livebalancing, liveecs, livenetwork
from infra.checklist.asking import Account
from infra.checklist.documents import DocumentError
from infra.checklist.facts import Facts
from infra.checklist.known import Maybe, NotKnownError, Unknown


def facts_of(account: Account, cluster: str | None = None) -> Facts:
    """What there is around the services of one cluster, or of all.

    Raises DocumentError where there is no service, or where the account cannot be asked at all.
    """
    clusters = _needed(liveecs.clusters(account, cluster), account)
    services = _needed(liveecs.services(account, clusters), account)
    if not services:
        where = f"cluster {cluster}" if cluster else "region"
        raise DocumentError(
            f"{account.source} has no active service in the {where}",
            "name another --cluster, or set AWS_REGION",
        )
    found: dict[str, Any] = {"clusters": clusters, "services": services}
    found |= _around_tasks(account, services)
    found |= _balancing(account, services)
    found |= _network(account, found)
    return Facts(account.source, **found, whole=True)


def _needed(found: Maybe, account: Account) -> Maybe:
    """Clusters and services must be known: without them there is nothing to check."""
    if isinstance(found, Unknown):
        raise DocumentError(
            f"{account.source} cannot be checked: {found.why}",
            "is the address right, and may you ecs:ListClusters, ecs:DescribeServices?",
        )
    return found


def _around_tasks(account: Account, services: Maybe) -> dict[str, Maybe]:
    definitions = liveecs.task_definitions(account, services)
    known = [] if isinstance(definitions, Unknown) else definitions
    images = _all(known, lambda one: (c.image for c in one.containers))
    arns = _all(known, lambda one: (one.execution_role, one.task_role))
    return {
        "task_definitions": definitions,
        "repositories": liveecs.repositories(account, images),
        "roles": liveecs.roles(account, arns),
        "namespaces": liveecs.namespaces(account),
        "scalable_targets": liveecs.scalable_targets(account),
    }


def _balancing(account: Account, services: Maybe) -> dict[str, Maybe]:
    used = set(_all(services, lambda one: (target.target_group for target in one.targets)))
    if not used:
        return {}
    balancing = livebalancing.Balancing(account, used)
    listeners = balancing.listeners()
    balancers = balancing.balancers()
    return {
        "target_groups": balancing.target_groups(),
        "load_balancers": balancers,
        "listeners": listeners,
        "listener_rules": balancing.rules(listeners),
        "attachments": balancing.attachments,
        "web_acls": balancing.web_acls(balancers),
        "integrations": livebalancing.integrations(account),
    }


def _network(account: Account, found: dict[str, Any]) -> dict[str, Maybe]:
    services = found["services"]
    vpcs = livenetwork.vpc_ids(account, _all(services, lambda one: one.subnets))
    endpoints = livenetwork.endpoints(account, vpcs)
    guarded = [*services]
    for more in (found.get("load_balancers", ()), endpoints):
        guarded += [] if isinstance(more, Unknown) else more
    groups = list(_all(guarded, lambda one: one.groups))
    return {
        "vpcs": livenetwork.vpcs_of(account, vpcs),
        "subnets": livenetwork.subnets(account, vpcs),
        "route_tables": livenetwork.route_tables(account, vpcs),
        "nats": livenetwork.nats(account, vpcs),
        "endpoints": endpoints,
        "groups": livenetwork.groups(account, groups),
        "permissions": livenetwork.permissions(account, groups),
    }


def _all(records: Iterable[Any], read: Callable[[Any], Iterable[str]]) -> Iterator[str]:
    """What is read from all of them; those that do not know it say nothing."""
    for one in records:
        try:
            yield from read(one)
        except NotKnownError:
            continue

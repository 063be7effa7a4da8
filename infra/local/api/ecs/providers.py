"""Fargate's own two capacity providers, the strategies that take them, and their description."""

from collections.abc import Iterable, Sequence

from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.errors import ApiError
from infra.local.store import Cluster, Document, Store

FARGATE = ("FARGATE", "FARGATE_SPOT")


class CapacityProviders:
    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def describe_capacity_providers(self, params: Document) -> Document:
        """Fargate's own two; there are no others here."""
        names = [_name(text) for text in params.get("capacityProviders") or FARGATE]
        return {
            "capacityProviders": [self._describe(name) for name in names if name in FARGATE],
            "failures": [
                {"arn": self._arn(name), "reason": "MISSING"}
                for name in names
                if name not in FARGATE
            ],
        }

    def _describe(self, name: str) -> Document:
        return {
            "capacityProviderArn": self._arn(name),
            "name": name,
            "status": "ACTIVE",
            "tags": [],
            "type": name,
        }

    def _arn(self, name: str) -> str:
        return self._store.arn("ecs", f"capacity-provider/{name}")


def _name(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def check_providers(names: Iterable[str]) -> None:
    """Refuse capacity providers other than Fargate's own two."""
    for name in names:
        if name not in FARGATE:
            raise errors.parameter_error(
                "The specified capacity provider was not found. Specify a valid capacity provider "
                f"and try again. {name} is not FARGATE or FARGATE_SPOT."
            )


def check_strategy(cluster_providers: Sequence[str], strategy: Sequence[Document]) -> None:
    """Refuse a strategy that ECS would not take with these providers of the cluster.

    Of what is said on bases and weights only the rules are documented.
    """
    names = [item["capacityProvider"] for item in strategy]
    check_providers(names)
    if set(names) - set(cluster_providers):
        raise errors.parameter_error(
            "The specified capacity provider strategy cannot contain a capacity provider that is "
            "not associated with the cluster. Associate the capacity provider with the cluster or "
            "specify a valid capacity provider and try again."
        )
    if sum(item.get("base", 0) > 0 for item in strategy) > 1:
        raise errors.parameter_error("Only one capacity provider in a strategy can have a base")
    if len(strategy) > 1 and not any(item.get("weight", 0) for item in strategy):
        raise errors.parameter_error("One capacity provider in a strategy must have a weight")


def check_removal(store: Store, cluster: Cluster, remaining: Sequence[str]) -> None:
    """Refuse to take away a provider that a service of the cluster uses."""
    gone = set(cluster.capacity_providers) - set(remaining)
    for service in store.services.values():
        used = service.document.get("capacityProviderStrategy", ())
        if service.cluster != cluster.arn or service.status == "INACTIVE":
            continue
        if gone & {item["capacityProvider"] for item in used}:
            message = "The specified capacity provider is in use and cannot be removed."
            raise ApiError("ResourceInUseException", message)


def fill_strategy(strategy: Iterable[Document]) -> list[Document]:
    """As Describe answers have it: a base and a weight are 0 unless given."""
    return [{"weight": 0, "base": 0, **item} for item in strategy]

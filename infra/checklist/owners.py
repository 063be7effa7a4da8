"""Which services a resource belongs to, so that findings can be told per service."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from infra.checklist.facts import Facts, Service
from infra.checklist.known import Fact, NotKnownError
from infra.checklist.lookup import (
    balancers_to,
    definition_of,
    listeners_to,
    subnets_of,
    table_of,
    target_groups,
    vpc_of,
)

T = TypeVar("T")


class Owners:
    """Addresses of resources, each with the names of the services that use it."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._found: dict[str, dict[str, None]] = {}
        for service in _known(lambda: facts.services):
            for used in _used(facts, service):
                names = self._found.setdefault(used, {})
                names[name_of(service)] = None

    def services_of(self, at: str) -> tuple[str, ...]:
        return tuple(self._found.get(at, ()))


def name_of(service: Service) -> str:
    """Its name, or its address where the name is not known."""
    try:
        return service.name
    except NotKnownError:
        return service.at


def _used(facts: Facts, service: Service) -> Iterable[str]:
    """The addresses of all that the service uses, as far as it is known."""
    yield service.at
    groups = _known(target_groups, facts, service)
    found: list[Fact] = [*groups]
    found += _known(lambda: [definition_of(facts, service)])
    for group in groups:
        found += [*_known(listeners_to, facts, group), *_known(balancers_to, facts, group)]
    for subnet in _known(subnets_of, facts, service):
        found.append(subnet)
        found += _known(lambda one: [table_of(facts, one)], subnet)
    wanted = _known(lambda: service.groups)
    found += [g for g in _known(lambda: facts.groups) if _id(g) in wanted]
    found += [p for p in _known(lambda: facts.permissions) if _id(p, "group") in wanted]
    for vpc in _known(lambda: [vpc_of(facts, service)]):
        found += [e for e in _known(lambda: facts.endpoints) if _id(e, "vpc") == vpc]
    yield from (str(_id(one, "at")) for one in found)


def _id(fact: Fact, name: str = "id") -> object:
    return object.__getattribute__(fact, name)


def _known(read: Callable[..., Iterable[T]], *given: object) -> list[T]:
    """What is read, nothing where that is not known."""
    try:
        return list(read(*given))
    except NotKnownError:
        return []

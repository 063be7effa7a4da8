"""What was read of the services that are imported: facts, and everything else as it came."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from infra.checklist.documents import DocumentError, Kind, Resource, load
from infra.checklist.facts import Facts, Service, TaskDefinition
from infra.checklist.known import Fact, Maybe, NotKnownError, Unknown
from infra.checklist.lookup import definition_of
from infra.checklist.terraform import facts_of

T = TypeVar("T")
Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The facts, each record's attributes by its address, and what could not be asked."""

    facts: Facts
    shapes: Mapping[str, Shape]
    services: tuple[Service, ...]  # those that are imported
    unasked: tuple[str, ...] = ()

    def shape_of(self, record: Service | TaskDefinition) -> Shape:
        return self.shapes.get(record.at, {})


def known(read: Callable[[], Any], default: object) -> Maybe:
    """What is read, the default where it is not known."""
    try:
        return read()
    except NotKnownError:
        return default


def of(record: Fact | None, name: str, default: object) -> Maybe:
    """A field, the default where it is not known or there is no record."""
    if record is None:
        return default
    value = object.__getattribute__(record, name)
    return default if isinstance(value, Unknown) else value


def needed(read: Callable[[], T], what: str) -> T:
    """What is read. Raises DocumentError where it is not known: there is nothing without it."""
    try:
        return read()
    except NotKnownError as error:
        raise DocumentError(
            f"{what} cannot be imported: {error}",
            "give the state that has it, too (apply a plan first), or ask AWS: --cluster",
        ) from None


def read_files(paths: Sequence[Path], wanted: Sequence[str]) -> Source:
    """The services of Terraform's states and plans. Raises DocumentError."""
    resources = [one for path in paths for one in _load(path)]
    name = ", ".join(map(str, paths))
    facts = facts_of(resources, name)
    if not facts.services:
        raise DocumentError(
            f"{name} has no aws_ecs_service",
            "give the state that has the services; other states may be given beside it",
        )
    shapes = {one.at: one.values for one in resources}
    return Source(facts, shapes, chosen(facts.services, wanted, name))


def chosen(found: Iterable[Service], wanted: Sequence[str], source: str) -> tuple[Service, ...]:
    """The services that were asked for by name, or all. Raises DocumentError."""
    by_name = {of(one, "name", one.at): one for one in found}
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise DocumentError(
            f"{source} has no service {missing[0]}", f"it has: {', '.join(sorted(by_name))}"
        )
    return tuple(by_name[name] for name in sorted(wanted or by_name))


def definition(source: Source, service: Service) -> TaskDefinition:
    """The service's task definition. Raises DocumentError."""
    return needed(
        lambda: definition_of(source.facts, service), f"the service {plain(service, 'name')}"
    )


def documents(source: Source, definition: TaskDefinition) -> list[Shape]:
    """The container definitions as ECS writes them."""
    found = source.shape_of(definition).get("container_definitions")
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def plain(record: Fact, name: str) -> str:
    """A field as text, also where it is unknown."""
    return str(object.__getattribute__(record, name))


def _load(path: Path) -> list[Resource]:
    """The file as what it is, a state or a plan."""
    try:
        return load(path, Kind.STATE)
    except DocumentError as error:
        if "is a plan" not in str(error):
            raise
        return load(path, Kind.PLAN)

"""Everything that is imported as one settings document, checked against its schema."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.checklist.documents import DocumentError
from infra.checklist.facts import Facts, Service
from infra.checklist.lookup import cluster_name, namespace_of
from infra.imports.balancing import LAST, balancer
from infra.imports.calls import calls_of
from infra.imports.naming import settings_name
from infra.imports.notes import Note, changed, fill, ordered
from infra.imports.service import Made, make
from infra.imports.source import Source, known, of
from infra.local import settings as settings_file

REGION = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-[0-9]):")
DEFAULT_REGION = "eu-central-1"
ZONES = "abcdef"
FILE = Path("app.tfvars.json")


@dataclass(frozen=True, slots=True)
class Imported:
    """The settings, what each image is used by, and the notes."""

    settings: dict[str, Any]
    images: Mapping[str, list[str]] = field(default_factory=dict)  # image: services
    folders: Mapping[str, str] = field(default_factory=dict)  # image: WORKDIR, where it is said
    notes: tuple[Note, ...] = ()


def convert(source: Source) -> Imported:
    """The imported services as settings that `up` accepts. Raises DocumentError."""
    notes = [changed("", "not known", why, "AWS's defaults stand there") for why in source.unasked]
    made = _services(source, notes)
    calls_of(source.facts, made, notes)
    _priorities(made, notes)
    routes = {name: one.route for name, one in made.items()}
    settings = {
        **_whole(source, notes),
        "load_balancer": balancer(source.facts, routes, notes),
        "services": {name: one.settings for name, one in sorted(made.items())},
    }
    _fit(settings, settings_file.schema(), "", notes)
    try:
        settings_file.parse(settings, FILE)
    except settings_file.WrongSettingsError as error:
        raise DocumentError(
            f"{source.facts.source} cannot be expressed as settings: {error}",
            "leave that service out by naming the others with --service",
        ) from None
    return Imported(settings, *_images(made), ordered([*notes, *_of_services(made)]))


def _services(source: Source, notes: list[Note]) -> dict[str, Made]:
    made: dict[str, Made] = {}
    for service in source.services:
        known_as = of(service, "name", service.at)
        name = settings_name(known_as, made)
        if name != known_as:
            notes.append(
                changed(
                    name,
                    f"name {known_as}",
                    "names are lower case, 2 to 32 characters and unique here",
                    f"it is {name}",
                )
            )
        made[name] = make(name, service, source)
    return made


def _of_services(made: Mapping[str, Made]) -> list[Note]:
    return [note for one in made.values() for note in one.notes]


def _whole(source: Source, notes: list[Note]) -> dict[str, Any]:
    first = source.services[0]
    text = json.dumps([*source.shapes.values()], default=str)
    regions = REGION.findall(text)
    region = max(sorted(set(regions)), key=regions.count) if regions else DEFAULT_REGION
    cluster = known(lambda: cluster_name(source.facts, first), "imported") or "imported"
    name = settings_name(cluster)
    namespace = _namespace(source.facts, first)
    if name != cluster:
        notes.append(
            changed(
                "",
                f"cluster {cluster}",
                "names are lower case, 2 to 32 characters",
                f"it is {name} here",
            )
        )
    others = {
        known(lambda one=one: cluster_name(source.facts, one), cluster)  # type: ignore[misc]  # a loop's own
        for one in source.services
    } - {cluster}
    notes += [
        changed("", f"cluster {one}", "there is one cluster here", f"its services are in {name}")
        for one in sorted(others)
    ]
    subnets = max(len(of(one, "subnets", ())) for one in source.services)
    zones = [region + letter for letter in ZONES[: min(max(subnets, 2), len(ZONES))]]
    return {
        "name": name,
        "region": region,
        "availability_zones": zones,
        "namespace": settings_name(namespace or name),
    }


def _namespace(facts: Facts, service: Service) -> str:
    """The namespace's name, which a service may give by ARN."""
    given = known(lambda: namespace_of(facts, service), "")
    for one in known(lambda: facts.namespaces, ()):
        if given in (of(one, "arn", ""), of(one, "id", "")):
            return str(of(one, "name", ""))
    return "" if given.startswith("arn:") else given


def _priorities(made: Mapping[str, Made], notes: list[Note]) -> None:
    """Rules' priorities are unique on one listener; what is not known comes in order."""
    taken: set[int] = set()
    paths: dict[str, str] = {}
    groups = [(one.settings["target_group"], name) for name, one in made.items()]
    for group, name in sorted(
        ((g, n) for g, n in groups if g), key=lambda p: (p[0]["priority"] or LAST - 1, p[1])
    ):
        wanted = group["priority"] or min(set(range(10, LAST, 10)) - taken)
        while wanted in taken:
            wanted += 1 if wanted < LAST else -1
            if wanted == LAST and wanted in taken:
                wanted = max(set(range(LAST - 1000, LAST)) - taken)
        taken.add(wanted)
        group["priority"] = wanted
        for path in group["path_patterns"]:
            if path in paths:
                notes.append(
                    fill(
                        name,
                        f"path {path}",
                        f"{paths[path]} has it too, and comes first",
                        "change path_patterns of one of them",
                    )
                )
            paths.setdefault(path, name)


def _images(made: Mapping[str, Made]) -> tuple[dict[str, list[str]], dict[str, str]]:
    images: dict[str, list[str]] = {}
    folders: dict[str, str] = {}
    for name, one in sorted(made.items()):
        image = one.settings["image"]
        images.setdefault(image, []).append(name)
        if one.folder:
            folders.setdefault(image, one.folder)
    return images, folders


def _fit(value: Any, schema: Mapping[str, Any], place: str, notes: list[Note]) -> Any:  # noqa: ANN401 - any JSON
    """The value with every number in its range, each told, and keys in the schema's order.

    Dictionaries are changed in place.
    """
    schema = _resolved(schema, value)
    if isinstance(value, dict):
        properties = [key for key in schema.get("properties", ()) if key in value]
        for key in properties or list(value):
            child = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if isinstance(child, dict):
                fitted = _fit(value.pop(key), child, f"{place}.{key}" if place else key, notes)
                value[key] = fitted  # at the end: so the keys come in the schema's order
    elif isinstance(value, int) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        if not low <= value <= high:
            fitted = min(max(value, low), high)
            notes.append(
                changed(
                    "",
                    f"{place} {value}",
                    f"the settings take {low} to {high}",
                    f"it is {fitted} here",
                )
            )
            return fitted
    return value


def _resolved(schema: Mapping[str, Any], value: object) -> Mapping[str, Any]:
    """The part of a schema that is about this value: behind a reference, or one of several."""
    if "$ref" in schema:
        found: Mapping[str, Any] = settings_file.schema()["$defs"][
            schema["$ref"].rpartition("/")[2]
        ]
        return found
    kinds = {"object": dict, "integer": int, "array": list}
    for one in schema.get("anyOf", ()):
        if isinstance(value, kinds.get(one.get("type"), ())) and value != 0:
            chosen: Mapping[str, Any] = one
            return chosen
    return schema

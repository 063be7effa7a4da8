"""Settings files that differ from ours in every value that they have, and who differs where.

Changing one value a time would be a hundred applies. So each value is changed in some of a few
files (its code), no two values in the same ones: which facts differ in just these files tells
which value they come from. Changes that make or unmake whole resources have a file each.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

Settings = dict[str, Any]
Place = tuple[str, ...]

FILE = Path(__file__).parents[2] / "infra/app.tfvars.json"
WAVES = 8
WEIGHT = 4  # files in which a value is changed: C(8, 4) = 70 codes
INVENTORY_NAME = {
    "dns_name": "inventory-api",
    "port": 8080,
    "per_request_timeout": 20,
    "idle_timeout": 200,
}


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed, and in which files. `refused`: Terraform's own checks do not let it in."""

    name: str
    path: Place
    value: object
    files: frozenset[str]
    refused: bool = False

    def apply(self, settings: Settings) -> None:
        place: Any = settings
        for key in self.path[:-1]:
            place = place[key]
        place[self.path[-1]] = self.value


def base() -> Settings:
    """Our settings file, with room for more CPU than it has."""
    settings: Settings = json.loads(FILE.read_text())
    for service in settings["services"].values():
        service["memory"] = 1024
    return settings


# what makes or unmakes resources, renames them all, or goes with nothing else
ALONE: dict[str, tuple[Place, object]] = {
    "name": (("name",), "shop"),
    "region": (("region",), "eu-west-1"),
    "http": (("load_balancer", "http"), "redirect"),
    "https": (("load_balancer", "https"), False),
    "calls": (("services", "inventory-api", "calls"), []),
    "no check": (("services", "order-api", "container_health_check"), None),
    "no target group": (("services", "inventory-api", "target_group"), None),
    "published": (("services", "inventory-api", "service_connect"), INVENTORY_NAME),
    "breaker": (("services", "order-api", "deployment", "circuit_breaker", "enable"), False),
    "rollback": (("services", "order-api", "deployment", "circuit_breaker", "rollback"), False),
    "order-api algorithm": (("services", "order-api", "target_group", "algorithm"),
                            "least_outstanding_requests"),
    "inventory-api algorithm": (("services", "inventory-api", "target_group", "algorithm"),
                                "least_outstanding_requests"),
}  # fmt: skip
REFUSED = ("breaker", "rollback")
# of the other service, which is read by the same lines
TWINS = (
    ("services", "inventory-api", "deployment", "circuit_breaker", "enable"),
    ("services", "inventory-api", "deployment", "circuit_breaker", "rollback"),
    ("services", "order-api", "calls"),
    ("services", "inventory-api", "service_connect"),
)
OTHERS: dict[str, Callable[[Any], object]] = {
    "availability_zones": lambda zones: [*zones, "eu-central-1c"],
    "image": lambda image: image + "2",
    "cpu": lambda cpu: cpu * 2,
    "memory": lambda memory: memory * 2,
    "command": lambda words: [*words, "more"],
    "minimum_healthy_percent": lambda percent: percent - 1,
    "maximum_percent": lambda percent: percent - 1,
    "path_patterns": lambda patterns: [*patterns, "/more"],
    "slow_start": lambda seconds: seconds + 30,
    "path": lambda path: path + "2",
    "matcher": lambda matcher: f"{matcher}-299",
    "namespace": lambda name: name + "2",
    "dns_name": lambda name: name + "2",
    "ORDER_API_URL": lambda url: url + "/2",
}


def changes(settings: Settings) -> list[Change]:
    """A change of every value in the settings."""
    alone = {path for path, _ in ALONE.values()}
    codes = combinations((f"wave{n}" for n in range(WAVES)), WEIGHT)
    found = [
        Change(name, path, value, frozenset({name}), refused=name in REFUSED)
        for name, (path, value) in ALONE.items()
    ]
    for path, value in leaves(settings):
        if path not in alone and path not in TWINS:
            files = frozenset(next(codes))
            found.append(Change(".".join(path), path, other(path[-1], value), files))
    return found


def leaves(settings: Mapping[str, Any], above: Place = ()) -> Iterator[tuple[Place, object]]:
    """Every value with its path; a list is one value."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def other(name: str, value: Any) -> object:
    """Another value that is allowed beside all other changes."""
    if name in OTHERS:
        return OTHERS[name](value)
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else str(int(value) + 1)


def files(settings: Settings) -> dict[str, Settings]:
    """The settings files of all changes, by name."""
    found: dict[str, Settings] = {}
    for change in changes(settings):
        for name in change.files:
            change.apply(found.setdefault(name, copy.deepcopy(settings)))
    if "region" in found:
        found["region"]["availability_zones"] = ["eu-west-1a", "eu-west-1b"]
    return found


def unnoticed(
    settings: Settings, differing: Mapping[str, set[str]], compared: set[str]
) -> list[str]:
    """Changes that no path tells. `differing` are the files in which each path differs.

    What differs in a file of one change tells that change; of the others it must be that path
    whose files, those aside, are just the change's.
    """
    waves = {name for name in compared if name.startswith("wave")}
    told = {frozenset(names & waves) for names in differing.values()}
    single = {name for names in differing.values() for name in names - waves}
    return [
        one.name
        for one in changes(settings)
        if one.files <= compared and not (one.files in told or one.files <= single)
    ]

"""Facts as paths with values, names in place of ids: two worlds become two dictionaries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase

from infra.checklist.facts import Facts, ListenerRule, Permission
from infra.checklist.known import Fact, Unknown

Plain = dict[str, object]

ABSENT = "(absent)"
# what identifies a record in one world only
IDENTITIES = ("at", "arn", "id")
NOT_FACTS = ("source", "needs", "whole", "expected")
UNORDERED = ("subnets", "groups", "values", "compatibilities")
# the field that names a record within its owner
NAMES = ("name", "port_name", "target_group", "field")


def plain(facts: Facts) -> Plain:
    """Every field of every record. A kind of which no record has a name is only counted."""
    labels = _labels(facts)
    found: Plain = {}
    for one in fields(Facts):
        if one.name not in NOT_FACTS:
            records = _raw(facts, one.name)
            found.update(_kind(one.name, records, labels))
    return found


def _kind(name: str, records: object, labels: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    if not isinstance(records, tuple):
        yield name, records
        return
    if name not in KEYS:
        yield name, len(records)
        return
    for record in records:
        path = f"{name}[{_key(name, record, labels)}]"
        yield path, "there"
        if name != "permissions":
            yield from _record(path, record, labels)


def _record(path: str, record: Fact, labels: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    for one in fields(record):  # type: ignore[arg-type]  # every Fact is a dataclass
        if one.name not in IDENTITIES:
            yield from _value(f"{path}.{one.name}", one.name, _raw(record, one.name), labels)


def _value(
    path: str, name: str, value: object, labels: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    if isinstance(value, Fact):
        yield from _record(path, value, labels)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield f"{path}[{key}]", one
    elif isinstance(value, tuple) and value and isinstance(value[0], Fact):
        for number, one in enumerate(value):
            yield from _record(f"{path}[{_name(one, labels) or number}]", one, labels)
    elif isinstance(value, tuple):
        shown = [labels.get(one, one) for one in value]
        yield path, tuple(sorted(shown) if name in UNORDERED else shown)
    else:
        yield path, labels.get(value, value) if isinstance(value, str) else value


def _name(record: Fact, labels: Mapping[str, str]) -> str:
    for name in NAMES:
        if hasattr(type(record), "__dataclass_fields__") and name in type(record).__annotations__:
            found = _raw(record, name)
            return labels.get(found, found) if isinstance(found, str) else ""
    return ""


KEYS = {
    "services": "{name}",
    "task_definitions": "{family}",
    "target_groups": "{name}",
    "load_balancers": "{name}",
    "listeners": "{load_balancer}:{port}",
    "listener_rules": "",
    "groups": "{name}",
    "permissions": "",
    "namespaces": "{name}",
    "clusters": "{name}",
}


def _key(kind: str, record: Fact, labels: Mapping[str, str]) -> str:
    """The record's name in both worlds."""
    if isinstance(record, Permission):
        return _permission(record, labels)
    if isinstance(record, ListenerRule):
        return _rule(record, labels)
    raw = {one: _raw(record, one) for one in type(record).__annotations__}
    return KEYS[kind].format(**{n: labels.get(v, v) if isinstance(v, str) else v
                                for n, v in raw.items()})  # fmt: skip


def _rule(record: ListenerRule, labels: Mapping[str, str]) -> str:
    """By where it leads: its priority is what it has."""
    groups = [labels.get(arn, arn) for action in record.actions for arn in action.target_groups]
    return f"{labels.get(record.listener, record.listener)} to {' '.join(groups)}"


def _permission(record: Permission, labels: Mapping[str, str]) -> str:
    group, rule = _raw(record, "group"), _raw(record, "rule")
    if isinstance(rule, Unknown):
        return f"{group}: {rule.why}"
    peer = record.rule.cidr or record.rule.group or record.rule.prefix_list or ""
    way = "to" if record.egress else "from"
    ports = f"{record.rule.protocol} {record.rule.from_port}-{record.rule.to_port}"
    return f"{labels.get(str(group), group)} {way} {labels.get(peer, peer)} {ports}"


def _labels(facts: Facts) -> dict[str, str]:
    """Names by ARNs and ids; a listener's is its load balancer's with the port."""
    found: dict[str, str] = {}
    for kind, key, name in (
        ("task_definitions", "arn", "family"),
        ("target_groups", "arn", "name"),
        ("load_balancers", "arn", "name"),
        ("groups", "id", "name"),
        ("namespaces", "arn", "name"),
        ("clusters", "arn", "name"),
    ):
        for one in _records(facts, kind):
            found[str(_raw(one, key))] = str(_raw(one, name))
    for one in _records(facts, "listeners"):
        balancer = found.get(str(_raw(one, "load_balancer")), "?")
        found[str(_raw(one, "arn"))] = f"{balancer}:{_raw(one, 'port')}"
    return found


def _records(facts: Facts, kind: str) -> tuple[Fact, ...]:
    found = _raw(facts, kind)
    return found if isinstance(found, tuple) else ()


def _raw(record: Fact, name: str) -> object:
    """A field as it is, unknown or not."""
    return object.__getattribute__(record, name)


Differences = dict[str, tuple[object, object]]


def differences(left: Plain, right: Plain) -> Differences:
    """Paths whose values differ. What is not known is not equal to anything."""
    found = {}
    for path in sorted({*left, *right}):
        pair = left.get(path, ABSENT), right.get(path, ABSENT)
        if pair[0] != pair[1] or any(isinstance(one, Unknown) for one in pair):
            found[path] = pair
    return found


@dataclass(frozen=True, slots=True)
class Exemption:
    """Paths that may differ; `*` stands for anything."""

    path: str
    reason: str

    def covers(self, path: str) -> bool:
        return fnmatchcase(path.replace("[", "(").replace("]", ")"), self._pattern())

    def _pattern(self) -> str:
        """Brackets are names here, not fnmatch's sets."""
        return self.path.replace("[", "(").replace("]", ")")


def unexplained(found: Differences, exempt: tuple[Exemption, ...]) -> Differences:
    return {p: pair for p, pair in found.items() if not any(e.covers(p) for e in exempt)}


def unneeded(found: Differences, exempt: tuple[Exemption, ...]) -> list[str]:
    """Exemptions that nothing needs any more."""
    return [one.path for one in exempt if not any(one.covers(path) for path in found)]

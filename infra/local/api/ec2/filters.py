"""EC2's filters: all of a request's must match, of one's values any, with * and ? in them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from infra.local.api.ec2 import errors
from infra.local.api.ec2.permissions import ports_of
from infra.local.securitygroups import GroupRule, SecurityGroup
from infra.local.store import Document, Store

Facts = Mapping[str, Iterable[str]]


def matches(filters: Iterable[Document], facts: Facts, tags: Mapping[str, str]) -> bool:
    """Whether something with these facts and tags passes. Refuses a filter nobody knows."""
    return all(_passes(one, facts, tags) for one in filters)


def named(filters: Iterable[Document], name: str) -> Iterator[str]:
    """The values of the filter of that name."""
    return (value for one in filters if one.get("Name") == name for value in one.get("Values", ()))


def group_facts(store: Store, group: SecurityGroup) -> Facts:
    """What groups can be filtered by."""
    found: dict[str, list[str]] = {
        "group-id": [group.id],
        "group-name": [group.name],
        "vpc-id": [group.vpc],
        "description": [group.description],
        "owner-id": [store.account],
    }
    for prefix, egress in (("ip-permission", False), ("egress.ip-permission", True)):
        rules = [r for r in group.rules.values() if r.egress is egress]
        found |= {
            f"{prefix}.cidr": [r.allows.cidr for r in rules if r.allows.cidr],
            f"{prefix}.group-id": [r.allows.group for r in rules if r.allows.group],
            f"{prefix}.protocol": [r.allows.protocol for r in rules],
            f"{prefix}.from-port": [str(ports_of(r.allows)[0]) for r in rules],
            f"{prefix}.to-port": [str(ports_of(r.allows)[1]) for r in rules],
        }
    return found


def rule_facts(group: SecurityGroup, rule: GroupRule) -> Facts:
    """What rules can be filtered by."""
    return {"group-id": [group.id], "security-group-rule-id": [rule.id]}


def _passes(one: Document, facts: Facts, tags: Mapping[str, str]) -> bool:
    name, values = one.get("Name", ""), one.get("Values", [])
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return key in tags and _any(values, [tags[key]])
    if name == "tag-key":
        return _any(values, tags)
    if name not in facts:
        raise errors.invalid(f"The filter '{name}' is invalid")
    return _any(values, facts[name])


def _any(patterns: Iterable[str], texts: Iterable[str]) -> bool:
    known = list(texts)
    return any(_like(pattern, text) for pattern in patterns for text in known)


def _like(pattern: str, text: str) -> bool:
    parts = re.split(r"([*?])", pattern)
    wild = {"*": ".*", "?": "."}
    return re.fullmatch("".join(wild.get(p, re.escape(p)) for p in parts), text, re.S) is not None

"""Security groups and their rules in Terraform's three spellings."""

from collections.abc import Iterator

from infra.checklist.facts import Group, Permission
from infra.checklist.known import Maybe, Unknown, Values, block_of
from infra.network.model import ALL, PORTS, protocol_name
from infra.network.model import Rule as GroupRule

GROUPS = ("aws_security_group", "aws_default_security_group")


def group(values: Values) -> Group:
    return Group(values.at, values.text("id"), values.text("name"), values.text("vpc_id"))


def ingress_rule(values: Values) -> Permission:
    return _single(values, egress=False)


def egress_rule(values: Values) -> Permission:
    return _single(values, egress=True)


def _single(values: Values, *, egress: bool) -> Permission:
    peers = {
        "cidr": values.get("cidr_ipv4") or values.get("cidr_ipv6"),
        "group": values.get("referenced_security_group_id"),
        "prefix_list": values.get("prefix_list_id"),
    }
    rule = _rule(values, values.text("ip_protocol"), peers)
    return Permission(values.at, values.text("security_group_id"), egress, rule)


def _rule(values: Values, protocol: Maybe, peers: dict[str, Maybe]) -> Maybe:
    """The rule, or Unknown if anything of it is."""
    ports = (values.number("from_port", PORTS[0]), values.number("to_port", PORTS[1]))
    if peers.get("cidr"):
        peers = {**peers, "cidr": block_of(values.at, peers["cidr"])}
    set_ones = {name: peer for name, peer in peers.items() if peer}
    unknown = [x for x in (protocol, *ports, *set_ones.values()) if isinstance(x, Unknown)]
    known = {name: str(peer) for name, peer in set_ones.items() if not isinstance(peer, Unknown)}
    if len(known) != 1 or any(isinstance(x, Unknown) for x in (protocol, *ports)):
        why = unknown[0].why if unknown else f"{values.at} names no peer"
        return Unknown(why)
    name = protocol_name(protocol)
    first, last = PORTS if name == ALL else ports
    return GroupRule(name, first, last, **known)


def old_rules(values: Values) -> Iterator[Permission]:
    """An aws_security_group_rule: one resource, any number of peers."""
    at, owner = values.at, values.text("security_group_id")
    kind = values.text("type")
    egress = kind == "egress"
    if isinstance(kind, Unknown):
        yield Permission(at, owner, egress, kind)  # type: ignore[arg-type]  # a Fact may be Unknown
        return
    for rule in _peered(values, owner, "source_security_group_id"):
        yield Permission(at, owner, egress, rule)


def inline(values: Values) -> Iterator[Permission]:
    """The ingress and egress blocks of a group."""
    owner = values.text("id")
    for name in ("ingress", "egress"):
        if values.decided_later(name):
            continue  # computed: the rules beside it, which are counted by themselves
        blocks = values.blocks(name)
        if isinstance(blocks, Unknown):
            unknown: Maybe = blocks
            yield Permission(values.at, owner, name == "egress", unknown)
            continue
        for block in blocks:
            for rule in _peered(block.relaxed(), owner, "security_groups"):
                yield Permission(values.at, owner, name == "egress", rule)


def _peered(values: Values, owner: Maybe, groups: str) -> Iterator[Maybe]:
    """One rule for each peer of a block of several."""
    protocol = values.text("protocol")
    for name, attribute in (
        ("cidr", "cidr_blocks"),
        ("cidr", "ipv6_cidr_blocks"),
        ("prefix_list", "prefix_list_ids"),
        ("group", groups),
    ):
        found = values.get(attribute, [])
        peers = found if isinstance(found, list) else [found]
        yield from (_rule(values, protocol, {name: peer}) for peer in peers)
    if values.flag("self") is True:
        yield _rule(values, protocol, {"group": owner})


def identity(permission: Permission) -> object:
    """What makes two rules the same rule; None where not all is known."""
    parts = [object.__getattribute__(permission, name) for name in ("group", "egress", "rule")]
    return None if any(isinstance(part, Unknown) for part in parts) else tuple(parts)

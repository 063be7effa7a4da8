"""Finding security groups, making them, and who uses one."""

from infra.local.api.ec2 import errors
from infra.local.api.identifiers import derived_id, hexadecimal
from infra.local.scheduler.model import TaskStatus
from infra.local.securitygroups import DEFAULT_NAME, GroupRule, SecurityGroup
from infra.local.store import Document, Store
from infra.network.model import ALL, Rule


def find_group(store: Store, params: Document) -> SecurityGroup:
    """The group of a request's GroupId or GroupName."""
    if "GroupId" in params:
        return group_by_id(store, params["GroupId"])
    if "GroupName" not in params:
        raise errors.missing("groupId")
    name = params["GroupName"]
    found = [group for group in store.security_groups.values() if group.name == name]
    if len(found) != 1:
        raise errors.group_not_found(name)
    return found[0]


def group_by_id(store: Store, group_id: str) -> SecurityGroup:
    if group_id not in store.security_groups:
        raise errors.group_not_found(group_id)
    return store.security_groups[group_id]


def add_group(store: Store, group: SecurityGroup) -> SecurityGroup:
    """Put a new group into the store, with the egress rule that EC2 gives it."""
    everywhere = new_rule(Rule(ALL, cidr="0.0.0.0/0"), egress=True)
    group.rules[everywhere.id] = everywhere
    store.security_groups[group.id] = group
    return group


def new_rule(
    allows: Rule,
    *,
    egress: bool,
    description: str | None = None,
    tags: dict[str, str] | None = None,
) -> GroupRule:
    return GroupRule(f"sgr-{hexadecimal(17)}", egress, allows, description, tags or {})


def ensure_default(store: Store, vpc: str) -> None:
    """A VPC has its default group from the moment it is named here: members reach each other."""
    group_id = derived_id("sg", "default", vpc)
    if group_id not in store.security_groups:
        group = SecurityGroup(group_id, DEFAULT_NAME, vpc, "default VPC security group")
        own = new_rule(Rule(ALL, group=group_id), egress=False)
        group.rules[own.id] = own
        add_group(store, group)


def users(store: Store, group: SecurityGroup) -> list[str]:
    """What depends on the group: tasks' interfaces, load balancers, other groups' rules."""
    tasks = [
        task.interface
        for task in store.tasks.values()
        if task.status is not TaskStatus.STOPPED and group.id in task.security_groups
    ]
    balancers = [b.name for b in store.balancers.values() if group.id in b.security_groups]
    groups = [
        other.id
        for other in store.security_groups.values()
        if other is not group and any(r.allows.group == group.id for r in other.rules.values())
    ]
    return [*tasks, *balancers, *groups]

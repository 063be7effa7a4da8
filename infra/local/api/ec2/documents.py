"""Security groups and their rules as EC2's Describe operations return them."""

from infra.local.api.ec2.permissions import ports_of, write_permissions
from infra.local.api.tags import capital_tags
from infra.local.securitygroups import GroupRule, SecurityGroup
from infra.local.store import Document, Store


def group_arn(store: Store, group: SecurityGroup) -> str:
    return store.arn("ec2", f"security-group/{group.id}")


def describe_group(store: Store, group: SecurityGroup) -> Document:
    rules = group.rules.values()
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": store.account,
        "VpcId": group.vpc,
        "SecurityGroupArn": group_arn(store, group),
        "IpPermissions": write_permissions(store, (r for r in rules if not r.egress)),
        "IpPermissionsEgress": write_permissions(store, (r for r in rules if r.egress)),
        "Tags": capital_tags(group.tags),
    }


def describe_rule(store: Store, group: SecurityGroup, rule: GroupRule) -> Document:
    document = _facts(store, group, rule)
    if rule.allows.group is not None:
        other = store.security_groups.get(rule.allows.group)
        reference = {"GroupId": rule.allows.group, "UserId": store.account}
        document["ReferencedGroupInfo"] = reference | ({"VpcId": other.vpc} if other else {})
    return {
        **document,
        "GroupOwnerId": store.account,
        "SecurityGroupRuleArn": store.arn("ec2", f"security-group-rule/{rule.id}"),
        "Tags": capital_tags(rule.tags),
    }


def describe_revoked(store: Store, group: SecurityGroup, rule: GroupRule) -> Document:
    document = _facts(store, group, rule)
    if rule.allows.group is not None:
        document["ReferencedGroupId"] = rule.allows.group
    return document


def _facts(store: Store, group: SecurityGroup, rule: GroupRule) -> Document:
    first, last = ports_of(rule.allows)
    document: Document = {
        "SecurityGroupRuleId": rule.id,
        "GroupId": group.id,
        "IsEgress": rule.egress,
        "IpProtocol": rule.allows.protocol,
        "FromPort": first,
        "ToPort": last,
    }
    if rule.allows.cidr is not None:
        document["CidrIpv6" if ":" in rule.allows.cidr else "CidrIpv4"] = rule.allows.cidr
    if rule.allows.prefix_list is not None:
        document["PrefixListId"] = rule.allows.prefix_list
    if rule.description is not None:
        document["Description"] = rule.description
    return document

"""EC2's security groups for a drill: read, made as another's twin, removed. The only reader of EC2.

Every function raises boto3's errors; `chaos.account.calling` names the call.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from chaos.entries import GroupSeen, RuleSeen

Client = Any  # boto3 makes its clients at run time and has no types
Answer = Mapping[str, Any]

IN_USE = "DependencyViolation"
REMOVE_SECONDS = 900.0  # unscaled: a service must have rolled back before its group is free
REMOVE_EXTRA_REAL_SECONDS = 60.0
PAUSE_SECONDS = 0.5
DESCRIPTION = "made by a drill, deleted at its end"
PEERS = (  # members of an IpPermission, and the one that names the peer in them
    ("UserIdGroupPairs", "GroupId"),
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId"),
)


def groups(ec2: Client, ids: Sequence[str]) -> tuple[GroupSeen, ...]:
    if not ids:
        return ()
    answer = ec2.describe_security_groups(GroupIds=list(ids))
    found = {group["GroupId"]: _group(group) for group in answer["SecurityGroups"]}
    return tuple(found[one] for one in ids)


def make(ec2: Client, name: str, like: Sequence[GroupSeen], rules: Sequence[RuleSeen]) -> str:
    """See `Target.make_security_group`."""
    tag = {"Key": "Name", "Value": name}
    made: str = ec2.create_security_group(
        GroupName=name,
        Description=DESCRIPTION,
        VpcId=like[0].vpc,
        TagSpecifications=[{"ResourceType": "security-group", "Tags": [tag]}],
    )["GroupId"]
    exists = ec2.get_waiter("security_group_exists")  # not at once everywhere on AWS
    exists.wait(GroupIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    (new,) = groups(ec2, [made])
    former = {group.id for group in like}
    wanted = tuple(dict.fromkeys(_renamed(rule, former, made) for rule in rules))
    _change(ec2, "revoke", made, (rule for rule in new.rules if rule not in wanted))
    _change(ec2, "authorize", made, (rule for rule in wanted if rule not in new.rules))
    for other in _naming(ec2, former):
        if other.id not in (made, *former):
            named = [rule for rule in other.rules if rule.peer in former]
            twins = dict.fromkeys(_renamed(rule, former, made) for rule in named)
            _change(ec2, "authorize", other.id, twins)
    return made


def remove(ec2: Client, name: str, time_scale: float) -> bool:
    """See `Target.remove_security_group`. Raises the last error after REMOVE_SECONDS."""
    filters = [{"Name": "group-name", "Values": [name]}]
    found = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    if not found:
        return False
    gone = str(found[0]["GroupId"])
    for other in _naming(ec2, {gone}):
        _change(ec2, "revoke", other.id, (rule for rule in other.rules if rule.peer == gone))
    deadline = time.monotonic() + REMOVE_SECONDS / time_scale + REMOVE_EXTRA_REAL_SECONDS
    while True:
        try:
            ec2.delete_security_group(GroupId=gone)
        except ClientError as error:
            if error.response["Error"]["Code"] != IN_USE or time.monotonic() > deadline:
                raise
        else:
            return True
        time.sleep(PAUSE_SECONDS)


def _naming(ec2: Client, ids: Iterable[str]) -> list[GroupSeen]:
    """The groups with a rule whose peer is one of these."""
    found: dict[str, GroupSeen] = {}
    for prefix in ("ip-permission", "egress.ip-permission"):
        filters = [{"Name": f"{prefix}.group-id", "Values": sorted(ids)}]
        answer = ec2.describe_security_groups(Filters=filters)
        found |= {group["GroupId"]: _group(group) for group in answer["SecurityGroups"]}
    return [found[one] for one in sorted(found)]


def _renamed(rule: RuleSeen, former: set[str], made: str) -> RuleSeen:
    return replace(rule, peer=made) if rule.peer in former else rule


def _change(ec2: Client, verb: str, group: str, rules: Iterable[RuleSeen]) -> None:
    """Authorize or revoke the rules of a group, each direction in one call."""
    changed = list(rules)
    for egress, direction in ((False, "ingress"), (True, "egress")):
        permissions = [_permission(rule) for rule in changed if rule.egress is egress]
        if permissions:
            call = getattr(ec2, f"{verb}_security_group_{direction}")
            call(GroupId=group, IpPermissions=permissions)


def _group(answer: Answer) -> GroupSeen:
    """One element of DescribeSecurityGroups' `SecurityGroups`."""
    return GroupSeen(
        id=answer["GroupId"],
        name=answer["GroupName"],
        vpc=answer.get("VpcId", ""),
        rules=(
            *_rules(answer.get("IpPermissions", ()), egress=False),
            *_rules(answer.get("IpPermissionsEgress", ()), egress=True),
        ),
    )


def _rules(permissions: Iterable[Answer], *, egress: bool) -> Iterator[RuleSeen]:
    for permission in permissions:
        for member, peer in PEERS:
            for entry in permission.get(member, ()):
                yield RuleSeen(
                    egress=egress,
                    protocol=permission["IpProtocol"],
                    from_port=permission.get("FromPort", 0),
                    to_port=permission.get("ToPort", 65_535),
                    peer=entry[peer],
                )


def _permission(rule: RuleSeen) -> dict[str, Any]:
    """The IpPermission of one rule; -1 has no ports."""
    names = {"sg-": PEERS[0], "pl-": PEERS[3]}
    cidr = PEERS[2] if ":" in rule.peer else PEERS[1]
    member, peer = names.get(rule.peer[:3], cidr)
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.from_port, "ToPort": rule.to_port}
    return {"IpProtocol": rule.protocol, **ports, member: [{peer: rule.peer}]}

"""EC2's security groups, as boto3 sees them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.plane import Plane, Switch
from tests.api.stack import NETWORK, SUBNETS, Stack

VPC = "vpc-1"
WEB = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture
def ec2(plane: Plane) -> Any:
    return plane.client("ec2")


def make(ec2: Any, name: str = "web", vpc: str = VPC, **more: Any) -> str:
    made = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc, **more)
    found: str = made["GroupId"]
    return found


def from_group(group: str, port: int = 8080) -> dict[str, Any]:
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "UserIdGroupPairs": [{"GroupId": group, "Description": "callers"}],
    }


def refusal(error: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = error.value.response["Error"]["Code"]
    return code


def test_a_new_group_lets_everything_out_and_nothing_in(plane: Plane, ec2: Any) -> None:
    group = make(ec2)
    assert plane.signals.take() == [("security", "")]
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert found["GroupName"] == "web"
    assert found["VpcId"] == VPC
    assert found["IpPermissions"] == []
    (egress,) = found["IpPermissionsEgress"]
    assert egress["IpProtocol"] == "-1"
    assert egress["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert "FromPort" not in egress
    assert found["SecurityGroupArn"].endswith(f":security-group/{group}")


def test_rules_come_back_as_they_were_given(plane: Plane, ec2: Any) -> None:
    alb, app = make(ec2, "alb"), make(ec2, "app")
    plane.signals.take()
    answer = ec2.authorize_security_group_ingress(
        GroupId=app,
        IpPermissions=[from_group(alb), WEB],
        TagSpecifications=[
            {"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "b"}]}
        ],
    )
    assert plane.signals.take() == [("security", "")]
    first, second = answer["SecurityGroupRules"]
    assert first["ReferencedGroupInfo"]["GroupId"] == alb
    assert (first["FromPort"], first["ToPort"], first["IpProtocol"]) == (8080, 8080, "tcp")
    assert first["Description"] == "callers"
    assert first["Tags"] == [{"Key": "a", "Value": "b"}]
    assert second["CidrIpv4"] == "0.0.0.0/0"
    assert not first["IsEgress"]
    (found,) = ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"]
    by_port = {p["FromPort"]: p for p in found["IpPermissions"]}
    (pair,) = by_port[8080]["UserIdGroupPairs"]
    assert (pair["GroupId"], pair["Description"]) == (alb, "callers")
    assert by_port[443]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]


def test_rules_of_one_protocol_and_port_are_one_permission(ec2: Any) -> None:
    app = make(ec2)
    ranges = [{"CidrIp": "10.0.0.9/8"}, {"CidrIp": "192.168.0.0/16", "Description": "office"}]
    more = {"Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [{"PrefixListId": "pl-1"}]}
    ec2.authorize_security_group_ingress(
        GroupId=app, IpPermissions=[{**WEB, "IpRanges": ranges, **more}]
    )
    (found,) = ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"]
    (permission,) = found["IpPermissions"]
    assert permission["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}, ranges[1]]
    assert permission["Ipv6Ranges"] == more["Ipv6Ranges"]
    assert permission["PrefixListIds"] == more["PrefixListIds"]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [app]}])[
        "SecurityGroupRules"
    ]
    assert len(rules) == 5  # the fifth lets everything out
    assert {r["IsEgress"] for r in rules if r.get("CidrIpv6") or r["IpProtocol"] == "-1"} == {
        False,
        True,
    }


def test_the_old_flat_form_works(ec2: Any) -> None:
    make(ec2, "alb")
    app = make(ec2, "app")
    ec2.authorize_security_group_ingress(
        GroupId=app, IpProtocol="6", FromPort=80, ToPort=81, CidrIp="10.0.0.0/8"
    )
    ec2.authorize_security_group_ingress(GroupName="app", SourceSecurityGroupName="alb")
    (found,) = ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"]
    assert [p["IpProtocol"] for p in found["IpPermissions"]] == ["tcp", "-1"]


@pytest.mark.parametrize("by", ["id", "content"])
def test_rules_are_revoked_by_id_or_by_content(plane: Plane, ec2: Any, by: str) -> None:
    app = make(ec2)
    made = ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[WEB])
    named: dict[str, Any] = {"IpPermissions": [WEB]}
    if by == "id":
        named = {"SecurityGroupRuleIds": [made["SecurityGroupRules"][0]["SecurityGroupRuleId"]]}
    plane.signals.take()
    answer = ec2.revoke_security_group_ingress(GroupId=app, **named)
    assert plane.signals.take() == [("security", "")]
    assert answer["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "0.0.0.0/0"
    (found,) = ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"]
    assert found["IpPermissions"] == []
    with pytest.raises(ClientError) as error:
        ec2.revoke_security_group_ingress(GroupId=app, **named)
    wanted = {"id": "InvalidSecurityGroupRuleId.NotFound", "content": "InvalidPermission.NotFound"}
    assert refusal(error) == wanted[by]


def test_the_egress_rule_can_be_taken_away(ec2: Any) -> None:
    app = make(ec2)
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=app, IpPermissions=[everything])
    ec2.authorize_security_group_egress(GroupId=app, IpPermissions=[WEB])
    (found,) = ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"]
    assert [p["FromPort"] for p in found["IpPermissionsEgress"]] == [443]


def test_a_rule_gets_another_content_and_keeps_its_id(ec2: Any) -> None:
    app = make(ec2)
    made = ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[WEB])
    rule_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    change = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "ReferencedGroupId": app}
    ec2.modify_security_group_rules(
        GroupId=app,
        SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": change}],
    )
    (rule,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])[
        "SecurityGroupRules"
    ]
    assert (rule["FromPort"], rule["ReferencedGroupInfo"]["GroupId"]) == (80, app)


def test_none_of_the_rules_is_added_if_one_is_there(plane: Plane, ec2: Any) -> None:
    app = make(ec2)
    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[WEB])
    plane.signals.take()
    with pytest.raises(ClientError, match=r"0\.0\.0\.0/0, TCP, from port: 443") as error:
        ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[from_group(app), WEB])
    assert refusal(error) == "InvalidPermission.Duplicate"
    assert plane.signals.take() == []
    assert len(plane.store.security_groups[app].rules) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"IpRanges": [{"CidrIp": "10.0.0.0/33"}]}, "InvalidParameterValue"),
        ({"IpRanges": [{"CidrIp": "::/0"}]}, "InvalidParameterValue"),
        ({"IpRanges": []}, "MissingParameter"),
        ({"FromPort": 444}, "InvalidParameterValue"),
        ({"ToPort": 65_536}, "InvalidParameterValue"),
        ({"IpProtocol": "quic"}, "InvalidParameterValue"),
        ({"IpRanges": [], "UserIdGroupPairs": [{"GroupId": "sg-x"}]}, "InvalidGroup.NotFound"),
        ({"IpRanges": [], "UserIdGroupPairs": [{"GroupName": "x"}]}, "InvalidGroup.NotFound"),
    ],
)
def test_a_rule_that_ec2_does_not_take(ec2: Any, change: dict[str, Any], code: str) -> None:
    app = make(ec2)
    with pytest.raises(ClientError) as error:
        ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[{**WEB, **change}])
    assert refusal(error) == code


def test_a_name_is_a_vpcs_own(ec2: Any) -> None:
    make(ec2)
    make(ec2, vpc="vpc-2")
    for name, code in (
        ("web", "InvalidGroup.Duplicate"),
        ("default", "InvalidGroup.Reserved"),
        ("sg-mine", "InvalidParameterValue"),
    ):
        with pytest.raises(ClientError) as error:
            make(ec2, name)
        assert refusal(error) == code


def test_every_vpc_has_its_default_group(ec2: Any) -> None:
    """Terraform asks for it after making a VPC, which is somebody else's record."""
    filters = [
        {"Name": "vpc-id", "Values": ["vpc-9"]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    (found,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    (ingress,) = found["IpPermissions"]
    assert ingress["UserIdGroupPairs"][0]["GroupId"] == found["GroupId"]
    with pytest.raises(ClientError) as error:
        ec2.delete_security_group(GroupId=found["GroupId"])
    assert refusal(error) == "CannotDelete"


def test_groups_are_found_by_filters(ec2: Any) -> None:
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "env", "Value": "staging"}]}]
    alb = make(ec2, "web-alb", TagSpecifications=tags)
    app = make(ec2, "web-app")
    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[from_group(alb)])

    def names(**filters: str) -> list[str]:
        given = [{"Name": k.replace("_", "-"), "Values": [v]} for k, v in filters.items()]
        found = ec2.describe_security_groups(Filters=given)["SecurityGroups"]
        return sorted(g["GroupName"] for g in found)

    assert names(group_name="web-*") == ["web-alb", "web-app"]
    assert names(vpc_id=VPC) == ["default", "web-alb", "web-app"]
    assert names(vpc_id=VPC, group_name="web-al?") == ["web-alb"]
    assert names(group_id=app) == ["web-app"]
    assert names(**{"tag:env": "staging"}) == ["web-alb"]
    assert names(tag_key="env") == ["web-alb"]
    assert names(**{"ip-permission.group-id": alb}) == ["web-app"]
    assert names(description="e") == []
    with pytest.raises(ClientError, match="'colour' is invalid"):
        names(colour="red")


def test_long_lists_come_in_pages(ec2: Any) -> None:
    made = {make(ec2, f"g{n}") for n in range(12)}
    pages = ec2.get_paginator("describe_security_groups").paginate(
        Filters=[{"Name": "group-name", "Values": ["g*"]}], PaginationConfig={"PageSize": 5}
    )
    found = [[g["GroupId"] for g in page["SecurityGroups"]] for page in pages]
    assert [len(page) for page in found] == [5, 5, 2]
    assert {one for page in found for one in page} == made


def test_a_group_in_use_is_not_deleted(stack: Stack) -> None:
    plane, ec2 = stack.plane, stack.plane.client("ec2")
    alb, app, caller = make(ec2, "alb"), make(ec2, "app"), make(ec2, "caller")
    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=[from_group(caller)])
    stack.elb.set_security_groups(LoadBalancerArn=stack.balancer, SecurityGroups=[alb])
    network = {"awsvpcConfiguration": {"subnets": SUBNETS, "securityGroups": [app]}}
    task = stack.ecs.run_task(
        cluster="c", taskDefinition="app", launchType="FARGATE", networkConfiguration=network
    )["tasks"][0]
    assert plane.store.tasks[task["taskArn"]].security_groups == (app,)
    for group in (alb, app, caller):
        with pytest.raises(ClientError, match="has a dependent object") as error:
            ec2.delete_security_group(GroupId=group)
        assert refusal(error) == "DependencyViolation"
    del plane.store.tasks[task["taskArn"]]
    for group in (app, caller):
        ec2.delete_security_group(GroupId=group)
        with pytest.raises(ClientError) as error:
            ec2.describe_security_groups(GroupIds=[group])
        assert refusal(error) == "InvalidGroup.NotFound"


def test_tags_of_groups_are_ours_and_others_the_fallbacks(plane: Plane, ec2: Any) -> None:
    group = make(ec2)
    ec2.create_tags(Resources=[group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    ec2.delete_tags(Resources=[group], Tags=[{"Key": "b"}])
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert found["Tags"] == [{"Key": "a", "Value": "1"}]
    with pytest.raises(ClientError, match="no fallback"):
        ec2.create_tags(Resources=["vpc-1"], Tags=[{"Key": "a", "Value": "1"}])
    with pytest.raises(ClientError, match="no fallback"):
        ec2.describe_vpcs()


def test_a_dry_run_changes_nothing(plane: Plane, ec2: Any) -> None:
    group = make(ec2)
    with pytest.raises(ClientError) as error:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[WEB], DryRun=True)
    assert refusal(error) == "DryRunOperation"
    assert len(plane.store.security_groups[group].rules) == 1


def test_ecs_takes_a_group_that_nobody_made(stack: Stack, switch: Switch) -> None:
    """Said in the limits: what is not known here enforces nothing."""
    service = stack.create()
    given = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    assert given == NETWORK["awsvpcConfiguration"]["securityGroups"]

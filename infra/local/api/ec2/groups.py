"""Security groups: made, listed, deleted."""

from infra.local.api.context import Context
from infra.local.api.ec2 import errors
from infra.local.api.ec2.documents import describe_group, group_arn
from infra.local.api.ec2.filters import group_facts, matches, named
from infra.local.api.ec2.lookup import add_group, ensure_default, find_group, group_by_id, users
from infra.local.api.errors import ApiError
from infra.local.api.identifiers import hexadecimal
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import capital_tags, read_tags
from infra.local.securitygroups import DEFAULT_NAME, DEFAULT_VPC, SecurityGroup
from infra.local.store import Document

GROUPS_MAX = 2_500  # EC2's default per region
NAME_CHARACTERS = 255
PAGE_SIZE = 1_000


class SecurityGroups:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create_security_group(self, params: Document) -> Document:
        """Make a group that lets everything out and nothing in, as EC2 does."""
        name, vpc = params["GroupName"], params.get("VpcId", DEFAULT_VPC)
        ensure_default(self._store, vpc)
        self._check_name(name, vpc)
        if len(self._store.security_groups) >= GROUPS_MAX:
            message = f"The maximum number of security groups is {GROUPS_MAX}: delete one"
            raise ApiError("SecurityGroupLimitExceeded", message)
        tags = read_specified(params, "security-group")
        check_dry_run(params)
        group = add_group(
            self._store,
            SecurityGroup(f"sg-{hexadecimal(17)}", name, vpc, params["Description"], tags=tags),
        )
        self._context.signals.security_changed()
        return {
            "GroupId": group.id,
            "Tags": capital_tags(tags),
            "SecurityGroupArn": group_arn(self._store, group),
        }

    async def delete_security_group(self, params: Document) -> Document:
        """Delete it, unless a task, a load balancer or another group's rule uses it."""
        group = find_group(self._store, params)
        if group.name == DEFAULT_NAME:
            message = f'the specified group: "{group.id}" name: "default" cannot be deleted'
            raise ApiError("CannotDelete", f"{message} by a user")
        if users(self._store, group):
            raise ApiError("DependencyViolation", f"resource {group.id} has a dependent object")
        check_dry_run(params)
        del self._store.security_groups[group.id]
        self._context.signals.security_changed()
        return {"Return": True, "GroupId": group.id}

    async def describe_security_groups(self, params: Document) -> Document:
        """Groups by id, name and filters. A VPC named in a filter has its default group."""
        filters = params.get("Filters", [])
        for vpc in named(filters, "vpc-id"):
            if "*" not in vpc and "?" not in vpc:
                ensure_default(self._store, vpc)
        found, token = page(
            [g for g in self._asked(params) if self._passes(g, filters)],
            lambda group: (group.id,),
            params.get("MaxResults", PAGE_SIZE),
            params.get("NextToken"),
            error_code="InvalidParameterValue",
        )
        documents = [describe_group(self._store, group) for group in found]
        return with_token({"SecurityGroups": documents}, "NextToken", token)

    def _asked(self, params: Document) -> list[SecurityGroup]:
        """All groups, or those asked for, each of which must be there."""
        ids, names = params.get("GroupIds", []), params.get("GroupNames", [])
        if not ids and not names:
            return list(self._store.security_groups.values())
        by_id = [group_by_id(self._store, one) for one in dict.fromkeys(ids)]
        by_name = [find_group(self._store, {"GroupName": one}) for one in dict.fromkeys(names)]
        return list({group.id: group for group in (*by_id, *by_name)}.values())

    def _passes(self, group: SecurityGroup, filters: list[Document]) -> bool:
        return matches(filters, group_facts(self._store, group), group.tags)

    def _check_name(self, name: str, vpc: str) -> None:
        if not 1 <= len(name) <= NAME_CHARACTERS or name.startswith("sg-"):
            raise errors.invalid(
                f"Invalid value '{name[:60]}' for groupName: it must have 1 to {NAME_CHARACTERS} "
                "characters and not begin with sg-"
            )
        if name == DEFAULT_NAME:
            raise ApiError("InvalidGroup.Reserved", f"The security group '{name}' is reserved")
        for group in self._store.security_groups.values():
            if (group.name, group.vpc) == (name, vpc):
                message = f"The security group '{name}' already exists for VPC '{vpc}'"
                raise ApiError("InvalidGroup.Duplicate", message)


def check_dry_run(params: Document) -> None:
    """Called when all is checked and before anything is changed."""
    if params.get("DryRun"):
        raise errors.dry_run()


def read_specified(params: Document, kind: str) -> dict[str, str]:
    """The tags of a request's TagSpecifications for that kind of resource."""
    found: list[Document] = []
    for specification in params.get("TagSpecifications", ()):
        if specification.get("ResourceType") != kind:
            raise errors.invalid(
                f"'{specification.get('ResourceType')}' is not a valid taggable resource type for "
                f"this operation; use {kind}"
            )
        found += specification.get("Tags", ())
    return read_tags(found, "InvalidParameterValue")

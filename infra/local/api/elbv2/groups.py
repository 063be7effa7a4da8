"""Target groups and their attributes."""

from infra.local.api.context import Context
from infra.local.api.elbv2 import attributes, errors
from infra.local.api.elbv2.checks import HealthCheck, read_check
from infra.local.api.elbv2.documents import describe_group
from infra.local.api.elbv2.lookup import PAGE_SIZE, find_balancer, find_group
from infra.local.api.elbv2.naming import check_name, new_group_arn
from infra.local.api.elbv2.usage import balancers_of
from infra.local.api.errors import ApiError
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import read_tags
from infra.local.store import Document, TargetGroup

GROUPS_MAX = 3000


class TargetGroups:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create_target_group(self, params: Document) -> Document:
        """Make a target group. One of the same name and settings is returned."""
        name = check_name(params["Name"], "Target group")
        _check_built(params)
        check = read_check(params, HealthCheck())
        group = TargetGroup(
            name=name,
            arn=new_group_arn(self._store, name),
            protocol=params["Protocol"],
            port=params["Port"],
            vpc=params["VpcId"],
            target_type=params.get("TargetType", "instance"),
            attributes=attributes.defaults(attributes.GROUP),
            tags=read_tags(params.get("Tags"), "TooManyTags"),
        )
        check.apply(group)
        for existing in self._store.groups.values():
            if existing.name == name:
                return {"TargetGroups": [self._repeated(existing, group)]}
        if len(self._store.groups) >= GROUPS_MAX:
            message = f"The maximum number of target groups is {GROUPS_MAX}: delete one"
            raise ApiError("TooManyTargetGroups", message)
        self._store.groups[group.arn] = group
        return {"TargetGroups": [describe_group(self._store, group)]}

    async def modify_target_group(self, params: Document) -> Document:
        group = find_group(self._store, params["TargetGroupArn"])
        read_check(params, HealthCheck.of(group)).apply(group)
        self._context.signals.group_changed(group.arn)
        return {"TargetGroups": [describe_group(self._store, group)]}

    async def describe_target_groups(self, params: Document) -> Document:
        arns, names = params.get("TargetGroupArns"), params.get("Names")
        balancer = params.get("LoadBalancerArn")
        if sum(map(bool, (arns, names, balancer))) > 1:
            raise errors.validation_error(
                "Target group names, target group ARNs, and a load balancer ARN cannot be "
                "specified at the same time"
            )
        if balancer:
            find_balancer(self._store, balancer)
        groups = [
            g
            for g in self._store.groups.values()
            if (not arns or g.arn in arns)
            and (not names or g.name in names)
            and (not balancer or balancer in balancers_of(self._store, g))
        ]
        if len(groups) < len(set(arns or names or ())):
            raise errors.group_not_found()
        found, marker = page(
            groups,
            lambda g: (g.arn,),
            params.get("PageSize", PAGE_SIZE),
            params.get("Marker"),
            error_code="ValidationError",
        )
        documents = [describe_group(self._store, g) for g in found]
        return with_token({"TargetGroups": documents}, "NextMarker", marker)

    async def delete_target_group(self, params: Document) -> Document:
        """Delete it, unless a rule uses it. One that is not there counts as deleted."""
        group = self._store.groups.get(params["TargetGroupArn"])
        if group is None:
            return {}
        if balancers_of(self._store, group):
            message = f"Target group '{group.arn}' is currently in use by a listener or a rule"
            raise ApiError("ResourceInUse", message)
        del self._store.groups[group.arn]
        self._context.signals.group_changed(group.arn)
        return {}

    async def describe_target_group_attributes(self, params: Document) -> Document:
        return attributes.describe(find_group(self._store, params["TargetGroupArn"]).attributes)

    async def modify_target_group_attributes(self, params: Document) -> Document:
        group = find_group(self._store, params["TargetGroupArn"])
        merged = attributes.merge(
            attributes.GROUP, group.attributes, params["Attributes"], "Target group"
        )
        attributes.check_group(merged)
        group.attributes = merged
        self._context.signals.group_changed(group.arn)
        for arn in balancers_of(self._store, group):
            self._context.signals.balancer_changed(arn)
        return attributes.describe(merged)

    def _repeated(self, existing: TargetGroup, asked: TargetGroup) -> Document:
        if _settings(existing) != _settings(asked):
            message = (
                f"A target group with the same name '{existing.name}' exists, "
                "but with different settings"
            )
            raise ApiError("DuplicateTargetGroupName", message)
        return describe_group(self._store, existing)


def _settings(group: TargetGroup) -> tuple[object, ...]:
    """What makes a target group that is asked for again the same one, as it is set now."""
    return group.protocol, group.port, group.vpc, group.target_type, HealthCheck.of(group)


def _check_built(params: Document) -> None:
    target_type = params.get("TargetType", "instance")
    if target_type not in ("ip", "instance"):
        raise errors.unsupported_error(f"Target type {target_type}", "use ip")
    for name, what in (("Protocol", "protocol"), ("Port", "port"), ("VpcId", "VPC ID")):
        if name not in params:
            raise errors.validation_error(f"A {what} must be specified")
    if params["Protocol"] not in ("HTTP", "HTTPS"):
        raise errors.unsupported_error(f"Target group protocol {params['Protocol']}", "use HTTP")
    version = params.get("ProtocolVersion") or "HTTP1"  # Terraform's provider sends it empty
    if version != "HTTP1":
        raise errors.unsupported_error(f"Target group protocol version {version}", "use HTTP1")
    if params.get("IpAddressType", "ipv4") != "ipv4":
        raise errors.unsupported_error("IP address type ipv6", "use ipv4")

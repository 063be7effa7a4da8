"""The rules of security groups: authorized, revoked, changed, listed."""

from dataclasses import replace

from infra.local.api.context import Context
from infra.local.api.ec2 import errors
from infra.local.api.ec2.documents import describe_revoked, describe_rule
from infra.local.api.ec2.filters import matches, rule_facts
from infra.local.api.ec2.groups import check_dry_run, read_specified
from infra.local.api.ec2.lookup import find_group, group_by_id, new_rule
from infra.local.api.ec2.permissions import ports_of, read_permissions, rule_of
from infra.local.api.errors import ApiError
from infra.local.api.pagination import page, with_token
from infra.local.securitygroups import GroupRule, SecurityGroup
from infra.local.store import Document
from infra.network.model import Rule

RULES_MAX = 60  # EC2's default per group and direction
PAGE_SIZE = 1_000


class SecurityGroupRules:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def authorize_security_group_ingress(self, params: Document) -> Document:
        """Add rules: all or, if one is there already, none."""
        return self._authorize(params, egress=False)

    async def authorize_security_group_egress(self, params: Document) -> Document:
        """Add rules: all or, if one is there already, none."""
        return self._authorize(params, egress=True)

    async def revoke_security_group_ingress(self, params: Document) -> Document:
        """Take rules away, named by their ids or by what they allow: all or none."""
        return self._revoke(params, egress=False)

    async def revoke_security_group_egress(self, params: Document) -> Document:
        """Take rules away, named by their ids or by what they allow: all or none."""
        return self._revoke(params, egress=True)

    async def modify_security_group_rules(self, params: Document) -> Document:
        """Give rules another content; their ids and directions stay."""
        group = group_by_id(self._store, params["GroupId"])
        changed: dict[str, GroupRule] = {}
        for update in params["SecurityGroupRules"]:
            rule = _rule_by_id(group, update["SecurityGroupRuleId"])
            given = update.get("SecurityGroupRule", {})
            allows = rule_of(self._store, given)
            others = [r for r in group.rules.values() if r.id != rule.id]
            _check_new([*others, *changed.values()], allows, egress=rule.egress)
            changed[rule.id] = replace(
                rule, allows=allows, description=given.get("Description", rule.description)
            )
        check_dry_run(params)
        group.rules |= changed
        self._context.signals.security_changed()
        return {"Return": True}

    async def describe_security_group_rules(self, params: Document) -> Document:
        """Rules by id and filters (group-id, tags)."""
        filters = params.get("Filters", [])
        wanted = set(params.get("SecurityGroupRuleIds", ()))
        rules = [
            (group, rule)
            for group in self._store.security_groups.values()
            for rule in group.rules.values()
            if not wanted or rule.id in wanted
        ]
        for lost in sorted(wanted - {rule.id for _, rule in rules}):
            raise errors.rule_not_found(lost)
        found, token = page(
            [(g, r) for g, r in rules if matches(filters, rule_facts(g, r), r.tags)],
            lambda pair: (pair[1].id,),
            params.get("MaxResults", PAGE_SIZE),
            params.get("NextToken"),
            error_code="InvalidParameterValue",
        )
        documents = [describe_rule(self._store, group, rule) for group, rule in found]
        return with_token({"SecurityGroupRules": documents}, "NextToken", token)

    def _authorize(self, params: Document, *, egress: bool) -> Document:
        group = find_group(self._store, params)
        tags = read_specified(params, "security-group-rule")
        made: list[GroupRule] = []
        for allows, description in read_permissions(self._store, group, params):
            _check_new([*group.rules.values(), *made], allows, egress=egress)
            made.append(new_rule(allows, egress=egress, description=description, tags=dict(tags)))
        same = [r for r in group.rules.values() if r.egress is egress]
        if len(same) + len(made) > RULES_MAX:
            message = f"The maximum number of rules per security group is {RULES_MAX}"
            raise ApiError("RulesPerSecurityGroupLimitExceeded", message)
        check_dry_run(params)
        group.rules |= {rule.id: rule for rule in made}
        self._context.signals.security_changed()
        documents = [describe_rule(self._store, group, rule) for rule in made]
        return {"Return": True, "SecurityGroupRules": documents}

    def _revoke(self, params: Document, *, egress: bool) -> Document:
        group = find_group(self._store, params)
        if ids := params.get("SecurityGroupRuleIds"):
            gone = [_rule_by_id(group, rule_id) for rule_id in dict.fromkeys(ids)]
        else:
            wanted = read_permissions(self._store, group, params)
            gone = [_rule_like(group, allows, egress=egress) for allows, _ in wanted]
        for rule in gone:
            if rule.egress is not egress:
                raise errors.rule_not_found(rule.id)
        check_dry_run(params)
        for rule in gone:
            group.rules.pop(rule.id, None)
        self._context.signals.security_changed()
        documents = [describe_revoked(self._store, group, rule) for rule in gone]
        return {"Return": True, "RevokedSecurityGroupRules": documents}


def _rule_by_id(group: SecurityGroup, rule_id: str) -> GroupRule:
    if rule_id not in group.rules:
        raise errors.rule_not_found(rule_id)
    return group.rules[rule_id]


def _rule_like(group: SecurityGroup, allows: Rule, *, egress: bool) -> GroupRule:
    for rule in group.rules.values():
        if rule.egress is egress and rule.allows == allows:
            return rule
    message = "The specified rule does not exist in this security group."
    raise ApiError("InvalidPermission.NotFound", message)


def _check_new(rules: list[GroupRule], allows: Rule, *, egress: bool) -> None:
    if any(rule.egress is egress and rule.allows == allows for rule in rules):
        first, last = ports_of(allows)
        peer = allows.cidr or allows.group or allows.prefix_list
        raise ApiError(
            "InvalidPermission.Duplicate",
            f'the specified rule "peer: {peer}, {allows.protocol.upper()}, from port: {first}, '
            f'to port: {last}, ALLOW" already exists',
        )

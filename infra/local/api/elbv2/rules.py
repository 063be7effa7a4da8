"""Rules of listeners and their priorities."""

from infra.local.api.context import Context
from infra.local.api.elbv2 import errors
from infra.local.api.elbv2.actions import read_actions
from infra.local.api.elbv2.conditions import read_conditions
from infra.local.api.elbv2.documents import describe_rule
from infra.local.api.elbv2.lookup import PAGE_SIZE, find_listener, find_rule
from infra.local.api.elbv2.naming import new_rule_arn
from infra.local.api.elbv2.routing import check_rule
from infra.local.api.elbv2.usage import groups_of_rules
from infra.local.api.errors import ApiError
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import read_tags
from infra.local.store import Document, Listener, Rule

RULES_MAX = 100  # of a load balancer, without its listeners' default rules
PRIORITY_MAX = 50_000


class Rules:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create_rule(self, params: Document) -> Document:
        listener = find_listener(self._store, params["ListenerArn"])
        priority = params["Priority"]
        if any(rule.priority == priority for rule in listener.rules):
            raise _in_use(priority)
        self._check_count(listener)
        _check_transforms(params)
        conditions = read_conditions(params["Conditions"])
        actions = read_actions(self._store, params["Actions"], listener.protocol)
        check_rule(self._store, listener.load_balancer, conditions, actions)
        tags = read_tags(params.get("Tags"), "TooManyTags")
        rule = Rule(new_rule_arn(listener), priority, conditions, actions, tags)
        listener.rules.append(rule)
        self._changed(listener, groups_of_rules([rule]))
        return {"Rules": [describe_rule(rule)]}

    async def modify_rule(self, params: Document) -> Document:
        listener, rule = find_rule(self._store, params["RuleArn"])
        _check_transforms(params)
        if rule.priority is None:
            message = f"Default rule '{rule.arn}' cannot be modified: modify its listener"
            raise ApiError("OperationNotPermitted", message)
        if not params.get("Conditions") and not params.get("Actions"):
            raise errors.validation_error("Either conditions or actions must be specified")
        conditions, actions = rule.conditions, rule.actions
        if params.get("Conditions"):
            conditions = read_conditions(params["Conditions"])
        if params.get("Actions"):
            actions = read_actions(self._store, params["Actions"], listener.protocol)
        check_rule(self._store, listener.load_balancer, conditions, actions)
        before = groups_of_rules([rule])
        rule.conditions, rule.actions = conditions, actions
        self._changed(listener, before | groups_of_rules([rule]))
        return {"Rules": [describe_rule(rule)]}

    async def describe_rules(self, params: Document) -> Document:
        """A listener's rules by priority, the default last; or rules by ARN."""
        if "ListenerArn" in params and params.get("RuleArns"):
            raise errors.validation_error(
                "Listener rule ARNs and a listener ARN cannot be specified at the same time"
            )
        if "ListenerArn" in params:
            rules = find_listener(self._store, params["ListenerArn"]).rules
        elif params.get("RuleArns"):
            rules = [find_rule(self._store, arn)[1] for arn in set(params["RuleArns"])]
        else:
            raise errors.validation_error(
                "You must specify either listener rule ARNs or a listener ARN"
            )
        found, marker = page(
            rules,
            lambda rule: (rule.priority or PRIORITY_MAX + 1, rule.arn),
            params.get("PageSize", PAGE_SIZE),
            params.get("Marker"),
            error_code="ValidationError",
        )
        return with_token({"Rules": [describe_rule(r) for r in found]}, "NextMarker", marker)

    async def delete_rule(self, params: Document) -> Document:
        listener, rule = find_rule(self._store, params["RuleArn"])
        if rule.priority is None:
            message = f"Default rule '{rule.arn}' cannot be deleted"
            raise ApiError("OperationNotPermitted", message)
        listener.rules.remove(rule)
        self._changed(listener, groups_of_rules([rule]))
        return {}

    async def set_rule_priorities(self, params: Document) -> Document:
        """Give several rules of one listener new priorities at once: all or none."""
        pairs = [
            (find_rule(self._store, p["RuleArn"]), p["Priority"]) for p in params["RulePriorities"]
        ]
        if not pairs:
            raise errors.validation_error("At least one rule priority must be specified")
        listener = pairs[0][0][0]
        wanted = {rule.arn: priority for (_, rule), priority in pairs}
        _check_unique([priority for _, priority in pairs])
        if any(other is not listener or rule.priority is None for (other, rule), _ in pairs):
            message = (
                "Priorities can be set for rules of one listener, and not for the default rule"
            )
            raise ApiError("OperationNotPermitted", message)
        after = [wanted.get(rule.arn, rule.priority) for rule in listener.rules]
        for priority in after:
            if priority is not None and after.count(priority) > 1:
                raise _in_use(priority)
        for (_, rule), _ in pairs:
            rule.priority = wanted[rule.arn]
        self._changed(listener, set())
        return {"Rules": [describe_rule(rule) for (_, rule), _ in pairs]}

    def _check_count(self, listener: Listener) -> None:
        balancer = self._store.balancers[listener.load_balancer]
        rules = [r for x in self._store.listeners_of(balancer) for r in x.rules]
        if sum(rule.priority is not None for rule in rules) >= RULES_MAX:
            message = "The maximum number of rules has been reached on load balancer"
            raise ApiError("TooManyRules", f"{message} '{balancer.arn}'")

    def _changed(self, listener: Listener, groups: set[str]) -> None:
        self._context.signals.balancer_changed(listener.load_balancer)
        for arn in sorted(groups):
            self._context.signals.group_changed(arn)


def _check_unique(priorities: list[int]) -> None:
    for priority in priorities:
        if priorities.count(priority) > 1:
            raise errors.validation_error(f"Priority '{priority}' was provided multiple times")


def _in_use(priority: int) -> ApiError:
    return ApiError("PriorityInUse", f"Priority '{priority}' is currently in use")


def _check_transforms(params: Document) -> None:
    if params.get("Transforms"):
        raise errors.unsupported_error("A rule transform", "leave Transforms out")

"""DescribeAccountLimits: the quotas that are enforced here."""

from infra.local.api.context import Context
from infra.local.api.elbv2 import actions, balancers, conditions, groups, listeners, routing, rules
from infra.local.api.elbv2.security import CERTIFICATES_MAX
from infra.local.api.elbv2.targets import TARGETS_MAX
from infra.local.store import Document

LIMITS = {
    "application-load-balancers": balancers.BALANCERS_MAX,
    "certificates-per-application-load-balancer": CERTIFICATES_MAX,
    "condition-values-per-alb-rule": conditions.VALUES_MAX,
    "condition-wildcards-per-alb-rule": conditions.WILDCARDS_MAX,
    "listeners-per-application-load-balancer": listeners.LISTENERS_MAX,
    "rules-per-application-load-balancer": rules.RULES_MAX,
    "target-groups": groups.GROUPS_MAX,
    "target-groups-per-action-on-application-load-balancer": actions.GROUPS_MAX,
    "target-groups-per-application-load-balancer": routing.GROUPS_MAX,
    "targets-per-application-load-balancer": TARGETS_MAX,
}


class AccountLimits:
    def __init__(self, context: Context) -> None:
        """The quotas are the same in every plane."""

    async def describe_account_limits(self, params: Document) -> Document:
        """The limits that are enforced here, by AWS's names, at AWS's defaults."""
        return {"Limits": [{"Name": name, "Max": str(most)} for name, most in LIMITS.items()]}

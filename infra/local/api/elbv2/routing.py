"""What a rule must be for the proxy, and for the load balancer that it belongs to."""

from collections.abc import Sequence

from infra.local.api.elbv2 import errors
from infra.local.api.elbv2.usage import balancers_of, groups_of_listeners
from infra.local.api.errors import ApiError
from infra.local.balancing.rules import UnsupportedRuleError, groups_of, parse
from infra.local.store import Document, Store

GROUPS_MAX = 100  # of one load balancer, over all its rules


def check_rule(
    store: Store, balancer: str, conditions: Sequence[Document], actions: Sequence[Document]
) -> None:
    """Refuse what the proxy cannot do, and target groups that another load balancer uses.

    `balancer` is an ARN. A target group belongs to one load balancer at a time.
    """
    try:
        parse(conditions, actions, lambda arn: arn, lambda port: port)
    except UnsupportedRuleError as error:
        raise errors.validation_error(f"Not built in the local Fargate: {error}") from error
    except ValueError as error:
        raise errors.validation_error(f"Invalid rule: {error}") from error
    wanted = groups_of(actions)
    for arn in wanted:
        if set(balancers_of(store, store.groups[arn])) - {balancer}:
            raise ApiError(
                "TargetGroupAssociationLimit",
                "The following target groups cannot be associated with more than one load "
                f"balancer: {arn}",
            )
    used = groups_of_listeners(x for x in store.listeners.values() if x.load_balancer == balancer)
    if len(used | set(wanted)) > GROUPS_MAX:
        message = f"Load balancer '{balancer}' can use at most {GROUPS_MAX} target groups"
        raise ApiError("TooManyUniqueTargetGroupsPerLoadBalancer", message)

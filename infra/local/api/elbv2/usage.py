"""Which load balancers use a target group: derived from the rules, stored nowhere."""

from collections.abc import Iterable

from infra.local.balancing.rules import groups_of
from infra.local.store import Listener, Rule, Store, TargetGroup


def balancers_of(store: Store, group: TargetGroup) -> list[str]:
    """The ARNs of the load balancers with a rule that forwards to the group, in order."""
    return sorted(
        {
            listener.load_balancer
            for listener in store.listeners.values()
            if group.arn in groups_of_rules(listener.rules)
        }
    )


def groups_of_rules(rules: Iterable[Rule]) -> set[str]:
    """The ARNs of the target groups that the rules forward to."""
    return {arn for rule in rules for arn in groups_of(rule.actions)}


def groups_of_listeners(listeners: Iterable[Listener]) -> set[str]:
    return {arn for listener in listeners for arn in groups_of_rules(listener.rules)}

"""Finding ELB's things by ARN, or the errors that ELB gives."""

from infra.local.api.elbv2 import errors
from infra.local.store import Listener, LoadBalancer, Rule, Store, TargetGroup

PAGE_SIZE = 400


def find_balancer(store: Store, arn: str) -> LoadBalancer:
    if arn not in store.balancers:
        raise errors.balancer_not_found()
    return store.balancers[arn]


def find_group(store: Store, arn: str) -> TargetGroup:
    if arn not in store.groups:
        raise errors.group_not_found()
    return store.groups[arn]


def find_listener(store: Store, arn: str) -> Listener:
    if arn not in store.listeners:
        raise errors.listener_not_found()
    return store.listeners[arn]


def find_rule(store: Store, arn: str) -> tuple[Listener, Rule]:
    """The rule and the listener that it belongs to."""
    for listener in store.listeners.values():
        for rule in listener.rules:
            if rule.arn == arn:
                return listener, rule
    raise errors.rule_not_found()

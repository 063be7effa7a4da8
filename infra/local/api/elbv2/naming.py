"""Names of load balancers and target groups, and the ARNs made of them."""

import re

from infra.local.api.elbv2 import errors
from infra.local.api.identifiers import hexadecimal
from infra.local.store import Listener, LoadBalancer, Store

NAME_MAX = 32
_NAME = re.compile(r"[A-Za-z0-9-]+")


def check_name(name: str, what: str) -> str:
    """Refuse a name that ELB does not take, in ELB's words. `what` starts the sentence."""
    if len(name) > NAME_MAX:
        raise errors.validation_error(
            f"{what} name '{name}' cannot be longer than '{NAME_MAX}' characters"
        )
    if not _NAME.fullmatch(name):
        raise errors.validation_error(
            f"{what} name '{name}' can only contain characters that are alphanumeric characters "
            "or hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise errors.validation_error(f"{what} name '{name}' cannot begin or end with a hyphen(-)")
    return name


def new_balancer_arn(store: Store, name: str) -> str:
    return store.arn("elasticloadbalancing", f"loadbalancer/app/{name}/{hexadecimal(16)}")


def new_group_arn(store: Store, name: str) -> str:
    return store.arn("elasticloadbalancing", f"targetgroup/{name}/{hexadecimal(16)}")


def new_listener_arn(balancer: LoadBalancer) -> str:
    return f"{balancer.arn.replace(':loadbalancer/', ':listener/')}/{hexadecimal(16)}"


def new_rule_arn(listener: Listener) -> str:
    return f"{listener.arn.replace(':listener/', ':listener-rule/')}/{hexadecimal(16)}"

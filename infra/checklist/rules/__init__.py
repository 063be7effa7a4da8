"""All rules, in the order in which they are told."""

from infra.checklist.rule import Rule
from infra.checklist.rules import (
    balancing,
    connect,
    deployment,
    edge,
    endpoints,
    groups,
    lifecycle,
    network,
    security,
)

MODULES = (
    network, balancing, groups, lifecycle, endpoints, connect, deployment, security, edge
)  # fmt: skip
RULES: tuple[Rule, ...] = tuple(
    value for module in MODULES for value in vars(module).values() if isinstance(value, Rule)
)

"""Facts from Terraform's resources: which resource becomes which fact is the table MAKERS.

The modules beside it read one family of resources each.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from infra.checklist import tfbalancing, tfecs, tfgroups, tfnetwork
from infra.checklist.documents import Resource
from infra.checklist.facts import Facts, Permission
from infra.checklist.known import Values

Maker = Callable[[Values], Any]

MAKERS: dict[str, tuple[str, Maker]] = {
    "aws_ecs_service": ("services", tfecs.service),
    "aws_ecs_task_definition": ("task_definitions", tfecs.task_definition),
    "aws_ecs_cluster": ("clusters", tfecs.cluster),
    "aws_appautoscaling_target": ("scalable_targets", tfecs.scalable_target),
    "aws_ecr_repository": ("repositories", tfecs.repository),
    "aws_service_discovery_http_namespace": ("namespaces", tfecs.namespace),
    "aws_service_discovery_private_dns_namespace": ("namespaces", tfecs.namespace),
    "aws_service_discovery_public_dns_namespace": ("namespaces", tfecs.namespace),
    "aws_lb": ("load_balancers", tfbalancing.load_balancer),
    "aws_alb": ("load_balancers", tfbalancing.load_balancer),
    "aws_lb_target_group": ("target_groups", tfbalancing.target_group),
    "aws_alb_target_group": ("target_groups", tfbalancing.target_group),
    "aws_lb_listener": ("listeners", tfbalancing.listener),
    "aws_alb_listener": ("listeners", tfbalancing.listener),
    "aws_lb_listener_rule": ("listener_rules", tfbalancing.listener_rule),
    "aws_alb_listener_rule": ("listener_rules", tfbalancing.listener_rule),
    "aws_lb_target_group_attachment": ("attachments", tfbalancing.attachment),
    "aws_wafv2_web_acl_association": ("web_acls", tfbalancing.web_acl),
    "aws_security_group": ("groups", tfgroups.group),
    "aws_default_security_group": ("groups", tfgroups.group),
    "aws_vpc_security_group_ingress_rule": ("permissions", tfgroups.ingress_rule),
    "aws_vpc_security_group_egress_rule": ("permissions", tfgroups.egress_rule),
    "aws_subnet": ("subnets", tfnetwork.subnet),
    "aws_default_subnet": ("subnets", tfnetwork.subnet),
    "aws_nat_gateway": ("nats", tfnetwork.nat),
    "aws_vpc": ("vpcs", tfnetwork.vpc),
    "aws_default_vpc": ("vpcs", tfnetwork.vpc),
}


def facts_of(resources: Sequence[Resource], source: str) -> Facts:
    """The facts of all resources. Of a plan, what is known only after apply is unknown."""
    by_type: dict[str, list[Values]] = {}
    for one in resources:
        values = Values(one.at, one.values, exact=True, later=one.later)
        by_type.setdefault(one.type, []).append(values)
    found: dict[str, list[Any]] = {}
    for kind, (name, make) in MAKERS.items():
        found.setdefault(name, []).extend(make(values) for values in by_type.get(kind, ()))
    found["permissions"] = _all_permissions(by_type, found["permissions"])
    found["route_tables"] = tfnetwork.route_tables(by_type)
    found["endpoints"] = tfnetwork.endpoints(by_type)
    found["roles"] = tfecs.roles(by_type)
    found["integrations"] = tfbalancing.integrations(by_type)
    needs = {one.at: one.depends_on for one in resources if one.depends_on is not None}
    records: dict[str, Any] = {name: tuple(made) for name, made in found.items()}
    return Facts(source, **records, needs=needs)


def _all_permissions(
    by_type: dict[str, list[Values]], single: Iterable[Permission]
) -> list[Permission]:
    """Rules of their own, and inline ones that are not the same again.

    A refreshed state repeats in a group's own attributes the rules that stand beside it.
    """
    old = (tfgroups.old_rules(v) for v in by_type.get("aws_security_group_rule", ()))
    inline = (tfgroups.inline(v) for t in tfgroups.GROUPS for v in by_type.get(t, ()))
    found: list[Permission] = []
    seen: set[object] = set()
    for one in chain(single, chain.from_iterable(old), chain.from_iterable(inline)):
        key = tfgroups.identity(one)
        if key is None or key not in seen:
            found.append(one)
            seen.add(key)
    return found

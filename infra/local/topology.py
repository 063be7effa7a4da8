"""The plane's records as a VPC: tasks and load balancers with their interfaces and groups.

The plane knows no VPC. So a rule for a private CIDR block that this machine does not have (the
10.0.0.0/16 of somebody's Terraform, say) stands for the whole VPC; a block that lies in the
network given as `vpc` is meant as it is written, and so is any public one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from infra.local.scheduler.model import TaskStatus
from infra.local.store import LoadBalancer, Store, Task
from infra.network.model import Interface, Rule, SecurityGroup, Topology
from infra.network.permits import OPEN, Permit, block, permits

# RFC 1918 and RFC 6598: what a VPC may have
PRIVATE = tuple(
    IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


def topology(store: Store, edge: Sequence[str], vpc: str) -> Topology:
    """Everything that has an address now.

    `edge` are the addresses from which load balancers speak, `vpc` is the network of tasks.
    """
    tasks = (task_interface(task) for task in store.tasks.values() if is_placed(task))
    nodes = (node for b in store.balancers.values() for node in balancer_interfaces(b, edge))
    return of(store, (*tasks, *nodes), edge, vpc)


def of(store: Store, interfaces: Sequence[Interface], edge: Sequence[str], vpc: str) -> Topology:
    """A topology of these interfaces alone: whether two reach each other is no third's matter."""
    blocks = tuple(dict.fromkeys((vpc, *(block(address) for address in edge))))
    groups = {group.id: _placed(group.frozen(), blocks) for group in store.security_groups.values()}
    return Topology(interfaces=tuple(interfaces), groups=groups)


def task_permits(
    store: Store, task: Task, edge: Sequence[str], vpc: str
) -> tuple[Permit, ...] | None:
    """What an iptables chain of the task's network lets in, IPv4 only; None: everything."""
    place = topology(store, edge, vpc)
    found = permits(place, task_interface(task))
    return None if found == OPEN else tuple(p for p in found if ":" not in p.cidr)


def is_placed(task: Task) -> bool:
    return task.address is not None and task.status is not TaskStatus.STOPPED


def task_interface(task: Task) -> Interface:
    """The interface of a task that has an address."""
    return Interface(task.interface, task.address or "0.0.0.0", task.security_groups)


def balancer_interfaces(balancer: LoadBalancer, edge: Iterable[str]) -> tuple[Interface, ...]:
    """A load balancer has one interface per address that it speaks from."""
    groups = tuple(balancer.security_groups)
    return tuple(Interface(f"eni-{balancer.name}-{a}", a, groups) for a in edge)


def _placed(group: SecurityGroup, blocks: Sequence[str]) -> SecurityGroup:
    """The group with every private block that is not here read as the whole VPC."""
    return SecurityGroup(
        group.id,
        tuple(r for rule in group.ingress for r in _here(rule, blocks)),
        tuple(r for rule in group.egress for r in _here(rule, blocks)),
    )


def _here(rule: Rule, blocks: Sequence[str]) -> Iterator[Rule]:
    if rule.cidr is None or ":" in rule.cidr or not _is_elsewhere(IPv4Network(rule.cidr), blocks):
        yield rule
        return
    for one in blocks:
        yield replace(rule, cidr=one)


def _is_elsewhere(network: IPv4Network, blocks: Sequence[str]) -> bool:
    private = any(network.subnet_of(p) for p in PRIVATE)
    return private and not any(network.overlaps(IPv4Network(b)) for b in blocks)

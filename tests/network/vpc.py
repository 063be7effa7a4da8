"""Records of a small VPC: groups with their rules, tasks with their interfaces."""

from infra.local.scheduler.model import TaskStatus
from infra.local.securitygroups import GroupRule, SecurityGroup
from infra.local.store import LoadBalancer, Store, Task
from infra.network.model import Rule

EDGE = ("127.0.0.1",)
VPC = "127.64.0.0/16"


def group(group_id: str, *ingress: Rule) -> SecurityGroup:
    """A group with these rules, and the one that lets everything out."""
    rules = {f"sgr-{n}": GroupRule(f"sgr-{n}", False, rule) for n, rule in enumerate(ingress)}
    everything = GroupRule("sgr-out", True, Rule("-1", cidr="0.0.0.0/0"))
    return SecurityGroup(group_id, group_id, "vpc-1", "d", {**rules, "sgr-out": everything})


def task(store: Store, number: int, *groups: str, status: TaskStatus = TaskStatus.RUNNING) -> Task:
    made = Task(
        id=f"t{number}",
        arn=f"arn:t{number}",
        cluster="arn:c",
        task_definition="arn:d",
        zone="eu-central-1a",
        created_ms=0,
        since_ms=0,
        status=status,
        address=f"127.64.10.{number}",
        interface=f"eni-{number}",
        security_groups=groups,
    )
    store.tasks[made.arn] = made
    return made


def records(*groups: SecurityGroup) -> Store:
    """A store with the groups and a load balancer that carries sg-alb."""
    store = Store("eu-central-1", security_groups={g.id: g for g in groups})
    store.balancers["arn:alb"] = LoadBalancer(
        "alb", "arn:alb", "alb.localhost", "internal", 0, [], ["sg-alb"], []
    )
    return store

"""A release brings its own security group. Does that let the load balancer in, as the old one did?

The new group has the rules of the service's groups, and other groups' rules that name those name it
as well, so that the new tasks may do all that the old ones may. The broken variant leaves out the
rules for the load balancer's groups: its packets are dropped, no target gets healthy, and the
release hangs, or the circuit breaker ends it. Callers by Service Connect get through all the same.
"""

from dataclasses import replace

from chaos.causes import Cause
from chaos.checks.breaker import BACK, TRIPS
from chaos.checks.offer import OFFER
from chaos.checks.orders import ORDERS
from chaos.checks.requests import REQUESTS
from chaos.checks.security import REACHED, SEEN, lets_in
from chaos.checks.targets import CAPACITY
from chaos.checks.truth import TRUTH
from chaos.deploying import deploy, plan_deploy
from chaos.drill import Act, Drill, Stage, Variant
from chaos.drills.faulty import LIMITS, LOAD, PROBES, SERVICES
from chaos.entries import GroupSeen, RuleSeen, SecuritySeen
from chaos.errors import TargetError
from chaos.run import ServiceSetup
from chaos.settings import view_of
from chaos.settling import ended
from chaos.target import Network, Revision
from chaos.undo import Undo


def deploying(*, whole: bool) -> Act:
    """Deploy a revision whose tasks have a group of their own; `whole`: with every rule."""
    lack = "" if whole else " but those for the load balancer's groups"

    def plan(setups: tuple[ServiceSetup, ...]) -> tuple[str, ...]:
        made = (
            f"CreateSecurityGroup with the rules of {setup.name}'s{lack} (deleted at the end)"
            for setup in setups
        )
        again = (f"{line} with that group" for line in plan_deploy(setups, Revision(marker="")))
        return (*made, *again)

    def carry_out(stage: Stage) -> None:
        for setup in stage.subjects:
            _deploy(stage, setup, whole=whole)

    return Act("deploy with a new security group", plan, carry_out, changes_settings=True)


def _deploy(stage: Stage, setup: ServiceSetup, *, whole: bool) -> None:
    network, port = _network(stage, setup.name), _port(stage, setup)
    former = stage.target.security_groups(network.security_groups)
    balancer = stage.target.security_groups(stage.target.balancer_groups())
    rules = twin_rules(former, balancer, port, whole=whole)
    name = f"rehearse-{setup.name}-{stage.marker}"
    text = f"security group {name} deleted, once no task has it"
    stage.undo.register(Undo(text=text, service=setup.name, security_group=name))
    stage.step("security group", f"CreateSecurityGroup {name} with {len(rules)} rules")
    made = stage.target.make_security_group(name, former, rules)
    stage.journal.write(
        SecuritySeen(
            at_ms=stage.clock.now_ms(),
            service=setup.name,
            port=port,
            groups=stage.target.security_groups([made]),
            balancer=stage.target.security_groups([group.id for group in balancer]),
        )
    )
    networks = (network, replace(network, security_groups=(made,)))
    deploy(stage, setup, Revision(marker=stage.marker), networks)


def twin_rules(
    former: tuple[GroupSeen, ...], balancer: tuple[GroupSeen, ...], port: int, *, whole: bool
) -> tuple[RuleSeen, ...]:
    """The rules of the new group. Raises TargetError if the drill cannot break the chain here."""
    peers = [group.id for group in balancer]
    rules = tuple(dict.fromkeys(rule for group in former for rule in group.rules))
    if not former or not balancer:
        raise TargetError("the service or its load balancer has no security group of its own")
    if whole:
        return rules
    left = tuple(rule for rule in rules if rule.egress or rule.peer not in peers)
    if lets_in(left, port, peers):
        open_to = sorted(r.peer for r in left if lets_in([r], port, peers))
        raise TargetError(
            f"the load balancer is let in by a rule for {', '.join(open_to)}, not by its group"
            " alone: the broken variant cannot take that away; run the fixed variant"
        )
    return left


def _network(stage: Stage, service: str) -> Network:
    network = view_of(stage, service).network
    if network is None:
        raise TargetError(f"{service} has no awsvpcConfiguration")
    return network


def _port(stage: Stage, setup: ServiceSetup) -> int:
    """The port that the service's targets have."""
    addresses = [view.address for group in setup.groups for view in stage.target.health(group)]
    if not addresses:
        raise TargetError(f"{setup.name} has no target: nothing stands before its tasks")
    return int(addresses[0].rpartition(":")[2])


SG_CHAIN_BROKEN = Drill(
    name="sg-chain-broken",
    question="Does a release's new security group let the load balancer in?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (deploying(whole=True),),
        Variant.BROKEN: (deploying(whole=False),),
    },
    settled=ended,
    checks=(OFFER, SEEN, REQUESTS, CAPACITY, REACHED, TRIPS, BACK, TRUTH, ORDERS),
    expected=Cause.NO_GROUP_RULE,
    undo="the former revision is deployed again with its groups unless ECS has rolled back; the new"
    " group is deleted once no task has it",
    limits=LIMITS,
    services=SERVICES,
)

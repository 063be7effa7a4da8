"""What sg-chain-broken does to a target, and that all of it is undone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.drill import Stage
from chaos.drills.sg_chain_broken import deploying, twin_rules
from chaos.entries import RevisionMade, SecuritySeen, Step
from chaos.errors import TargetError
from chaos.history import read_history
from chaos.target import Network, ServiceChange
from tests.chaos.builder import definition_arn
from tests.chaos.fake import ALB, APP, IN, OUT, FakeTarget
from tests.chaos.test_stop_acts import fake, make_stage

CALLER = replace(IN, peer="sg-caller")
OWN = Network(subnets=("s-a", "s-b"), security_groups=("sg-app",))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = make_stage(FakeTarget(), tmp_path)
    yield made
    made.journal.close()


@pytest.mark.parametrize(
    ("whole", "rules"), [(True, (CALLER, IN, OUT)), (False, (CALLER, OUT))], ids=["fixed", "broken"]
)
def test_the_release_has_a_group_of_its_own(
    stage: Stage, tmp_path: Path, *, whole: bool, rules: tuple[object, ...]
) -> None:
    deploying(whole=whole).carry_out(stage)
    (update,) = fake(stage).updates
    network = update[1].network
    assert network == replace(OWN, security_groups=("sg-2",))
    assert update == (
        "order-api",
        ServiceChange(task_definition=definition_arn("order-api", 2), network=network),
    )
    history = read_history(tmp_path)
    (seen,) = history.of(SecuritySeen)
    assert (seen.port, seen.balancer) == (8080, (ALB,))
    assert [(g.id, g.name, g.rules) for g in seen.groups] == [
        ("sg-2", "rehearse-order-api-m", rules)
    ]
    (made,) = history.of(RevisionMade)
    assert made.changes == ("securityGroups sg-2",)
    assert [step.name for step in history.of(Step)] == ["security group", "deploy"]


def test_the_service_goes_back_before_its_group_is_deleted(stage: Stage) -> None:
    """The fake refuses to delete a group that a service uses."""
    deploying(whole=False).carry_out(stage)
    assert stage.undo.run(stage.put_back) == ()
    assert fake(stage).network == OWN
    assert set(fake(stage).firewall) == {"sg-alb", "sg-app"}


def test_a_service_that_was_rolled_back_is_left_alone_and_the_group_still_goes(
    stage: Stage,
) -> None:
    deploying(whole=False).carry_out(stage)
    back = ServiceChange(task_definition=definition_arn("order-api", 1), network=OWN)
    fake(stage).update_service("order-api", back)
    stage.undo.run(stage.put_back)
    assert len(fake(stage).updates) == 2
    assert set(fake(stage).firewall) == {"sg-alb", "sg-app"}


@pytest.mark.parametrize("refused", ["CreateSecurityGroup", "RegisterTaskDefinition"])
def test_what_fails_half_way_leaves_nothing(stage: Stage, refused: str) -> None:
    fake(stage).refuse.add(refused)
    with pytest.raises(TargetError):
        deploying(whole=True).carry_out(stage)
    assert stage.undo.run(stage.put_back) == ()
    assert set(fake(stage).firewall) == {"sg-alb", "sg-app"}
    assert fake(stage).updates == []


def test_a_balancer_that_a_block_lets_in_cannot_be_shut_out() -> None:
    wide = replace(APP, rules=(*APP.rules, replace(IN, peer="10.0.0.0/16")))
    assert twin_rules((wide,), (ALB,), 8080, whole=True) == wide.rules
    with pytest.raises(TargetError, match=r"let in by a rule for 10\.0\.0\.0/16"):
        twin_rules((wide,), (ALB,), 8080, whole=False)


def test_rules_of_several_groups_are_one_groups_once() -> None:
    second = replace(APP, id="sg-second", rules=(IN, OUT, replace(IN, from_port=1, to_port=1)))
    rules = twin_rules((APP, second), (ALB,), 8080, whole=False)
    assert rules == (CALLER, OUT)


def test_without_groups_there_is_nothing_to_rehearse() -> None:
    for former, balancer in (((), (ALB,)), ((APP,), ())):
        with pytest.raises(TargetError, match="has no security group"):
            twin_rules(former, balancer, 8080, whole=True)

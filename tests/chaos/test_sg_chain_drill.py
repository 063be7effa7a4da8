"""sg-chain-broken on a real plane, both ways: what it finds, and that nothing of it is left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.causes import Cause
from chaos.drill import Variant
from chaos.drills.sg_chain_broken import SG_CHAIN_BROKEN
from chaos.entries import SecuritySeen
from chaos.history import read_history
from chaos.outcome import Outcome
from chaos.resolve import resolve
from chaos.runner import Order, run_drill
from chaos.suite import judge_folder
from chaos.target import TargetOptions
from tests.plane.up import Up

pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("plane") / "state", scale=10).start()
    yield up
    up.stop()


@pytest.mark.parametrize("variant", list(Variant))
def test_the_missing_rule_is_named_and_the_whole_chain_passes(
    plane: Up, tmp_path: Path, variant: Variant
) -> None:
    ec2 = plane.client("ec2")
    before = {g["GroupId"]: g for g in ec2.describe_security_groups()["SecurityGroups"]}
    target = resolve(TargetOptions(endpoint_url=plane.endpoint))
    run = run_drill(Order(drill=SG_CHAIN_BROKEN, variant=variant), target, tmp_path)
    assert run.undo_failures == ()
    after = {g["GroupId"]: g for g in ec2.describe_security_groups()["SecurityGroups"]}
    assert after == before

    _, verdict = judge_folder(tmp_path)
    (seen,) = read_history(tmp_path).of(SecuritySeen)
    if variant is Variant.FIXED:
        assert (verdict.outcome, verdict.causes) == (Outcome.PASS, ()), verdict.reason
        return
    assert (verdict.outcome, verdict.causes) == (Outcome.FAIL, (Cause.NO_GROUP_RULE,))
    (group,), (alb,) = seen.groups, seen.balancer
    lacks = f"{group.id} ({group.name}) has no ingress rule for tcp 8080 from {alb.id} ({alb.name})"
    assert verdict.reason.startswith(f"{Cause.NO_GROUP_RULE}: {lacks}")

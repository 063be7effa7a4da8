"""What Terraform applied is what the plane has: its state and the plane's answers, fact by fact.

Of the real provider's state, in which every value came back from the plane; `tests/parity` compares
a mocked apply with a plane that `up` filled by itself.
"""

from pathlib import Path

import pytest

from infra.checklist.documents import Kind, load
from infra.checklist.terraform import facts_of
from tests.apply.stage import Stage, said
from tests.parity.exempt import NOT_ANSWERED
from tests.parity.plain import Plain, differences, plain, unexplained
from tests.parity.worlds import of_endpoint

pytestmark = [pytest.mark.runtime, pytest.mark.terraform]

DELAY = "deregistration_delay.timeout_seconds"


@pytest.fixture(scope="module")
def applied(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Plain:
    """The facts of the state as it is now."""
    done = stage.terraform("show", "-json")
    assert done.returncode == 0, said(done)
    path: Path = tmp_path_factory.mktemp("state") / "state.json"
    path.write_text(done.stdout)
    return plain(facts_of(load(path, Kind.STATE), "state"))


def test_the_state_is_what_the_plane_says(stage: Stage, applied: Plain) -> None:
    assert len(applied) > 250
    found = differences(applied, of_endpoint(stage.up.endpoint))
    assert unexplained(found, NOT_ANSWERED) == {}


def test_what_is_changed_by_hand_is_noticed(stage: Stage, applied: Plain) -> None:
    elb = stage.up.client("elbv2")
    (group,) = elb.describe_target_groups(Names=["order-api"])["TargetGroups"]
    own = {"TargetGroupArn": group["TargetGroupArn"]}
    (before,) = [
        one
        for one in elb.describe_target_group_attributes(**own)["Attributes"]
        if one["Key"] == DELAY
    ]
    elb.modify_target_group_attributes(**own, Attributes=[{"Key": DELAY, "Value": "77"}])
    found = unexplained(differences(applied, of_endpoint(stage.up.endpoint)), NOT_ANSWERED)
    elb.modify_target_group_attributes(**own, Attributes=[before])
    path = "target_groups[order-api].deregistration_delay"
    assert found == {path: (int(before["Value"]), 77)}

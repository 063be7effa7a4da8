"""Every call that AWS would refuse is refused with AWS's code, and leaves nothing behind."""

import pytest

from tests.api.plane import Plane, Switch
from tests.api.refusal import Refusal
from tests.api.refusals_cloudmap import CLOUDMAP
from tests.api.refusals_clusters import CLUSTERS
from tests.api.refusals_definitions import DEFINITIONS
from tests.api.refusals_ecs import ECS
from tests.api.refusals_elb import ELB
from tests.api.refusals_groups import TARGETS
from tests.api.refusals_listeners import LISTENING
from tests.api.refusals_rules import RULES
from tests.api.scene import Scene

TABLES = (ELB, TARGETS, LISTENING, RULES, CLUSTERS, ECS, DEFINITIONS, CLOUDMAP)
ALL = [refusal for rows in TABLES for refusal in rows]


@pytest.fixture(scope="module")
def scene(switch: Switch, url: str) -> Scene:
    """One for all: a refused call leaves nothing behind, or it is a fault."""
    plane = Plane(url)
    switch.app = plane.app()
    return Scene.build(plane)


@pytest.mark.parametrize("refusal", ALL, ids=lambda refusal: refusal.sentence)
def test_it_is_refused(scene: Scene, refusal: Refusal) -> None:
    assert refusal.fault(scene) is None


def test_sentences_are_said_once() -> None:
    assert len({refusal.sentence for refusal in ALL}) == len(ALL)

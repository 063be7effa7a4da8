"""Each planted bug of the API is seen by the row or the story that is there for it."""

from collections.abc import Callable

import pytest

from tests.api import stories_ecs, stories_elb
from tests.api.plane import Plane, Switch
from tests.api.planted_balancing import BALANCING
from tests.api.planted_bugs import OTHERS, PlantedBug
from tests.api.planting import planted
from tests.api.scene import Scene
from tests.api.test_api_refusals import ALL

BUGS = (*BALANCING, *OTHERS)
REFUSALS = {refusal.sentence: refusal for refusal in ALL}
STORIES = {s.__name__: s for s in (*stories_elb.STORIES, *stories_ecs.STORIES)}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_planted_bug_is_caught(switch: Switch, url: str, bug: PlantedBug) -> None:
    with planted(bug.module, bug.text, bug.instead) as build:
        plane = Plane(url)
        switch.app = plane.app(build=build)
        assert sees(bug.seen_by, lambda: Scene.build(plane)), f"{bug.seen_by} does not see it"


def sees(name: str, scene: Callable[[], Scene]) -> bool:
    """Whether the row or story fails. On the real API it does not: other tests say so."""
    if name in REFUSALS:
        return REFUSALS[name].fault(scene()) is not None
    try:
        STORIES[name](scene())
    except Exception:  # noqa: BLE001 - a mutant may fail in any way
        return True
    return False


def test_bugs_have_names_of_their_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 25

"""What the API does when it does not refuse: defaults, idempotency, and what is remembered."""

from collections.abc import Callable

import pytest

from tests.api import stories_ecs, stories_elb
from tests.api.plane import Plane
from tests.api.scene import Scene


@pytest.mark.parametrize(
    "story", [*stories_elb.STORIES, *stories_ecs.STORIES], ids=lambda story: story.__name__
)
def test_it_happens_so(plane: Plane, story: Callable[[Scene], None]) -> None:
    story(Scene.build(plane))

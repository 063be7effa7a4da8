"""One story, told to AWS's API, in processes and in containers: a client sees no difference."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.settings import DEFAULT
from tests.compose.acceptance import Story
from tests.compose.stack import Images
from tests.plane.up import Up, free_ports

pytestmark = pytest.mark.docker

SCALE = 10
# each state lasts long enough to be polled, and no draw differs between two planes
TEMPO = """
provisioning = [4, 4]
pull = [4, 4]
register = [0, 0]
stop_tick = [4, 4]
stop_old = [4, 4]
replace = [4, 4]
terminate = [4, 4]
complete = [4, 4]
propagation = [0, 0]
throttle = [5, 5]
"""


@pytest.fixture(params=["process", "docker"])
def plane(request: pytest.FixtureRequest, images: Images, tmp_path: Path) -> Iterator[Up]:
    """A plane with no tasks of its own."""
    settings = json.loads(DEFAULT.read_text())
    settings["services"] = {"order-api": settings["services"]["order-api"] | {"desired_count": 0}}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "tempo.toml").write_text(TEMPO)
    more = ["--settings", str(tmp_path / "settings.json"), "--tempo", str(tmp_path / "tempo.toml")]
    if request.param == "docker":
        more += ["--runtime", "docker", "--pull", "never", "--plane-image", images.plane]
    up = Up(tmp_path / "state", *more, scale=SCALE)
    yield up.start()
    assert up.stop() == 0


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What was seen by runtime."""
    return {}


def test_the_story_ends_well_and_is_the_same(plane: Up, told: dict[str, Any]) -> None:
    (port,) = free_ports(1)
    seen = Story(plane, port).tell()
    told["docker" if "docker" in plane.arguments else "process"] = seen
    out = plane.state.parent / "seen.json"
    out.write_text(json.dumps(seen, indent=2))
    print(out)
    for chapter in seen:
        for runtime, other in told.items():
            assert other[chapter] == seen[chapter], f"{chapter}: not as in {runtime}"

"""Parity with a plane that runs: `rehearse up`, asked by the same loader."""

from collections.abc import Iterator

import pytest

from tests.parity.exempt import EXEMPT, NOT_ANSWERED
from tests.parity.plain import Plain, differences, unexplained
from tests.parity.worlds import of_endpoint
from tests.plane.up import Up

pytestmark = pytest.mark.runtime


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    plane = Up(tmp_path_factory.mktemp("plane") / "state").start()
    yield plane
    plane.stop()


def test_a_plane_that_runs_has_what_terraform_would_make(up: Up, states: dict[str, Plain]) -> None:
    found = differences(states["ours"], of_endpoint(up.endpoint))
    assert unexplained(found, (*EXEMPT, *NOT_ANSWERED)) == {}

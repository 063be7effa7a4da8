"""One plane for the tests that leave it as it was, and a maker for those that do not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plane.up import Up, await_gone


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("plane") / "state").start()
    family = up.family()
    yield up
    assert up.stop() == 0
    await_gone(family)


@pytest.fixture
def make_plane(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    made: list[Up] = []

    def make(*more: str, name: str = "state", scale: int = 20) -> Up:
        made.append(Up(tmp_path / name, *more, scale=scale))
        return made[-1]

    yield make
    for up in made:
        if up.process is not None:
            up.stop()

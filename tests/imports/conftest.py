"""A plane's API in this process, and the command as people run it."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.api.plane import Plane, Switch, serving

LIMIT_S = 120
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def switch() -> Iterator[tuple[Switch, str]]:
    """A server whose application each test sets."""
    found = Switch()
    with serving(found) as url:
        yield found, url


@pytest.fixture
def api(switch: tuple[Switch, str]) -> Plane:
    """An empty plane's API; no task runs there."""
    server, url = switch
    plane = Plane(url)
    server.app = plane.app()
    return plane


@pytest.fixture(scope="session")
def rehearse() -> Command:
    """`rehearse` with these words."""

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "rehearse", *words],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    return run

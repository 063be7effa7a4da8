"""Fixtures of the API's tests: real boto3 clients against the app on a loopback port."""

from collections.abc import Iterator

import pytest

from tests.api.plane import Plane, Switch, serving
from tests.api.stack import Stack


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def switch() -> Switch:
    return Switch()


@pytest.fixture(scope="session")
def url(switch: Switch) -> Iterator[str]:
    with serving(switch) as address:
        yield address


@pytest.fixture
def plane(switch: Switch, url: str) -> Plane:
    """A plane with an empty store."""
    made = Plane(url)
    switch.app = made.app()
    return made


@pytest.fixture
def stack(plane: Plane) -> Stack:
    """A plane with a load balancer, a target group in use, a cluster and a task definition."""
    return Stack.build(plane)

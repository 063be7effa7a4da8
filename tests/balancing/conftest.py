"""Fixtures of the load balancer's tests."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

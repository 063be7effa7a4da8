"""What tests of drills share."""

import socket

import pytest


@pytest.fixture
def free_endpoint() -> str:
    """A loopback URL that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"

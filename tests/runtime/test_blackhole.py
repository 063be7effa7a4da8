"""A port that never answers, on Linux without any right."""

import socket
from collections.abc import Iterator

import pytest

from infra.local.runtime.blackhole import Blackhole

ADDRESS = "127.127.10.1"
WAIT_S = 0.05


@pytest.fixture
def hole() -> Iterator[Blackhole]:
    made = Blackhole()
    yield made
    made.close()


def knock(port: int, address: str = ADDRESS) -> str:
    """How a connect to the port ends."""
    try:
        with socket.create_connection((address, port), WAIT_S):
            return "connected"
    except OSError as error:
        return type(error).__name__


def test_no_connect_is_ever_answered(hole: Blackhole) -> None:
    port = hole.port(ADDRESS)
    assert [knock(port) for _ in range(20)] == ["TimeoutError"] * 20


def test_an_address_has_one_port(hole: Blackhole) -> None:
    assert hole.port(ADDRESS) == hole.port(ADDRESS)
    assert knock(hole.port("127.127.10.2"), "127.127.10.2") == "TimeoutError"


def test_what_is_not_kept_is_closed(hole: Blackhole) -> None:
    first, second = hole.port(ADDRESS), hole.port("127.127.10.2")
    hole.keep([ADDRESS])
    assert knock(first) == "TimeoutError"
    assert knock(second, "127.127.10.2") == "ConnectionRefusedError"

import pytest

from infra.local.balancing.routing import routable
from infra.local.scheduler.model import TargetState
from infra.local.store import Target

STATES = {
    "i": TargetState.INITIAL,
    "h": TargetState.HEALTHY,
    "u": TargetState.UNHEALTHY,
    "d": TargetState.DRAINING,
    "x": TargetState.UNUSED,
}
MINIMUM = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"


def routed(letters: str, now_ms: int = 100, propagation_ms: int = 0, **attributes: str) -> str:
    targets = [
        Target("127.0.0.1", n, "a", since_ms=90, registered_ms=0, state=STATES[letter])
        for n, letter in enumerate(letters)
    ]
    named = {f"{MINIMUM}.{name}": value for name, value in attributes.items()}
    chosen = routable(targets, named, now_ms, propagation_ms)
    return "".join(letters[t.port] for t in chosen)


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        pytest.param("hh", "hh", id="healthy targets get requests"),
        pytest.param("hui", "h", id="one healthy target is enough to keep the others out"),
        pytest.param("ui", "ui", id="no healthy target: fail open to all registered ones"),
        pytest.param("hd", "h", id="a draining target gets none"),
        pytest.param("ud", "u", id="nor when the group fails open"),
        pytest.param("d", "", id="a group with draining targets only has none"),
        pytest.param("x", "", id="unused targets get none"),
    ],
)
def test_who_gets_requests(letters: str, expected: str) -> None:
    assert routed(letters) == expected


def test_minimum_count_opens_earlier() -> None:
    assert routed("hhu", count="3") == "hhu"
    assert routed("hhu", count="2") == "hh"


def test_minimum_percentage_rounds_up() -> None:
    assert routed("hhu", percentage="67") == "hhu"
    assert routed("hhu", percentage="66") == "hh"
    assert routed("hhu", percentage="off") == "hh"


def test_draining_target_gets_requests_until_the_nodes_know() -> None:
    assert routed("hd", now_ms=94, propagation_ms=5) == "hd"
    assert routed("hd", now_ms=95, propagation_ms=5) == "h"

"""The list of calls that the documentation gives to a socket proxy is the whole list."""

import re
from pathlib import Path
from typing import Any

import pytest

from infra.local.runtime.docker.calls import CALLS, is_known
from tests.compose.stack import engine_socket
from tests.docker.eavesdropper import eavesdrop
from tests.plane.up import Up

CLUSTER = "rehearsal"
NOT_HERE = {  # a plane in a container does these, or one that has to pull, or a frozen task's
    ("GET", "/networks/{}"),
    ("POST", "/images/create"),
    ("POST", "/containers/{}/unpause"),
}


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("GET", "/v1.41/containers/json?all=1", True),
        ("POST", "/v1.41/containers/abc/start", True),
        ("GET", "/version", True),
        ("GET", "/v1.41/images/registry.example/a/b:1/json", True),
        ("POST", "/v1.41/containers/abc/attach", False),
        ("DELETE", "/v1.41/images/abc", False),
        ("POST", "/v1.41/build?t=x", False),
    ],
)
def test_a_call_is_found_in_the_list(method: str, path: str, known: bool) -> None:
    assert is_known(method, path) is known


@pytest.mark.docker
def test_a_plane_makes_no_call_that_is_not_in_the_list(
    docker_engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole life: up, a deployment, a stop, down."""
    with eavesdrop(tmp_path / "ear.sock", engine_socket()) as ear:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/ear.sock")
        plane = Up(tmp_path / "state", "--runtime", "docker", "--pull", "never")
        plane.start()
        try:
            live(plane)
        finally:
            assert plane.stop() == 0
    assert {call for call in ear.calls if not is_known(*call)} == set()
    made = {
        (m, pattern) for m, pattern, _ in CALLS if any(is_like(m, pattern, c) for c in ear.calls)
    }
    assert {(m, pattern) for m, pattern, _ in CALLS} - made <= NOT_HERE


def live(plane: Up) -> None:
    ecs = plane.client("ecs")
    ecs.update_service(cluster=CLUSTER, service="inventory-api", forceNewDeployment=True)
    (task, *_) = ecs.list_tasks(cluster=CLUSTER, serviceName="order-api")["taskArns"]
    ecs.stop_task(cluster=CLUSTER, task=task)
    ecs.get_waiter("services_stable").wait(
        cluster=CLUSTER,
        services=["inventory-api", "order-api"],
        WaiterConfig={"Delay": 1, "MaxAttempts": 90},
    )


def is_like(method: str, pattern: str, call: tuple[str, str]) -> bool:
    bare = re.sub(r"^/v[0-9.]+", "", call[1].partition("?")[0])
    return call[0] == method and bool(re.fullmatch(pattern.replace("{}", "[^/]+"), bare))

"""Ends in the middle: of the load balancer's container, and of the plane's by `kill -9`."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.compose.rolling import load, rollouts, running, settled, until
from tests.compose.stack import SERVICES, Images, Stack

pytestmark = pytest.mark.docker

AWAY_MS = 5_000  # how long a client may find no load balancer
READY_S = 60


def compose(stack: Stack, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A command of Compose on the stack; it must succeed."""
    command = [*stack.compose().docker_compose_command(), *words]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_a_restarted_load_balancer_serves_again(stack: Stack, tmp_path: Path) -> None:
    """Connections break while it is away; then the plane has its Envoy started again."""
    before = {service: running(stack, service) for service in SERVICES}
    with load(stack, tmp_path / "requests.sqlite") as traffic:
        compose(stack, "restart", "alb")
        until(lambda: answers(stack), READY_S)
        count = traffic.count()
        until(lambda: traffic.count() > count + 200)
    failed = traffic.failed
    assert failed, "the restart was not seen"
    assert max(r.done_ms for r in failed) - min(r.scheduled_ms for r in failed) < AWAY_MS
    assert {service: running(stack, service) for service in SERVICES} == before
    assert settled(stack)


def test_a_load_balancer_at_another_address_is_let_in(stack: Stack) -> None:
    """A stranger takes its address while it is away: the tasks' security groups follow it."""
    network = f"{stack.project}_vpc"
    before = address(stack)
    compose(stack, "rm", "--force", "--stop", "alb")
    stranger = stack.engine.containers.create(
        stack.images.plane, ["sleep", "infinity"], name=f"{stack.project}-stranger"
    )
    try:
        stack.engine.networks.get(network).connect(stranger, ipv4_address=before)
        stranger.start()
        compose(stack, "up", "--detach", "--no-deps", "--wait", "alb")
        assert address(stack) != before
        until(lambda: answers(stack), READY_S)
        assert all(answers(stack) for _ in range(20))
    finally:
        stranger.remove(force=True)
    assert settled(stack)


def address(stack: Stack) -> str:
    found = stack.container("alb")
    found.reload()
    (endpoint,) = found.attrs["NetworkSettings"]["Networks"].values()
    return str(endpoint["IPAddress"])


def answers(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.url}/orders?limit=1", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def own(images: Images, docker_engine: Any, tmp_path: Path) -> Iterator[Stack]:
    """A stack of the test's own, up; `docker compose down` leaves nothing of it."""
    made = Stack(f"rehearse-test-killed-{os.getpid()}", images, tmp_path, docker_engine)
    try:
        made.start()
        yield made
        made.stop()
        assert made.left() == []
    finally:
        made.sweep()


def test_a_killed_plane_is_missed_by_nobody_and_the_next_finishes_its_deployment(
    own: Stack,
) -> None:
    ecs = own.client("ecs")
    old, other = running(own, "order-api"), running(own, "inventory-api")
    with load(own, own.folder / "requests.sqlite") as traffic:
        ecs.update_service(cluster="rehearsal", service="order-api", forceNewDeployment=True)
        until(lambda: len(applications(own, "order-api")) > len(old))
        (under_way, _) = deployments(own)
        own.container("plane").kill()
        count = traffic.count()
        until(lambda: traffic.count() > count + 200)  # nobody is in charge meanwhile
        own.start()
        until(lambda: settled(own), 120)
        count = traffic.count()
        until(lambda: traffic.count() > max(count + 100, 500))
    assert traffic.failed == []
    assert deployments(own) == [under_way]
    assert rollouts(own)["order-api"] == ["COMPLETED"]
    assert not old & running(own, "order-api")
    assert running(own, "inventory-api") == other


def deployments(stack: Stack) -> list[str]:
    """The ids of order-api's deployments, the newest first."""
    found = stack.client("ecs").describe_services(cluster="rehearsal", services=["order-api"])
    return [d["id"] for d in found["services"][0]["deployments"]]


def applications(stack: Stack, image: str) -> set[str]:
    found = stack.task_containers()
    return {c.name for c in found if c.attrs["Config"]["Image"].startswith(f"{image}:")}


def test_down_removes_what_a_killed_plane_left(own: Stack) -> None:
    own.container("plane").kill()
    assert len(own.task_containers()) == 12
    done = own.rehearse("down")
    assert done.returncode == 0, done.stderr
    assert own.left() == []
    again = own.rehearse("down")
    assert "nor in containers" in again.stderr


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    before = {c.id: c.attrs["State"]["StartedAt"] for c in members(stack)}
    stack.start()
    assert {c.id: c.attrs["State"]["StartedAt"] for c in members(stack)} == before


def members(stack: Stack) -> list[Any]:
    chosen = {"label": f"com.docker.compose.project={stack.project}"}
    found: list[Any] = stack.engine.containers.list(ignore_removed=True, filters=chosen)
    return [*found, *stack.task_containers()]

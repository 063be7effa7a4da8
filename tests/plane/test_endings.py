"""However a plane ends, nothing of it is left; tasks that die are replaced."""

import os
import signal
import socket
from collections.abc import Callable

import httpx
import pytest

from tests.plane.tasks import commands, describe, is_steady, main_process, task_arns
from tests.plane.up import Up, await_gone, left, wait_for

pytestmark = pytest.mark.runtime


@pytest.mark.parametrize(
    ("numbers", "code"),
    [([signal.SIGTERM], 0), ([signal.SIGINT] * 2, 130), ([signal.SIGKILL], -9)],
    ids=["SIGTERM ends it with 0", "Ctrl-C twice ends it with 130", "kill -9"],
)
def test_nothing_is_left_after_the_plane(
    make_plane: Callable[..., Up], numbers: list[signal.Signals], code: int
) -> None:
    up = make_plane().start()
    family = up.family()
    assert len(family) > 8  # two services of two tasks, each with launcher, app and proxy
    assert up.process is not None
    for number in numbers:
        os.kill(up.pid, number)
        wait_for(lambda: up.process is None or up.process.poll() is not None or _is_ending(up), 5)
    assert up.process.wait(10) == code
    await_gone(family)
    if code == -signal.SIGKILL:
        again = Up(up.state).start()
        assert httpx.get(f"{again.url}/orders").status_code == 200
        assert again.stop() == 0


def test_a_machine_that_refuses_namespaces_runs_the_same_services(
    make_plane: Callable[..., Up], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are then the egress proxy's business, and the plane says what is not emulated."""
    monkeypatch.setenv("REHEARSE_NAMESPACES", "off")
    up = make_plane().start()
    family = up.family()
    assert "PID 1 is not emulated" in up.log.read_text()
    wish = {"quantity": 1, "customer": "c"}
    url = f"{up.url}/inventory/SKU-LOAD-1/reservations"
    wait_for(lambda: httpx.post(url, json=wish).status_code == 201, 10)
    os.kill(up.pid, signal.SIGKILL)
    await_gone(family)


def test_a_second_plane_on_the_same_state_directory_is_refused(plane: Up) -> None:
    second = Up(plane.state)
    with pytest.raises(AssertionError, match="a plane already runs on"):
        second.start()
    assert second.stop() == 1
    assert httpx.get(f"{plane.url}/orders").status_code == 200


@pytest.mark.parametrize("victim", ["services.order_api", "envoy"])
def test_a_killed_task_or_proxy_is_replaced(plane: Up, victim: str) -> None:
    """kill -9 of a task's main process or proxy: stopped with 137, replaced (R1.12)."""
    ecs = plane.client("ecs")
    before = set(task_arns(ecs))
    pid = main_process(plane, victim, task_arns(ecs))
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(set(task_arns(ecs)) - before) == 1, 20)
    (dead,) = before - set(task_arns(ecs))
    wait_for(lambda: describe(ecs, dead)["lastStatus"] == "STOPPED", 20)
    task = describe(ecs, dead)
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert 137 in {container.get("exitCode") for container in task["containers"]}
    wait_for(lambda: is_steady(plane), 30)


def test_a_killed_load_balancer_is_back_within_a_second(plane: Up) -> None:
    (envoy,) = [
        p for p, words in commands(plane) if "/alb/" in words and "launcher.py" not in words
    ]
    os.kill(envoy, signal.SIGKILL)
    wait_for(lambda: not left({p for p in plane.family() if p[0] == envoy}), 1)

    def answers() -> bool:
        try:
            return httpx.get(f"{plane.url}/orders").status_code == 200
        except httpx.HTTPError:
            return False

    wait_for(answers, 1)


def _is_ending(up: Up) -> bool:
    """Whether the plane has begun to end: it answers no more."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", up.port)) != 0

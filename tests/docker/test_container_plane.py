"""A whole plane in containers: what ECS says of its tasks, and that it leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.runtime.docker import labels
from infra.local.settings import DEFAULT
from tests.docker.stage import IMAGE
from tests.plane.tasks import CLUSTER, describe, journal, task_arns, task_id
from tests.plane.up import UP, Up, await_gone, descendants, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.runtime]

MakePlane = Callable[..., Up]
GONE_S = 15.0  # 5 s on a machine that does nothing else


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One service of one task: the images' own behaviour is tested elsewhere."""
    document = json.loads(DEFAULT.read_text())
    del document["services"]["inventory-api"]
    document["services"]["order-api"]["desired_count"] = 1
    path = tmp_path_factory.mktemp("settings") / "app.tfvars.json"
    path.write_text(json.dumps(document))
    return str(path)


def words(settings: str) -> list[str]:
    return ["--runtime", "docker", "--settings", settings, "--pull", "never"]


@pytest.fixture
def make(tmp_path: Path, images: None, settings: str) -> Iterator[MakePlane]:
    made: list[Up] = []

    def one(name: str = "state") -> Up:
        made.append(Up(tmp_path / name, *words(settings)))
        return made[-1]

    yield one
    for up in made:
        if up.process is not None:
            up.stop()


@pytest.fixture(scope="module")
def plane(
    tmp_path_factory: pytest.TempPathFactory, images: None, settings: str, docker_engine: Any
) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("containers") / "state", *words(settings)).start()
    project = project_of(docker_engine, up)
    yield up
    assert up.stop() == 0
    assert left(docker_engine, project) == []


def project_of(engine: Any, up: Up) -> str:
    """The plane's project: the one that its tasks' containers have."""
    known = {task_id(arn) for arn in task_arns(up.client("ecs"))}
    for one in engine.api.containers(filters={"label": labels.TASK}):
        if one["Labels"][labels.TASK] in known:
            return str(one["Labels"][labels.PROJECT])
    raise AssertionError("the plane has no containers")


def left(engine: Any, project: str) -> list[str]:
    """Containers, networks and volumes of a project."""
    chosen = labels.filters(project)
    found = [one["Names"][0] for one in engine.api.containers(all=True, filters=chosen)]
    found += [one["Name"] for one in engine.api.networks(filters=chosen)]
    return found + [one["Name"] for one in engine.api.volumes(filters=chosen)["Volumes"] or ()]


def reaper(up: Up) -> int:
    (found,) = [
        pid
        for pid, _ in descendants(up.pid)
        if b"docker.reaper" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return found


def run_task(up: Up, **container: Any) -> str:
    """Run a task of one container on its own; its ARN."""
    ecs = up.client("ecs")
    family = f"lone-{container.pop('name', 'app')}"
    ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": IMAGE, **container}],
    )
    network = {"awsvpcConfiguration": {"subnets": [subnet(up)]}}
    answer = ecs.run_task(
        cluster=CLUSTER, taskDefinition=family, launchType="FARGATE", networkConfiguration=network
    )
    return str(answer["tasks"][0]["taskArn"])


def subnet(up: Up) -> str:
    (service,) = up.client("ecs").describe_services(cluster=CLUSTER, services=["order-api"])[
        "services"
    ]
    found: str = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"][0]
    return found


def stopped(up: Up, arn: str) -> dict[str, Any]:
    """The task once it is STOPPED."""
    ecs = up.client("ecs")
    wait_for(lambda: describe(ecs, arn)["lastStatus"] == "STOPPED", 40)
    return describe(ecs, arn)


@pytest.mark.parametrize(
    ("container", "code", "reason", "exit_code", "why"),
    [
        pytest.param(
            {"image": "localhost:1/no-such:1"},
            "TaskFailedToStart",
            "CannotPullContainerError: localhost:1/no-such:1 is not on this machine",
            None,
            None,
            id="no image",
        ),
        pytest.param(
            {"command": ["no-such-program"]},
            "TaskFailedToStart",
            "CannotStartContainerError: ",
            None,
            "executable file not found in $PATH",
            id="no program",
        ),
        pytest.param(
            {"command": ["sh", "-c", "exit 3"]},
            "EssentialContainerExited",
            "Essential container in task exited",
            3,
            None,
            id="a main process that ends by itself",
        ),
        pytest.param(
            {
                "command": ["python3", "-c", "x = b'x' * (300 << 20)"],
                "memory": 64,
            },
            "EssentialContainerExited",
            "Essential container in task exited",
            137,
            "OutOfMemoryError: Container killed due to memory usage",
            id="too much memory",
        ),
    ],
)
def test_what_ecs_says_of_a_task_that_ends(
    plane: Up,
    container: dict[str, Any],
    code: str,
    reason: str,
    exit_code: int | None,
    why: str | None,
) -> None:
    task = stopped(plane, run_task(plane, **container))
    (app,) = task["containers"]
    assert task["stopCode"] == code
    assert task["stoppedReason"].startswith(reason)
    assert app.get("exitCode") == exit_code
    assert why is None or why in app["reason"]


def container_of(engine: Any, arn: str, name: str = "app") -> Any:
    chosen = {"label": [f"{labels.TASK}={task_id(arn)}"]}
    for one in engine.containers.list(all=True, ignore_removed=True, filters=chosen):
        if one.labels.get(labels.CONTAINER, "eni") == name:
            return one
    raise AssertionError(f"{arn} has no container {name}")


def test_a_frozen_task_is_stopped_all_the_same(plane: Up, docker_engine: Any) -> None:
    ecs = plane.client("ecs")
    arn = run_task(plane, command=["sleep", "300"], stopTimeout=2)
    wait_for(lambda: describe(ecs, arn)["lastStatus"] == "RUNNING", 40)
    container_of(docker_engine, arn).pause()
    ecs.stop_task(cluster=CLUSTER, task=arn)
    assert stopped(plane, arn)["stopCode"] == "UserInitiated"


def test_a_frozen_container_is_unhealthy(plane: Up, docker_engine: Any) -> None:
    ecs = plane.client("ecs")
    check = {"command": ["CMD", "true"], "interval": 5, "timeout": 2, "retries": 1}
    arn = run_task(plane, command=["sleep", "300"], healthCheck=check)
    wait_for(lambda: describe(ecs, arn)["healthStatus"] == "HEALTHY", 40)
    container_of(docker_engine, arn).pause()
    wait_for(lambda: describe(ecs, arn)["healthStatus"] == "UNHEALTHY", 20)
    ecs.stop_task(cluster=CLUSTER, task=arn)
    stopped(plane, arn)


@pytest.mark.parametrize("victim", ["app", "eni"], ids=["the application", "the network"])
def test_what_is_killed_is_replaced(plane: Up, docker_engine: Any, victim: str) -> None:
    ecs = plane.client("ecs")
    (arn,) = task_arns(ecs)
    target = container_of(docker_engine, arn, victim)
    pid = int(docker_engine.api.inspect_container(target.id)["State"]["Pid"])
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: _exit_of(plane, arn), 10)
    heard_s = time.monotonic() - killed
    assert heard_s < 5  # well under 1 s on a machine that does nothing else
    task = stopped(plane, arn)
    assert task["stopCode"] == "EssentialContainerExited"
    assert 137 in {container.get("exitCode") for container in task["containers"]}
    wait_for(lambda: [t for t in task_arns(ecs) if t != arn], 40)
    wait_for(lambda: _status(plane) == 200, 60)


def _exit_of(up: Up, arn: str) -> bool:
    return any(e.get("task") == task_id(arn) and "exit_code" in e for e in journal(up))


def _status(up: Up) -> int:
    try:
        return httpx.get(f"{up.url}/orders", timeout=2).status_code
    except httpx.HTTPError:
        return 0


def test_planes_live_side_by_side_and_kill_9_leaves_nothing(
    plane: Up, make: MakePlane, docker_engine: Any
) -> None:
    second = make().start()
    assert (_status(plane), _status(second)) == (200, 200)
    project = project_of(docker_engine, second)
    assert project != project_of(docker_engine, plane)
    assert len(left(docker_engine, project)) >= 4  # network, pause, application, proxy
    family = second.family()
    os.kill(second.pid, signal.SIGKILL)
    wait_for(
        lambda: not left(docker_engine, project),
        GONE_S,
        lambda: f"left: {left(docker_engine, project)}",
    )
    await_gone(family, GONE_S)
    assert _status(plane) == 200


def test_a_plane_whose_reaper_was_killed_ends_clean(make: MakePlane, docker_engine: Any) -> None:
    up = make().start()
    project = project_of(docker_engine, up)
    family = up.family()
    os.kill(reaper(up), signal.SIGKILL)
    assert up.stop() == 0
    assert left(docker_engine, project) == []
    await_gone(family)


def test_ctrl_c_while_it_comes_up_leaves_nothing(make: MakePlane, docker_engine: Any) -> None:
    up = make()
    before = {n["Name"] for n in docker_engine.api.networks()}
    up.process = subprocess.Popen(
        [*UP, *up.arguments], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    wait_for(lambda: _new_tasks(docker_engine, before), 40)
    family = up.family()
    (project,) = _new_tasks(docker_engine, before)
    up.process.send_signal(signal.SIGINT)
    _, said = up.process.communicate(timeout=30)
    assert up.process.returncode == 130
    assert b"Traceback" not in said
    assert left(docker_engine, project) == []
    await_gone(family)


def _new_tasks(engine: Any, before: set[str]) -> set[str]:
    """Projects on networks that were not there before, of which a container is there."""
    found = engine.api.containers(all=True, filters={"label": labels.ZONE})
    projects = {one["Labels"][labels.PROJECT] for one in found}
    mine = {n["Name"] for n in engine.api.networks()} - before
    return projects & mine


@pytest.mark.drill
def test_a_drill_on_a_plane_of_its_own_in_containers(images: None, tmp_path: Path) -> None:
    """stop-task, both ways: broken must FAIL for its cause, fixed must PASS."""
    command = [sys.executable, "-m", "rehearse", "drill", "stop-task", "--variant", "both"]
    command += ["--runtime", "docker", "--time-scale", "10", "--out", str(tmp_path / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = list((tmp_path / "runs").rglob("verdict.json"))
    assert len(verdicts) == 2

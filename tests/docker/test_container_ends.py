"""How containers end, and that each end is told once with the right code."""

import asyncio
import os
import signal
import time
from signal import Signals

import httpx
import pytest

from infra.local.runtime.docker import labels
from infra.local.runtime.protocol import CannotStartContainerError, Exit, Resources
from tests.docker.stage import IMAGE, LIVE, SERVICE_IMAGE, Stage, until

pytestmark = LIVE

PATIENT = "trap 'exit {}' TERM; echo up; while :; do sleep 0.05; done"
EATER = "python3 -c 'x = bytearray(200 << 20); x[::4096] = bytes(len(x[::4096]))'"


async def test_a_request_in_flight_is_answered_after_sigterm(stage: Stage) -> None:
    address = await stage.start(
        "a", image=SERVICE_IMAGE, read_only_root=False, environment={"DRAIN_SECONDS": "0.1"}
    )
    url = f"http://{address}:8080"
    async with httpx.AsyncClient(timeout=10) as client:
        await until(lambda: _answers(url))
        async with client.stream("GET", f"{url}/orders/export", params={"seconds": 3}) as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            stage.runtime.signal("a", "app", Signals.SIGTERM)
            last = [line async for line in lines][-1]
    assert '"end": true' in last.replace('"end":true', '"end": true')
    assert (await stage.exit_of("a")).code == 0
    assert any('"sigterm"' in line for line in stage.log("a"))


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


async def test_every_exit_code_is_told_exactly_once(stage: Stage) -> None:
    endings: dict[str, tuple[str, Signals | None, int]] = {
        "zero": ("exit 0", None, 0),
        "three": ("exit 3", None, 3),
        "trapped": (PATIENT.format(7), Signals.SIGTERM, 7),
        "deaf": ("echo up; sleep 60; true", Signals.SIGKILL, 137),
    }
    async with asyncio.TaskGroup() as tasks:
        for task, (line, _, _) in endings.items():
            tasks.create_task(stage.shell(task, line))
    for task, (_, number, _) in endings.items():
        if number is not None:
            await until(lambda t=task: "up" in stage.log(t))  # type: ignore[misc]
            stage.runtime.signal(task, "app", number)
    for task, (_, _, code) in endings.items():
        assert (await stage.exit_of(task)).code == code
        stage.runtime.signal(task, "app", Signals.SIGTERM)  # to one that has ended: nothing
    await stage.runtime.adopt({})  # looks at every container once more
    assert len(stage.exits) == len(endings)
    assert {end.reason for end in stage.exits} == {None}


async def test_a_shell_as_pid_1_ignores_sigterm_unless_there_is_an_init(stage: Stage) -> None:
    await stage.shell("plain", "echo up; sleep 60; true")
    await stage.shell("init", "echo up; sleep 60; true", init_process=True)
    for task in ("plain", "init"):
        await until(lambda t=task: "up" in stage.log(t))  # type: ignore[misc]
        stage.runtime.signal(task, "app", Signals.SIGTERM)
    assert (await stage.exit_of("init")).code == 128 + Signals.SIGTERM
    assert stage.inspect("plain")["State"]["Running"]
    stage.runtime.signal("plain", "app", Signals.SIGKILL)
    assert (await stage.exit_of("plain")).code == 137


async def test_an_images_own_stop_signal_is_what_a_stop_sends(stage: Stage) -> None:
    made = stage.client.create_container(IMAGE, name=f"{stage.project}-mould")
    image = f"{stage.project}:stop"
    stage.client.commit(made["Id"], *image.split(":"), conf={"StopSignal": "SIGINT"})
    stage.client.remove_container(made["Id"])
    try:
        line = "trap 'exit 9' INT; trap 'exit 8' TERM; echo up; while :; do sleep 0.05; done"
        await stage.shell("a", line, image=image)
        await until(lambda: "up" in stage.log("a"))
        stage.runtime.signal("a", "app", Signals.SIGTERM)
        assert (await stage.exit_of("a")).code == 9
        await stage.runtime.release("a")
    finally:
        stage.client.remove_image(image, force=True)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param(["no-such"], '"no-such": executable file not found in $PATH', id="no file"),
        pytest.param(["/etc/passwd"], "permission denied", id="no program"),
    ],
)
async def test_a_command_that_cannot_start_leaves_nothing_and_says_why(
    stage: Stage, command: list[str], words: str
) -> None:
    with pytest.raises(CannotStartContainerError, match=words.replace("$", r"\$")):
        await stage.start("a", *command)
    assert stage.names() == {"eni"}
    await stage.runtime.release("a")
    assert stage.names() == set()
    assert stage.exits == []


async def test_a_main_process_that_takes_too_much_memory_is_told_so(stage: Stage) -> None:
    await stage.shell("a", f"exec {EATER}", resources=Resources(memory=64))
    told = await stage.exit_of("a")
    assert (told.code, told.reason) == (
        137,
        "OutOfMemoryError: Container killed due to memory usage",
    )


async def test_a_child_that_takes_too_much_memory_ends_alone(stage: Stage) -> None:
    line = f"{EATER}; echo child $?; {PATIENT.format(0)}"
    await stage.shell("a", line, resources=Resources(memory=64))
    await until(lambda: "child 137" in stage.log("a"))
    assert stage.exits == []
    stage.runtime.signal("a", "app", Signals.SIGTERM)
    told = await stage.exit_of("a")
    assert (told.code, told.reason) == (0, None)


async def test_a_process_killed_from_outside_is_heard_of_at_once(stage: Stage) -> None:
    await stage.shell("a", PATIENT.format(0))
    pid = stage.inspect("a")["State"]["Pid"]
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    assert (await stage.exit_of("a")).code == 137
    assert time.monotonic() - began < 5  # 25 ms where nothing else runs


async def test_without_its_network_a_task_ends(stage: Stage) -> None:
    await stage.shell("a", PATIENT.format(0))
    os.kill(stage.inspect("a", "eni")["State"]["Pid"], signal.SIGKILL)
    assert (await stage.exit_of("a")).code == 137
    await stage.runtime.release("a")
    assert stage.names() == set()


async def test_a_frozen_container_fails_its_checks_and_still_ends(stage: Stage) -> None:
    address = await stage.serve("a", "hello")
    assert await asyncio.to_thread(get, address) == "hello"
    name = stage.place.container_name("a", "app")
    stage.client.pause(name)
    assert not await stage.runtime.probe("a", "app", ["CMD", "true"], 500)
    with pytest.raises(httpx.TimeoutException):
        await asyncio.to_thread(get, address)
    stage.runtime.signal("a", "app", Signals.SIGTERM)
    stage.runtime.signal("a", "app", Signals.SIGKILL)
    told = await stage.exit_of("a")
    assert told == Exit("a", "app", told.code)
    assert told.code in (137, 143)


def get(address: str) -> str:
    return httpx.get(f"http://{address}:8080/", timeout=1).text


async def test_frozen_tasks_are_released_and_closed_too(stage: Stage) -> None:
    for task in ("a", "b"):
        await stage.shell(task, PATIENT.format(0))
        stage.client.pause(stage.place.container_name(task, "app"))
    await stage.runtime.release("a")
    await stage.runtime.close()
    assert stage.client.containers(all=True, filters=labels.filters(stage.project)) == []

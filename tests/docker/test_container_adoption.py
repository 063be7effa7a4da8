"""Taking over what another runtime left, and living through an engine that goes and comes back."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import Signals
from typing import Any

import docker
import pytest

from infra.local.runtime.docker import engine, labels
from infra.local.runtime.protocol import CannotStartContainerError
from tests.docker.stage import IMAGE, LIVE, ZONES, Stage, ended, until

pytestmark = LIVE

LIVES = "echo up; trap 'exit 4' TERM; while :; do sleep 0.05; done"


async def test_another_runtime_takes_over(stage: Stage) -> None:
    """Who lives is heard of when it ends; who has ended is told; who is not wanted goes."""
    first = stage.runtime
    first.on_exit(lambda _: None)
    await stage.shell("lives", LIVES)
    await stage.shell("ended", "exit 6")
    await stage.shell("unwanted", LIVES)
    await stage.shell("networkless", LIVES)
    await until(lambda: ended(stage, "ended") and "up" in stage.log("lives"))
    stage.client.remove_container(stage.place.container_name("networkless"), force=True)
    address = first._tasks["lives"].network.address
    stage.runtime = stage.make_runtime()
    wanted = {"lives": ["app", "lost"], "ended": ["app"], "gone": ["app"], "networkless": ["app"]}
    await stage.runtime.adopt(wanted)
    assert (await stage.exit_of("ended")).code == 6
    for task, name in (("lives", "lost"), ("gone", "app"), ("networkless", "app")):
        assert (await stage.exit_of(task, name)).code == 137
    left = stage.client.containers(all=True, filters=labels.filters(stage.project))
    assert {one["Labels"][labels.TASK] for one in left} == {"lives", "ended"}
    again = await stage.runtime.provision("lives", ZONES[0], ingress=(), egress=())
    assert again.address == address
    assert address in stage.vpc.addresses._taken
    stage.runtime.signal("lives", "app", Signals.SIGTERM)
    assert (await stage.exit_of("lives")).code == 4
    await stage.runtime.release("lives")
    await stage.runtime.release("ended")
    assert stage.names() == set()
    await first.close()


async def test_a_container_that_was_made_but_never_started_is_told_and_removed(
    stage: Stage,
) -> None:
    await stage.shell("a", LIVES)
    marks = labels.of_container(stage.project, "a", "late", stage.folder / "late.log")
    document = {"Image": IMAGE, "Cmd": ["true"], "Labels": marks}
    name = stage.place.container_name("a", "late")
    stage.client.create_container_from_config(document, name)
    stage.runtime.on_exit(lambda _: None)
    second = stage.make_runtime()
    await second.adopt({"a": ["app", "late"]})
    assert (await stage.exit_of("a", "late")).code == 137
    assert stage.names() == {"app", "eni"}
    await second.close()


async def test_what_nobody_wants_is_removed(stage: Stage) -> None:
    await stage.shell("a", LIVES)
    stage.runtime.on_exit(lambda _: None)
    second = stage.make_runtime()
    await second.adopt({})
    assert stage.names() == set()
    assert stage.exits == []
    await second.close()


class Relay:
    """A Unix socket between a client and the engine that breaks like the engine's restart."""

    def __init__(self, path: Path, target: str) -> None:
        self.path = path
        self._target = target
        self._pairs: list[socket.socket] = []
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def open(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection; nobody listens any more."""
        assert self._listener is not None
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)
        for sock in self._pairs:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._target)
                self._pairs += [near, far]
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=_pass, args=(a, b), daemon=True).start()


def _pass(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(chunk)
    for sock in (source, sink):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    source.close()  # the other thread closes the other


@pytest.fixture
def relay(stage: Stage, tmp_path: Path) -> Iterator[Relay]:
    target = engine.SOCKET
    if stage.client.base_url != "http+docker://localhost":
        pytest.skip("the engine is not at a Unix socket")
    target = (os.environ.get("DOCKER_HOST") or target).removeprefix("unix://")
    relay = Relay(tmp_path / "engine.sock", target)
    relay.open()
    yield relay
    relay.cut()


def connected(relay: Relay) -> Any:
    return docker.APIClient(base_url=relay.url, version="auto", timeout=10)


async def test_an_engine_that_goes_and_comes_back(stage: Stage, relay: Relay) -> None:
    """What ended meanwhile is told, the output goes on, and no task is forgotten."""
    await stage.runtime.close()
    stage.runtime = stage.make_runtime(client=connected(relay))
    count = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; sleep 0.005; done; exec sleep 60"
    await stage.shell("counts", count)
    await stage.shell("ends", LIVES)
    await stage.shell("released", LIVES)
    await until(lambda: len(stage.log("counts")) > 20)
    relay.cut()
    stage.client.kill(stage.place.container_name("ends", "app"), "TERM")
    await until(lambda: ended(stage, "ends"))
    with pytest.raises(CannotStartContainerError, match="broke off"):
        await stage.shell("late", LIVES)
    assert not await stage.runtime.probe("counts", "app", ["CMD", "true"], 3_000)
    await stage.runtime.enforce()
    releasing = asyncio.create_task(stage.runtime.release("released"))
    await until(lambda: any(t.name.startswith("docker-events") for t in threading.enumerate()))
    assert stage.exits == []
    relay.open()
    assert (await stage.exit_of("ends")).code == 4
    await releasing
    await until(lambda: stage.log("counts")[-1:] == ["300"])
    assert stage.log("counts") == [str(n) for n in range(1, 301)]
    await stage.runtime.release("ends")
    assert await stage.runtime.probe("counts", "app", ["CMD", "true"], 10_000)
    left = stage.client.containers(all=True, filters=labels.filters(stage.project))
    assert {one["Labels"][labels.TASK] for one in left} == {"counts"}
    assert len(stage.exits) == 1


async def test_a_runtime_whose_engine_has_gone_still_closes(stage: Stage, relay: Relay) -> None:
    gone = stage.make_runtime(client=connected(relay))
    relay.cut()
    await asyncio.wait_for(gone.close(), 10)

"""Two planes that Terraform brought up, made side by side: the provider mostly sleeps."""

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest

from infra.images.engine import ImagesError, check_engine
from tests.apply.stage import APPLY_LIMIT_S, NO_PROVIDER, OWN, SCALE, Stage, copied
from tests.plane.up import Up, await_gone

IMAGES = ("ecs-rehearsal:latest", "order-api:1", "inventory-api:1")
STAGES = pytest.StashKey[list[Stage]]()


class Applies:
    """The local root of the stack, somebody's own root, and the first one again in containers."""

    def __init__(self, place: Path, pool: ThreadPoolExecutor, *, docker: bool) -> None:
        def start(name: str, root: Path, *more: str) -> Future[Stage]:
            up = Up(place / name / ".rehearse", "--terraform", str(root), *more, scale=SCALE)
            return pool.submit(_bring_up, up, root)

        self.local = start("local", copied(place / "local"))
        self.own = start("own", OWN)
        wanted = ("--runtime", "docker", "--pull", "never")
        self.docker = start("docker", copied(place / "docker"), *wanted) if docker else None
        self.all = [future for future in (self.local, self.own, self.docker) if future]


@pytest.fixture(scope="session")
def terraform() -> None:
    """Skips with the reason where there is no terraform."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")


@pytest.fixture(scope="session")
def applies(
    terraform: None, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Applies]:
    os.environ.setdefault("GOGC", "400")  # the provider's schema is large: a quarter less work
    docker = any("containers" in item.fixturenames for item in _items(request)) and _has_images()
    with ThreadPoolExecutor(3) as pool:
        made = Applies(tmp_path_factory.mktemp("apply"), pool, docker=docker)
        yield made
    stages = [future.result() for future in made.all if not future.exception()]
    request.config.stash[STAGES] = stages
    for stage in stages:
        family = stage.up.family()
        assert stage.up.stop() == 0
        await_gone(family)


@pytest.fixture(scope="session")
def stage(applies: Applies) -> Stage:
    """The stack's local root on a plane: both services, load balancer, Service Connect."""
    return _result(applies.local)


@pytest.fixture(scope="session")
def own(applies: Applies) -> Stage:
    """Somebody's own root: one service, no load balancer."""
    return _result(applies.own)


@pytest.fixture(scope="session")
def containers(applies: Applies, docker_engine: Any) -> Stage:
    """The stack's local root on a plane whose tasks are containers."""
    if applies.docker is None:
        pytest.skip(
            f"one of the images {', '.join(IMAGES)} is not there: `make images` builds them"
        )
    return _result(applies.docker)


def _items(request: pytest.FixtureRequest) -> list[pytest.Function]:
    return [item for item in request.session.items if isinstance(item, pytest.Function)]


def _has_images() -> bool:
    """Whether an engine answers and has what the tasks of the settings need."""
    try:
        check_engine()
    except ImagesError:
        return False
    client = docker.from_env()
    try:
        return all(client.images.list(name) for name in IMAGES)
    finally:
        client.close()


def _bring_up(up: Up, root: Path) -> Stage:
    up.state.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    try:
        up.start(APPLY_LIMIT_S)
    except AssertionError:
        up.stop()  # or it is told as a process that nobody waits for
        raise
    return Stage(up, root, [("up", time.monotonic() - began)])


def _result(future: Future[Stage]) -> Stage:
    try:
        return future.result(APPLY_LIMIT_S)
    except AssertionError as error:
        if all(word in str(error) for word in NO_PROVIDER):
            pytest.skip(f"no AWS provider for Terraform: {error}")
        raise


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for stage in terminalreporter.config.stash.get(STAGES, []):
        told = ", ".join(f"{what} {took:.1f} s" for what, took in stage.times)
        total = sum(took for _, took in stage.times)
        terminalreporter.write_line(f"terraform onto the plane, {total:.0f} s in all: {told}")

"""A network of the tests' own on the engine, and a runtime whose containers end with a test."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.errors import ImageNotFound

from infra.local.runtime.docker import engine, setup
from infra.local.runtime.docker.setup import Setup
from infra.local.runtime.docker.sweep import sweep
from tests.docker.stage import IMAGE, IMAGES, ZONES, Stage


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def images(docker_engine: Any) -> None:
    """The images that `make images` builds; without them the tests are skipped."""
    for name in IMAGES:
        try:
            docker_engine.images.get(name)
        except ImageNotFound:
            pytest.skip(f"the image {name} is not there: `make images` builds it")


@pytest.fixture(scope="session")
def vpc(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """A network, made as a plane on a host makes it."""
    client = engine.connect()
    project = f"rehearse-test-docker-{os.getpid()}"
    shared = tmp_path_factory.mktemp("run")
    try:
        made = setup.on_host(client, project, ZONES, shared, IMAGE, cap_cpu=False)
    except engine.EngineError as error:
        sweep(client, project)
        if "not on this machine" in str(error):
            pytest.skip(str(error))
        raise
    yield made
    sweep(client, project)
    client.close()


@pytest.fixture
async def stage(vpc: Setup, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(vpc, tmp_path)
    yield stage
    await stage.close()

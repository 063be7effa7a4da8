"""One stack for the tests that leave it as it was; images of the present tree for all."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from docker.errors import ImageNotFound

from infra.images import offline
from infra.images.engine import label
from tests.compose.stack import ROOT, SERVICES, Images, Stack

TAG = f"compose-{os.getpid()}"
BUILT = ("ecs-rehearsal", "rehearsal-locust")
STAND_IN = "rehearsal-postgres:15"
OFFICIAL = "postgres:17-alpine"
DOWN_LIMIT_S = 15.0
BUILD_LIMIT_S = 900


@pytest.fixture(scope="package")
def images(docker_engine: Any) -> Iterator[Images]:
    """The plane and Locust of the present tree; skipped where no base can be had."""
    compose = subprocess.run(
        ["docker", "compose", "version"], capture_output=True, timeout=60, check=False
    )
    if compose.returncode:
        pytest.skip("Compose v2 is missing: install Docker's plugin docker-compose-plugin")
    for name in SERVICES:
        if not _is_there(docker_engine, f"{name}:1"):
            pytest.skip(f"the image {name}:1 is not there: `make images` builds it")
    build_images()
    postgres = STAND_IN if _is_there(docker_engine, STAND_IN) else OFFICIAL
    yield Images(f"ecs-rehearsal:{TAG}", f"rehearsal-locust:{TAG}", postgres)
    for name in BUILT:
        docker_engine.images.remove(f"{name}:{TAG}", noprune=True)


def build_images() -> None:
    without_registry = label(offline.PLANE.tag, offline.RECIPE) is not None
    command = [sys.executable, "-m", "infra.images.build", "--tag", TAG, *BUILT]
    done = subprocess.run(
        [*command, *(["--offline"] if without_registry else [])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BUILD_LIMIT_S,
        check=False,
    )
    if "cannot be pulled" in done.stderr:
        pytest.skip(f"no registry, and no bases of our own: {done.stderr}")
    assert done.returncode == 0, done.stderr


def _is_there(engine: Any, image: str) -> bool:
    try:
        engine.images.get(image)
    except ImageNotFound:
        return False
    return True


@pytest.fixture(scope="package")
def stack(
    images: Images, docker_engine: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The stack, up; at the end it must go in time and leave nothing."""
    folder = tmp_path_factory.mktemp("compose")
    made = Stack(f"rehearse-test-compose-{os.getpid()}", images, folder, docker_engine)
    try:
        print(f"docker compose up --wait: {made.start():.1f} s")
        yield made
        seconds = made.stop()
        print(f"docker compose down --volumes: {seconds:.1f} s")
        assert made.left() == []
        assert seconds < DOWN_LIMIT_S
    finally:
        made.sweep()

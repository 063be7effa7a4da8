"""Images of the present tree under a tag of the tests' own, and containers that end with a test."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.errors import ImageNotFound

from infra.images import offline
from infra.images.build import BY_NAME, IMAGES
from infra.images.engine import label

ROOT = Path(__file__).parents[2]
TAG = f"test-{os.getpid()}"
LABELS = {"rehearse.test": "images"}
NETWORK = f"rehearse-test-images-{os.getpid()}"

StartContainer = Callable[..., Any]


@pytest.fixture(scope="session")
def built(docker_engine: Any) -> Iterator[Callable[[str], str]]:
    """The name of a built image by the image's own name; skipped where no base can be had."""
    without_registry = label(offline.PYTHON.tag, offline.RECIPE) is not None
    names = BY_NAME if without_registry else [image.name for image in IMAGES]
    command = [sys.executable, "-m", "infra.images.build", "--tag", TAG, *names]
    done = subprocess.run(
        [*command, *(["--offline"] if without_registry else [])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if "cannot be pulled" in done.stderr:
        pytest.skip(f"no registry, and no bases of our own: {done.stderr}")
    assert done.returncode == 0, done.stderr
    yield lambda name: f"{name}:{TAG}"
    for name in names:
        docker_engine.images.remove(f"{name}:{TAG}", noprune=True)


@pytest.fixture(scope="session")
def postgres(docker_engine: Any, built: Callable[[str], str]) -> str:
    """An image with PostgreSQL: the official one, or what stands in for it."""
    try:
        docker_engine.images.get(built("rehearsal-postgres"))
    except ImageNotFound:
        return "postgres:17-alpine"
    return built("rehearsal-postgres")


@pytest.fixture
def start(docker_engine: Any) -> Iterator[StartContainer]:
    """Starts a container as on Fargate at its strictest: read-only root, no capability."""
    started: list[Any] = []

    def run(image: str, *command: str, **options: Any) -> Any:
        chosen = {
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "labels": LABELS,
            **options,
        }
        container = docker_engine.containers.run(image, list(command), detach=True, **chosen)
        started.append(container)
        return container

    yield run
    for container in started:
        container.remove(force=True, v=True)


@pytest.fixture
def said(start: StartContainer) -> Callable[..., str]:
    """What a command in an image says; it must end with 0."""

    def run(image: str, *command: str, **options: Any) -> str:
        container = start(image, *command, **options)
        code = container.wait(timeout=60)["StatusCode"]
        output: str = container.logs().decode()
        assert code == 0, output
        return output

    return run


@pytest.fixture
def network(docker_engine: Any) -> Iterator[str]:
    """A network of its own, where containers find each other by name."""
    made = docker_engine.networks.create(NETWORK, labels=LABELS)
    yield NETWORK
    made.remove()


@pytest.fixture
def volume(docker_engine: Any) -> Iterator[str]:
    """An empty volume."""
    made = docker_engine.volumes.create(labels=LABELS)
    yield str(made.name)
    made.remove(force=True)

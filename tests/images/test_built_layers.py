"""Building again: what is unchanged stays, byte for byte."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.images.build import BY_NAME, Wish, trusted_bundle
from infra.images.engine import Build, build
from tests.images.conftest import TAG

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
AGAIN = f"{TAG}-again"
NAME = "order-api"
DEPENDENCIES = 2  # layers above the base up to /opt/venv: the user, the dependencies

Name = Callable[[str], str]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the image is made of."""
    for name in ("pyproject.toml", "uv.lock", ".dockerignore"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("services", "infra/images"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def again(docker_engine: Any, built: Name) -> Iterator[Callable[[Path], Any]]:
    """Builds order-api out of a tree, on the base of the one that is there."""
    base = docker_engine.images.get(built(NAME)).labels["org.opencontainers.image.base.name"]
    made = Wish((BY_NAME[NAME],), offline=False, tag=AGAIN, base=base).build(BY_NAME[NAME], None)

    def run(tree: Path) -> list[str]:
        bundle = trusted_bundle(os.environ)
        secrets = {"ca": bundle} if bundle else {}
        dockerfile = tree / BY_NAME[NAME].dockerfile
        build(Build(made.tag, dockerfile, tree, made.arguments, secrets))
        return layers(docker_engine, made.tag)

    yield run
    docker_engine.images.remove(made.tag, noprune=True)


def layers(engine: Any, tag: str) -> list[str]:
    found: list[str] = engine.images.get(tag).attrs["RootFS"]["Layers"]
    return found


def base_layers(engine: Any, tag: str) -> int:
    base = engine.images.get(tag).labels["org.opencontainers.image.base.name"]
    return len(layers(engine, base))


def test_an_unchanged_tree_gives_the_same_layers(
    docker_engine: Any, built: Name, again: Callable[[Path], list[str]], tree: Path
) -> None:
    assert again(tree) == layers(docker_engine, built(NAME))


def test_an_edited_service_keeps_its_dependencies(
    docker_engine: Any, built: Name, again: Callable[[Path], list[str]], tree: Path
) -> None:
    with (tree / "services/order_api/app.py").open("a") as source:
        source.write("\nEDITED = True\n")
    first, then = layers(docker_engine, built(NAME)), again(tree)
    kept = base_layers(docker_engine, built(NAME)) + DEPENDENCIES
    assert then[:kept] == first[:kept]
    assert then[kept] != first[kept]


def test_what_others_lock_changes_nothing_here(
    docker_engine: Any, built: Name, again: Callable[[Path], list[str]], tree: Path
) -> None:
    """The dependencies are installed anew, and give the same layer byte for byte."""
    with (tree / "uv.lock").open("a") as lock:
        lock.write(f"\n# {uuid.uuid4()}\n")
    assert again(tree) == layers(docker_engine, built(NAME))

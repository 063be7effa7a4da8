"""Building again: what is unchanged stays, byte for byte."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.images.build import BY_NAME, Wish, trusted_bundle
from tests.images.conftest import TAG

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
AGAIN = f"{TAG}-again"
NAME = "order-api"
DEPENDENCIES = 2  # layers above the base up to /opt/venv: the user, the dependencies

Again = Callable[..., list[str]]
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
def again(docker_engine: Any, built: Name) -> Iterator[Again]:
    """Builds order-api out of a tree, on the base of the one that is there; its layers."""
    base = docker_engine.images.get(built(NAME)).labels["org.opencontainers.image.base.name"]
    bundle = trusted_bundle(os.environ)
    usual = Wish((BY_NAME[NAME],), offline=False, tag=AGAIN, base=base).build(BY_NAME[NAME], bundle)

    def run(tree: Path, *options: str) -> list[str]:
        made = replace(usual, context=tree, dockerfile=tree / BY_NAME[NAME].dockerfile)
        done = subprocess.run(
            [*made.command(), *options],
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return layers(docker_engine, made.tag)

    yield run
    docker_engine.images.remove(usual.tag, noprune=True)


def layers(engine: Any, tag: str) -> list[str]:
    found: list[str] = engine.images.get(tag).attrs["RootFS"]["Layers"]
    return found


def base_layers(engine: Any, tag: str) -> int:
    base = engine.images.get(tag).labels["org.opencontainers.image.base.name"]
    return len(layers(engine, base))


def test_an_unchanged_tree_gives_the_same_layers(
    docker_engine: Any, built: Name, again: Again, tree: Path
) -> None:
    assert again(tree) == layers(docker_engine, built(NAME))


def test_an_edited_service_keeps_its_dependencies(
    docker_engine: Any, built: Name, again: Again, tree: Path
) -> None:
    with (tree / "services/order_api/app.py").open("a") as source:
        source.write("\nEDITED = True\n")
    first, then = layers(docker_engine, built(NAME)), again(tree)
    kept = base_layers(docker_engine, built(NAME)) + DEPENDENCIES
    assert then[:kept] == first[:kept]
    assert then[kept] != first[kept]


def test_an_empty_cache_gives_the_same_dependencies_byte_for_byte(
    docker_engine: Any, built: Name, again: Again, tree: Path
) -> None:
    """Another lock too, that says the same of them."""
    with (tree / "uv.lock").open("a") as lock:
        lock.write("\n# a remark\n")
    first, then = layers(docker_engine, built(NAME)), again(tree, "--no-cache")
    dependencies = base_layers(docker_engine, built(NAME)) + DEPENDENCIES - 1
    assert then[dependencies] == first[dependencies]
    assert then[dependencies - 1] != first[dependencies - 1], "that one came from the cache"

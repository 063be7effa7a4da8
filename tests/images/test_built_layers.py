"""Building again: what is unchanged stays, byte for byte."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.images.build import BY_NAME, Wish, trusted_bundle
from infra.images.engine import build
from tests.images.conftest import TAG

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
AGAIN = f"{TAG}-again"
NAME = "order-api"
# type, mode, date, name and target of everything, then the hashes of the files
LISTING = (
    "find opt | sort | xargs -d '\\n' stat --format '%F %a %Y %N' && "
    "find opt -type f | sort | xargs -d '\\n' sha256sum"
)

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

    def run(tree: Path) -> list[str]:
        made = replace(usual, context=tree, dockerfile=tree / BY_NAME[NAME].dockerfile)
        build(made)
        return layers(docker_engine, made.tag)

    yield run
    docker_engine.images.remove(usual.tag, noprune=True)


def layers(engine: Any, tag: str) -> list[str]:
    found: list[str] = engine.images.get(tag).attrs["RootFS"]["Layers"]
    return found


def dependencies(engine: Any, tag: str) -> int:
    """Which layer has the dependencies: above the base, and the user."""
    base = engine.images.get(tag).labels["org.opencontainers.image.base.name"]
    return len(layers(engine, base)) + 1


def install_steps() -> list[str]:
    """What the Dockerfile runs to install the dependencies."""
    text = (ROOT / BY_NAME[NAME].dockerfile).read_text()
    return re.findall(r"^RUN --mount=type=secret,id=ca sh install (.+)$", text, re.MULTILINE)


def test_an_unchanged_tree_gives_the_same_layers(
    docker_engine: Any, built: Name, again: Again, tree: Path
) -> None:
    place = dependencies(docker_engine, built(NAME))
    assert again(tree)[: place + 1] == layers(docker_engine, built(NAME))[: place + 1]


def test_an_edited_service_keeps_its_dependencies(
    docker_engine: Any, built: Name, again: Again, tree: Path
) -> None:
    with (tree / "services/order_api/app.py").open("a") as source:
        source.write("\nEDITED = True\n")
    first, then = layers(docker_engine, built(NAME)), again(tree)
    place = dependencies(docker_engine, built(NAME))
    assert then[place] == first[place]
    assert then[place + 1] != first[place + 1]


def test_installed_anew_the_dependencies_are_the_same_to_the_byte_and_the_second(
    docker_engine: Any, built: Name, said: Callable[..., str], tree: Path
) -> None:
    """As with an empty cache: the Dockerfile's steps in a container, compared with the image."""
    base = docker_engine.images.get(built(NAME)).labels["org.opencontainers.image.base.name"]
    with (tree / "uv.lock").open("a") as lock:
        lock.write("\n# a remark that changes nothing\n")
    bundle = trusted_bundle(os.environ)
    ca = {str(bundle): {"bind": "/run/secrets/ca", "mode": "ro"}} if bundle else {}
    steps = " && ".join(f"sh infra/images/install {step}" for step in install_steps())
    anew = said(
        base,
        *("sh", "-c", f"cp infra/images/tools.txt . && {steps} && cd /layer && {LISTING}"),
        working_dir="/build",
        volumes={str(tree): {"bind": "/build", "mode": "rw"}, **ca},
        read_only=False,
    )
    there = said(built(NAME), "sh", "-c", f"cd / && {LISTING}", user="0")
    assert there.count("\n") > 1000
    assert anew == there

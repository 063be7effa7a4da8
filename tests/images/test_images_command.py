"""`python -m infra.images.build`: what it builds, and what it says when it cannot.

What Docker and apt say was recorded from engine 20.10, client 28.2 and apt 2.6.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.images.build import BY_NAME, IMAGES, Wish, trusted_bundle
from infra.images.debian import KEYRING
from infra.images.engine import Build

ROOT = Path(__file__).parents[2]
NO_ENGINE = "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?"
CLOSED = (
    "permission denied while trying to connect to the Docker daemon socket at "
    "unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied"
)
NO_REGISTRY = (
    "ERROR: failed to solve: rpc error: code = Unknown desc = failed to solve with frontend "
    "dockerfile.v0: failed to create LLB definition: failed to do request: Head "
    '"https://registry-1.docker.io/v2/library/python/manifests/3.12-slim-bookworm": dial tcp: '
    "lookup registry-1.docker.io: no such host"
)
NO_MIRROR = "E: Failed to fetch http://nowhere/InRelease  Could not connect to nowhere:80"
BROKEN = "#9 0.412 error: Failed to parse uv.lock\nERROR: failed to solve: exit code: 2"

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only directory where the command finds programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def command(programs: Path) -> Command:
    """Runs the command with the programs of `programs`."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "infra.images.build", *words],
            cwd=ROOT,
            env={"PATH": str(programs)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def place(programs: Path, name: str, script: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
    (programs / name).chmod(0o755)


def docker_that_fails_to_build(programs: Path, log: str) -> None:
    case = f"case $1 in build) echo '{log}' >&2; exit 1;; image) exit 1;; *) echo 20.10;; esac"
    place(programs, "docker", case)


def test_without_docker(command: Command) -> None:
    done = command()
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "images: the command `docker` is missing",
        "hint: install Docker, or docker.io on Debian",
    ]


@pytest.mark.parametrize(
    ("said", "sentence", "hint"),
    [
        pytest.param(NO_ENGINE, "no Docker engine answers", "start Docker", id="no engine"),
        pytest.param(CLOSED, "socket is closed to this user", "the group docker", id="no rights"),
    ],
)
def test_without_an_engine(
    command: Command, programs: Path, said: str, sentence: str, hint: str
) -> None:
    place(programs, "docker", f"echo '{said}' >&2; exit 1")
    first, second = command().stderr.splitlines()
    assert sentence in first
    assert hint in second


def test_without_a_registry_it_says_how_to_do_without(command: Command, programs: Path) -> None:
    docker_that_fails_to_build(programs, NO_REGISTRY)
    first, second = command().stderr.splitlines()
    assert first == (
        "images: order-api:1 cannot be built, as python:3.12-slim-bookworm cannot be pulled: Head "
        '"https://registry-1.docker.io/v2/library/python/manifests/3.12-slim-bookworm": dial tcp: '
        "lookup registry-1.docker.io: no such host"
    )
    assert "--offline" in second


def test_a_build_that_fails_shows_the_end_of_its_log(command: Command, programs: Path) -> None:
    docker_that_fails_to_build(programs, BROKEN)
    done = command("order-api")
    assert done.returncode == 1
    assert "Failed to parse uv.lock" in done.stderr


def test_offline_without_apt(command: Command, programs: Path) -> None:
    docker_that_fails_to_build(programs, "")
    *_, first, second = command("--offline").stderr.splitlines()
    assert first.startswith("images: `apt-get` is missing")
    assert "install apt" in second


@pytest.mark.skipif(not KEYRING.exists(), reason="no Debian keys on this machine")
def test_offline_without_a_mirror(command: Command, programs: Path) -> None:
    docker_that_fails_to_build(programs, "")
    place(programs, "apt-get", f"echo '{NO_MIRROR}' >&2; exit 100")
    for name in ("dpkg-deb", "tar"):
        place(programs, name, "exit 1")
    *_, first, second = command("--offline").stderr.splitlines()
    assert first == f"images: Debian packages cannot be had: {NO_MIRROR}"
    assert "--mirror" in second


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["shop"], "there is no image 'shop'", id="no such image"),
        pytest.param(["rehearsal-postgres"], "--offline only", id="postgres with a registry"),
    ],
)
def test_wrong_usage(command: Command, words: list[str], sentence: str) -> None:
    done = command(*words)
    assert (done.returncode, done.stdout) == (64, "")
    assert sentence in done.stderr


def builds(wish: Wish) -> list[Build]:
    return [wish.build(image, None) for image in wish.images]


def test_the_names_are_those_that_the_settings_use() -> None:
    tags = {made.tag for made in builds(Wish(IMAGES, offline=False))}
    assert {"order-api:1", "inventory-api:1", "ecs-rehearsal:latest"} <= tags
    settings = (ROOT / "infra/app.tfvars.json").read_text()
    assert '"image": "order-api:1"' in settings
    assert '"image": "inventory-api:1"' in settings


def test_with_a_registry_the_dockerfiles_name_the_base() -> None:
    for made in builds(Wish(IMAGES, offline=False)):
        assert "BASE" not in made.arguments
        assert made.base == "python:3.12-slim-bookworm"


def test_a_tag_is_the_services_version() -> None:
    (made,) = builds(Wish((BY_NAME["order-api"],), offline=True, tag="7"))
    assert made.tag == "order-api:7"
    assert made.arguments == {"VERSION": "7", "BASE": "rehearsal-python:bookworm"}


def test_a_ca_bundle_is_a_secret_of_the_build_and_no_argument(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    assert trusted_bundle({"SSL_CERT_FILE": str(bundle)}) == bundle
    made = Wish(IMAGES, offline=False).build(IMAGES[0], bundle)
    assert f"id=ca,src={bundle}" in made.command()
    assert str(bundle) not in os.fspath(made.dockerfile) + str(made.arguments)

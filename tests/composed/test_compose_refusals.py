"""`rehearse up --compose` says in one sentence, with a hint, what is in its way."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.composed.fakeengine import fake_engine

PLUGIN = 'test "$1 $2" = "compose version" && echo 2.26.1 && exit 0\n'
PORTS = ("REHEARSE_PORT", "REHEARSE_HTTP_PORT", "REHEARSE_HTTPS_PORT")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    with fake_engine(tmp_path / "docker.sock") as host:
        yield host


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)


def bring_up(folder: Path, host: str, **more: str) -> tuple[int, str]:
    """The command with nothing on PATH but the folder `bin`, and free ports."""
    free = dict.fromkeys(PORTS, "1")
    environment = {**os.environ, **free, "PATH": str(folder / "bin"), "DOCKER_HOST": host, **more}
    done = subprocess.run(
        [sys.executable, "-m", "rehearse", "up", "--compose"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_no_engine(tmp_path: Path) -> None:
    code, said = bring_up(tmp_path, f"unix://{tmp_path}/none.sock")
    assert code == 1
    assert f"rehearse: no Docker engine: {tmp_path}/none.sock is not there\n" in said
    assert "hint: start Docker" in said


def test_an_engine_that_is_too_old(tmp_path: Path) -> None:
    with fake_engine(tmp_path / "old.sock", ApiVersion="1.30") as host:
        code, said = bring_up(tmp_path, host)
    assert code == 1
    assert "speaks API 1.30, 1.41 is needed" in said
    assert "hint: upgrade Docker" in said


def test_no_docker_command(tmp_path: Path, engine: str) -> None:
    code, said = bring_up(tmp_path, engine)
    assert code == 1
    assert "the command `docker` is missing\nhint: install Docker" in said


@pytest.mark.parametrize(
    ("first_version", "found"), [(True, "only Compose v1 (docker-compose)"), (False, "no Compose")]
)
def test_compose_v1_or_none(first_version: bool, found: str, tmp_path: Path, engine: str) -> None:
    program(
        tmp_path / "bin", "docker", "echo \"docker: 'compose' is not a docker command\" >&2\nexit 1"
    )
    if first_version:
        program(tmp_path / "bin", "docker-compose", "exit 0")
    code, said = bring_up(tmp_path, engine)
    assert code == 1
    assert f"Compose v2 is needed, and there is {found} here\nhint: install Docker's plugin" in said


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path, engine: str) -> None:
    program(tmp_path / "bin", "docker", PLUGIN)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        code, said = bring_up(tmp_path, engine, REHEARSE_HTTP_PORT=str(port))
    assert code == 1
    assert f"port {port} is taken by pid {os.getpid()} (" in said
    assert "hint: end it, or set REHEARSE_HTTP_PORT to another" in said


def test_a_port_that_is_none(tmp_path: Path, engine: str) -> None:
    program(tmp_path / "bin", "docker", PLUGIN)
    code, said = bring_up(tmp_path, engine, REHEARSE_PORT="http")
    assert (code, said) == (1, "rehearse: REHEARSE_PORT is 'http', which is no port\n")


def test_a_stack_that_does_not_come_up(tmp_path: Path, engine: str) -> None:
    program(tmp_path / "bin", "docker", PLUGIN + "echo no such image >&2\nexit 17")
    code, said = bring_up(tmp_path, engine)
    assert code == 1
    assert said.startswith("no such image\nrehearse: docker compose could not bring the stack up")
    assert "hint: `docker compose logs` tells more" in said


def test_a_stack_that_comes_up(tmp_path: Path, engine: str) -> None:
    program(tmp_path / "bin", "docker", PLUGIN + 'echo "$@" >&2')
    code, said = bring_up(tmp_path, engine)
    assert code == 0
    assert said.startswith("compose --file ")
    assert said.endswith("docker-compose.yml up --wait\n")


def test_the_engine_of_the_current_context_is_asked(tmp_path: Path) -> None:
    """As of Docker Desktop, or a rootless engine: the usual socket is not theirs."""
    name = hashlib.sha256(b"mine").hexdigest()
    meta = tmp_path / "config" / "contexts" / "meta" / name / "meta.json"
    meta.parent.mkdir(parents=True)
    (tmp_path / "config" / "config.json").write_text(json.dumps({"currentContext": "mine"}))
    with fake_engine(tmp_path / "mine.sock", ApiVersion="1.30") as host:
        endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
        meta.write_text(json.dumps({"Name": "mine", "Metadata": {}, "Endpoints": endpoints}))
        code, said = bring_up(tmp_path, "", DOCKER_CONFIG=str(tmp_path / "config"))
    assert code == 1
    assert f"the Docker engine at {host} speaks API 1.30" in said

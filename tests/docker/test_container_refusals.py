"""A plane in containers that cannot be: one sentence, what to do, an exit code, nothing left."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest

from tests.docker.foreign import foreign_image

pytestmark = pytest.mark.docker

UP = [sys.executable, "-m", "rehearse", "up", "--runtime", "docker"]
PORTS = ["--port", "0", "--http-port", "0", "--https-port", "0"]

Refused = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """`rehearse up --runtime docker` with these options, as it is refused."""

    def run(
        *words: str, host: str | None = None, before: tuple[str, ...] = ()
    ) -> "subprocess.CompletedProcess[str]":
        more = {"DOCKER_HOST": host} if host else {}
        done = subprocess.run(
            [*before, *UP, *PORTS, "--state-dir", str(tmp_path / "state"), *words],
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == 1, done.stderr
        said = done.stderr.strip().splitlines()
        assert len(said) == 2, said
        assert said[0].startswith("rehearse: ")
        assert said[1].startswith("hint: ")
        return done

    return run


def test_no_engine_at_its_socket(refused: Refused, tmp_path: Path) -> None:
    done = refused(host=f"unix://{tmp_path}/no.sock")
    assert f"no Docker engine: {tmp_path}/no.sock is not there" in done.stderr
    assert "hint: start Docker" in done.stderr


def test_a_socket_where_nobody_listens(refused: Refused, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
        done = refused(host=f"unix://{tmp_path}/left.sock")
    assert "no Docker engine answers at" in done.stderr
    assert "the connection was refused or broke off" in done.stderr


def test_no_engine_at_a_port(refused: Refused) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = refused(host=f"tcp://127.0.0.1:{port}")
    assert f"no Docker engine answers at tcp://127.0.0.1:{port}" in done.stderr
    assert "set DOCKER_HOST to where it listens" in done.stderr


def test_an_address_that_is_none(refused: Refused) -> None:
    assert "no Docker engine answers at gopher://x" in refused(host="gopher://x").stderr


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is missing")
def test_no_rights_on_the_socket(refused: Refused, tmp_path: Path) -> None:
    """Root too has none on a file of mode 0, once it has given up its capabilities."""
    path = tmp_path / "closed.sock"
    with socket.socket(socket.AF_UNIX) as owned:
        owned.bind(str(path))
        path.chmod(0)
        owned.listen()
        weak = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
        done = refused(host=f"unix://{path}", before=weak if os.geteuid() == 0 else ())
    assert f"no rights on the Docker socket {path}" in done.stderr
    assert "hint: add yourself to the group docker" in done.stderr


@pytest.fixture
def old_engine(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """An engine that says which API it speaks, and nothing else: its address."""
    servers: list[ThreadingUnixStreamServer] = []

    def start(version: str) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"ApiVersion": version, "Arch": "amd64"}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def address_string(self) -> str:
                return "unix"

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        server = ThreadingUnixStreamServer(str(tmp_path / "old.sock"), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"unix://{tmp_path}/old.sock"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("version", "said"),
    [
        pytest.param("1.40", "speaks API 1.40, 1.41 is needed", id="older than we need"),
        pytest.param("1.12", "1.41 is needed", id="older than the SDK allows"),
    ],
)
def test_an_engine_that_is_too_old(
    refused: Refused, old_engine: Callable[[str], str], version: str, said: str
) -> None:
    done = refused(host=old_engine(version))
    assert said in done.stderr
    assert "hint: upgrade Docker to 20.10 or newer" in done.stderr


def test_no_image_of_the_planes(refused: Refused, images: None) -> None:
    done = refused("--plane-image", "no-such-image:1")
    assert "the plane's image no-such-image:1 is not there\n" in done.stderr
    assert "hint: build it with `make images`" in done.stderr


def test_the_planes_image_is_for_another_architecture(
    refused: Refused, images: None, docker_engine: Any
) -> None:
    name = f"rehearse-test-docker-foreign:{os.getpid()}"
    with foreign_image(docker_engine.api, name):
        done = refused("--plane-image", name)
    assert f"the plane's image {name} is for s390x" in done.stderr
    assert "hint: build it on this machine with `make images`" in done.stderr

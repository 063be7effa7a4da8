"""A plane whose load balancer runs in a process of its own: `up --edge`."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plane.up import Up, await_gone, descendants, wait_for

pytestmark = pytest.mark.runtime

EDGE = (sys.executable, "-m", "infra.local.edge")


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """An edge's socket and process id."""
    path = tmp_path / "edge" / "edge.sock"
    path.parent.mkdir()
    process = subprocess.Popen([*EDGE, str(path)])
    try:
        wait_for(path.exists, 10)
        yield path, process.pid
    finally:
        process.terminate()
        assert process.wait(10) == 0


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(f"{url}/orders", timeout=5) as answer:
            code: int = answer.status
            return code
    except urllib.error.HTTPError as error:
        return error.code


def test_envoy_outlives_the_plane_and_not_its_end(
    edge: tuple[Path, int], make_plane: Callable[..., Up]
) -> None:
    path, pid = edge
    up = make_plane("--edge", str(path)).start()
    assert status(up.url) == 200
    family = up.family()
    os.kill(up.pid, signal.SIGKILL)
    await_gone(family)
    assert status(up.url) in (502, 503, 504)  # the tasks are gone, the load balancer is not
    up.stop()
    up.start()
    assert status(up.url) == 200
    assert up.stop() == 0
    assert len(descendants(pid)) == 1  # the edge itself


def test_an_edge_that_is_not_there_is_named(tmp_path: Path, make_plane: Callable[..., Up]) -> None:
    command = [sys.executable, "-m", "rehearse", "up", "--state-dir", str(tmp_path / "state")]
    up = make_plane()
    ports = up.arguments[4:]
    command += ["--edge", str(tmp_path / "none.sock"), *ports]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 1
    said = done.stderr.decode()
    assert "python -m infra.local.edge" in said
    assert "Traceback" not in said

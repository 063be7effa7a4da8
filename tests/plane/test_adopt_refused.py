"""`up --adopt` where there is nothing to adopt."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import containersite
from infra.local.options import Options, WrongOptionError
from infra.local.runtime import images
from infra.local.runtime.docker.environment import Environments


def test_a_process_plane_has_nothing_to_adopt(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rehearse", "up", "--adopt", "--port", "0"]
    done = subprocess.run(
        [*command, "--state-dir", str(tmp_path)], capture_output=True, timeout=60, check=False
    )
    said = done.stderr.decode()
    assert done.returncode == 64
    assert "--adopt cannot be used with --runtime process" in said
    assert "Traceback" not in said


def test_nor_has_a_plane_with_containers_on_a_host(tmp_path: Path) -> None:
    """It is refused before the engine is asked for anything."""
    options = Options(tmp_path, runtime="docker", adopt=True)
    environments = Environments(images.load(options.images), 1, {}, "service-connect")
    with pytest.raises(WrongOptionError, match="cannot be used by a plane on a host"):
        containersite._containers_on_host(options, ("a",), None, environments, lambda task: None)

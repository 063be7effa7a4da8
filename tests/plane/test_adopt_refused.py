"""`up --adopt` where there is nothing to adopt."""

import subprocess
import sys
from pathlib import Path


def test_a_process_plane_has_nothing_to_adopt(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rehearse", "up", "--adopt", "--port", "0"]
    done = subprocess.run(
        [*command, "--state-dir", str(tmp_path)], capture_output=True, timeout=60, check=False
    )
    said = done.stderr.decode()
    assert done.returncode == 64
    assert "--adopt cannot be used with --runtime process" in said
    assert "Traceback" not in said

"""Running the examples as a reader would."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 180
EXPORTS = 'eval "$(rehearse env)"'


@dataclass(frozen=True, slots=True)
class Shell:
    """A folder beside a plane, with our programs on PATH."""

    folder: Path

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run bash to the first failing command; kills it after a limit."""
        programs = Path(sys.executable).parent
        environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "AWS_PAGER": "",
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

"""Removes a plane's containers when the plane is gone, whatever way: `reaper.py PROJECT`.

Its standard input is a pipe that the plane holds. On a host nothing shall be left behind; a plane
in a container is taken over by the next one instead, and has no reaper. It holds the plane's
address pool as well, so that no other plane takes the project's name before all is removed.
"""

import subprocess
import sys

from infra.local.runtime.docker.engine import ERRORS, EngineError, connect
from infra.local.runtime.docker.sweep import sweep

END_LIMIT_S = 20.0


class Reaper:
    """The process, as its plane sees it. It dies by itself after the plane."""

    def __init__(self, project: str, pool: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.runtime.docker.reaper", project],
            stdin=subprocess.PIPE,
            pass_fds=(pool,),
            start_new_session=True,  # Ctrl-C is for the plane
        )

    def end(self) -> None:
        """Let it look once more, and wait for its end; one that hangs is ended."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main() -> int:
    sys.stdin.buffer.read()
    try:
        sweep(connect(), sys.argv[1])
    except (EngineError, *ERRORS) as error:
        print(f"containers of {sys.argv[1]} may be left: {error}", file=sys.stderr)  # noqa: T201 - its only words
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Starting the keeper: a process that outlives this one by what must be put back."""

import contextlib
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from chaos.target import Place, TargetOptions
from chaos.undo import Undo

COMMAND = (sys.executable, "-m", "chaos.keeper")
LOG = "keeper.log"
RELEASED = "released"
RELEASE_SECONDS = 5.0


def make_keeper(place: Place, folder: Path) -> "KeeperProcess | None":
    """A keeper for a target that another process can reach; nothing is started yet."""
    return None if place.reach is None else KeeperProcess(place.reach, folder)


class KeeperProcess:
    """Implements chaos.undo.Keeper: told of every undo through a pipe, which is its lifeline too.

    It is started with the first undo. If it cannot be told any more it is gone: then the runner
    alone is left to undo, as ever.
    """

    def __init__(self, options: TargetOptions, folder: Path) -> None:
        self._options, self._folder = options, folder
        self._process: subprocess.Popen[bytes] | None = None

    def remember(self, undo: Undo) -> None:
        if self._process is None:
            self._process = self._start()
            self._tell(asdict(self._options))
        self._tell(asdict(undo))

    def release(self) -> None:
        """All is undone: the keeper ends without doing anything."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.closed:
            return
        self._tell(RELEASED)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(RELEASE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        with (self._folder / LOG).open("wb") as log:
            return subprocess.Popen(
                [*COMMAND, str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a terminal's Ctrl-C is for the runner
            )

    def _tell(self, document: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(document).encode() + b"\n")
            self._process.stdin.flush()

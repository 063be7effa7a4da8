"""A plane's state directory: one plane at a time, and where to find the one that runs."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO


class AlreadyRunningError(Exception):
    """Another plane uses this state directory; the message says which."""


class StateFolder:
    """Holds the directory from `__init__` to `close`; a plane that was killed holds it no more."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock: TextIO = (path / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            found = read_plane(path) or {}
            raise AlreadyRunningError(
                f"a plane already runs on {path} (pid {found.get('pid', 'unknown')}, "
                f"{found.get('endpoint', 'still starting')})"
            ) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        (path / "plane.json").unlink(missing_ok=True)

    def publish(self, facts: Mapping[str, object]) -> None:
        """Say where the plane is: `plane.json`, there as long as the plane is ready."""
        draft = self.path / ".plane.json.new"
        draft.write_text(json.dumps({"pid": os.getpid(), **facts}, indent=2) + "\n")
        draft.replace(self.path / "plane.json")

    def close(self) -> None:
        (self.path / "plane.json").unlink(missing_ok=True)
        self._lock.close()


def find_pid(path: Path) -> int | None:
    """The process that holds the state directory, ready or not; None if none does."""
    if not (path / "lock").exists() or not _is_held(path):
        return None
    return int((path / "lock").read_text() or 0) or None


def read_plane(path: Path) -> dict[str, Any] | None:
    """What the plane on this state directory published; None if none runs there."""
    try:
        found: dict[str, Any] = json.loads((path / "plane.json").read_text())
    except (OSError, ValueError):
        return None
    return found if _is_held(path) else None


def _is_held(path: Path) -> bool:
    with (path / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def run_directory(pool: int) -> Path:
    """An empty directory with a short path, for Unix sockets: one per address pool.

    What a killed plane of the same pool left there is removed. Raises PermissionError if another
    user made the directory above it.
    """
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    mine = base / f"rehearse-{os.getuid()}"
    mine.mkdir(mode=0o700, exist_ok=True)
    if mine.stat().st_uid != os.getuid():
        raise PermissionError(f"{mine} belongs to another user; remove it or set XDG_RUNTIME_DIR")
    path = mine / str(pool)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path

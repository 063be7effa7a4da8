"""A throwaway PostgreSQL on a Unix socket of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.services.waiting import LONGEST_WAIT, wait_for


def find_binaries() -> Path | None:
    """The directory of initdb and postgres, or None where they are not installed."""
    found = shutil.which("initdb")
    known = [Path(found).resolve().parent] if found else []
    known += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((b for b in known if (b / "initdb").exists() and (b / "postgres").exists()), None)


@contextlib.contextmanager
def running_cluster(binaries: Path) -> Iterator[str]:
    """A running server's URL; nothing is left of it afterwards."""
    user = "nobody" if os.geteuid() == 0 else None  # initdb refuses root
    directory = Path(tempfile.mkdtemp(prefix="pg-"))  # short, as a socket's path must be
    try:
        if user:
            shutil.chown(directory, user)
        _create(binaries, directory, user)
        server = _start(binaries, directory, user)
        try:
            log = directory / "log"
            wait_for(lambda: b"ready to accept" in log.read_bytes(), "PostgreSQL")
            yield f"postgresql:///postgres?host={directory}&user=tester"
        finally:
            server.send_signal(signal.SIGINT)  # "fast shutdown"
            server.wait(LONGEST_WAIT)
    finally:
        shutil.rmtree(directory)


def _create(binaries: Path, directory: Path, user: str | None) -> None:
    options = ["-A", "trust", "-U", "tester", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [binaries / "initdb", "-D", directory / "data", *options],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user,
        cwd=directory,
    )


def _start(binaries: Path, directory: Path, user: str | None) -> subprocess.Popen[bytes]:
    settings = ["listen_addresses=", "fsync=off", f"unix_socket_directories={directory}"]
    options = [word for setting in settings for word in ("-c", setting)]
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", directory / "data", *options],
            user=user,
            cwd=directory,
            stdout=log,
            stderr=log,
        )

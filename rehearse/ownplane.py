"""A plane of a drill's own: started on free ports, and gone with the drill however it ends."""

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearse.errors import fail

READY_LIMIT_S = 90
STOP_LIMIT_S = 30  # containers take the longest


@dataclass(frozen=True, slots=True)
class OwnPlane:
    """How a drill's own plane is to run."""

    scale: int
    tempo: str
    stop_task_order: str
    runtime: str = "process"


@contextmanager
def own_plane(own: OwnPlane) -> Iterator[str]:
    """Start a plane, give its AWS endpoint, stop it. Ends the command if it does not start."""
    state = Path(tempfile.mkdtemp(prefix="rehearse-drill-"))
    try:
        with _started(state, own) as endpoint:
            yield endpoint
    finally:
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def _started(state: Path, own: OwnPlane) -> Iterator[str]:
    port, http_port, https_port = _free_ports(3)
    read_end, write_end = os.pipe()
    command = [sys.executable, "-m", "rehearse", "up", "--lifeline", "--ready-fd", str(write_end)]
    command += ["--state-dir", str(state), "--time-scale", str(own.scale)]
    command += ["--runtime", own.runtime]
    command += ["--tempo", own.tempo, "--stop-task-order", own.stop_task_order]
    command += ["--port", str(port), "--http-port", str(http_port), "--https-port", str(https_port)]
    with (state / "up.log").open("w") as log:
        plane = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=(write_end,),
            start_new_session=True,  # Ctrl-C is for the drill, which then lets go of the lifeline
        )
    os.close(write_end)
    try:
        _await_ready(plane, read_end, state)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.close(read_end)
        _stop(plane)


def _await_ready(plane: "subprocess.Popen[bytes]", read_end: int, state: Path) -> None:
    told, _, _ = select.select([read_end], [], [], READY_LIMIT_S)
    if not told or not os.read(read_end, 16):
        said = (state / "up.log").read_text().strip()
        fail(f"the drill's own plane did not start: {said or 'it said nothing'}")


def _stop(plane: "subprocess.Popen[bytes]") -> None:
    assert plane.stdin is not None
    plane.stdin.close()
    try:
        plane.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        plane.kill()
        plane.wait()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        socks = [held.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]

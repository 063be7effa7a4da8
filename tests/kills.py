"""Endings at random moments: of `up`, of a drill's runner, of its load, by every signal.

Whatever ends how: nothing of ours is left five seconds later, the exit code is right, and the next
plane works. The seed is printed; the same seed gives the same moments.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.plane.up import Process, Up, await_gone, descendants, wait_for

SEED = 20261123
RUNNER_DRILL = [
    "drill",
    "rolling-deploy",
    "--time-scale",
    "20",
    "--rate",
    "50",
    "--arrivals",
    "800",
]
LATEST_S = 14.0
ENDED_S = 30.0


@dataclass(frozen=True, slots=True)
class Ending:
    """Send `signals` to the victim; `codes` are the exit codes that the command may have."""

    victim: str  # up, runner or load
    signals: tuple[signal.Signals, ...]
    codes: tuple[int, ...]


TERM, INT, KILL = signal.SIGTERM, signal.SIGINT, signal.SIGKILL
ENDINGS = (
    Ending("up", (TERM,), (0,)),
    Ending("up", (INT, INT), (130,)),
    Ending("up", (KILL,), (-9,)),
    Ending("runner", (TERM,), (130,)),
    Ending("runner", (INT, INT), (130,)),
    Ending("runner", (KILL,), (-9,)),
    # the drill goes on and finds that load or plane are missing; or was over already
    Ending("load", (TERM,), (2, 0)),
    Ending("load", (INT, INT), (2, 0)),
    Ending("load", (KILL,), (2, 0)),
)


def run(seed: int = SEED) -> dict[str, Any]:
    """Every ending once, at moments drawn from the seed. Raises AssertionError."""
    draw = random.Random(seed)
    seen = []
    for ending in ENDINGS:
        after_s = draw.uniform(0.2, LATEST_S)
        with tempfile.TemporaryDirectory(prefix="rehearse-kill-") as folder:
            kill_up = ending.victim == "up"
            code = (
                end_up(ending, after_s, Path(folder))
                if kill_up
                else (end_drill(ending, after_s, Path(folder)))
            )
        assert code in ending.codes, (ending, after_s, code)
        seen.append(
            f"{ending.victim} {'+'.join(s.name for s in ending.signals)}"
            f" after {after_s:.1f} s: {code}"
        )
    return {"seed": seed, "endings": seen}


def end_up(ending: Ending, after_s: float, folder: Path) -> int:
    """End a plane in the foreground, starting or started, and start another one there."""
    up = Up(folder / "state")
    with up.log.open("w") as log:
        up.process = subprocess.Popen(
            [sys.executable, "-m", "rehearse", "up", *up.arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    time.sleep(after_s)
    family = up.family()
    _send(up.pid, ending)
    code = up.process.wait(ENDED_S)
    await_gone(family)
    again = Up(up.state).start()
    assert httpx.get(f"{again.url}/orders").status_code == 200
    assert again.stop() == 0
    return code


def end_drill(ending: Ending, after_s: float, folder: Path) -> int:
    """End a drill's runner or its load; the drill has a plane of its own."""
    out = folder / "runs"
    with (folder / "drill.log").open("w") as log:
        runner = subprocess.Popen(
            [sys.executable, "-m", "rehearse", *RUNNER_DRILL, "--out", str(out)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=folder,
        )  # fmt: skip
    family: set[Process] = set()
    if ending.victim == "load":
        wait_for(lambda: _load_of(runner.pid), 60)
    deadline = time.monotonic() + after_s
    while time.monotonic() < deadline and runner.poll() is None:
        family |= descendants(runner.pid)
        time.sleep(0.1)
    family |= descendants(runner.pid)
    victim = runner.pid if ending.victim == "runner" else _load_of(runner.pid)
    if victim is not None and runner.poll() is None:
        _send(victim, ending)
    code = runner.wait(120)
    await_gone(family)
    return code


def _send(pid: int, ending: Ending) -> None:
    for number in ending.signals:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        time.sleep(0.2)


def _load_of(root: int) -> int | None:
    for pid, _ in sorted(descendants(root)):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"loadtest" in words:
            return pid
    return None

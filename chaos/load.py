"""The load: a subprocess that dies with us."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos.errors import InvalidError
from chaos.stop import Deadline, Stop

LOAD_COMMAND = (sys.executable, "-m", "loadtest")
STARTED = b"load: started"
START_SECONDS = 40.0
KILL_SECONDS = 2.0
TAIL_BYTES = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What to offer: arrivals per real second; `longest_seconds` of the long exports, unscaled.

    `duration_seconds` (real) is a bound only in a drill: its runner stops the load when it has
    enough. `options` are more words for the command; `environment` is for what none may read.
    """

    url: str
    rate: float
    record: Path
    time_scale: float
    seed: int
    longest_seconds: float
    duration_seconds: float
    ca_file: str | None = None
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def arguments(self) -> list[str]:
        given = {
            "--host": self.url,
            "--rate": f"{self.rate:g}",
            "--record": str(self.record),
            "--time-scale": f"{self.time_scale:g}",
            "--duration": f"{self.duration_seconds:g}",
            "--longest": f"{self.longest_seconds:g}",
            "--seed": str(self.seed),
        }
        if self.ca_file:
            given["--ca"] = self.ca_file
        return [*(word for pair in given.items() for word in pair), *self.options]


class Load:
    """One load process. Its stdin is a pipe of ours: it ends when we do, whatever way we end."""

    def __init__(self, plan: LoadPlan, command: Sequence[str] = LOAD_COMMAND) -> None:
        self.plan = plan
        self._command = [*command, *plan.arguments()]
        self._log = plan.record.with_name("load.log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, stop: Stop) -> None:
        """Start it and wait for its first arrival; InvalidError if that does not come."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self.plan.environment,
                start_new_session=True,  # a terminal's Ctrl-C is for us to handle
            )
        deadline = Deadline(START_SECONDS)
        while STARTED not in self._log.read_bytes():
            if (why := self.ended) is not None:
                raise InvalidError(f"the load did not start: {why}")
            if deadline.over:
                raise InvalidError(f"the load sent nothing within {START_SECONDS:.0f} s")
            stop.wait(0.05)

    @property
    def ended(self) -> str | None:
        """How the process ended, with its last words; None while it runs."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        if code < 0:
            return f"killed by signal {-code}"
        last = self._log.read_bytes()[-TAIL_BYTES:].decode(errors="replace").strip().splitlines()
        return f"exit code {code}{': ' + last[-1] if last else ''}"

    @property
    def done(self) -> bool:
        """True once it has offered all it was to offer, and ended well by itself."""
        return self._process is not None and self._process.poll() == 0

    def finish(self) -> str | None:
        """No new arrivals; wait for those in flight. A sentence if it did not end well."""
        process = self._process
        if process is None:
            return "the load was never started"
        if (why := self.ended) is not None:
            return f"the load ended by itself ({why})"
        process.send_signal(signal.SIGTERM)
        limit = self.plan.longest_seconds / self.plan.time_scale + 10.0
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            return f"the load did not finish within {limit:.0f} s of SIGTERM and was killed"
        self._close_lifeline()
        return None if process.returncode == 0 else f"the load failed ({self.ended})"

    def kill(self) -> None:
        """End it at once: by its lifeline, then by SIGKILL. Safe to call at any time."""
        process = self._process
        if process is None:
            return
        self._close_lifeline()
        try:
            process.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(KILL_SECONDS)

    def _close_lifeline(self) -> None:
        if self._process and self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

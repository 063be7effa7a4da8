"""Fault switches for drills, from the environment only, refused unless FAULTS=allow.

They make this program start slowly, be sick, crash or ignore SIGTERM, so that a drill can ask
what the platform makes of it. A production task definition never carries FAULTS.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from services.order_api.variables import SettingsError, read_number, read_switch, refuse

NAMES = (
    "FAULT_START_DELAY_SECONDS",
    "FAULT_SICK_HEALTHZ",
    "FAULT_CRASH_AFTER_SECONDS",
    "FAULT_IGNORE_SIGTERM",
)
LONGEST_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Faults:
    """All off by default. `crash_after_seconds` counts from the start of the process."""

    start_delay_seconds: float = 0.0
    sick_healthz: bool = False
    crash_after_seconds: float | None = None
    ignore_sigterm: bool = False


def read_faults(environ: Mapping[str, str]) -> Faults:
    """The faults asked for; SettingsError when one is unknown, wrong or not allowed."""
    present = sorted(n for n, v in environ.items() if n.startswith("FAULT_") and v.strip())
    _check_allowed(environ, present)
    crash_asked = "FAULT_CRASH_AFTER_SECONDS" in present
    crash_after = read_number(environ, "FAULT_CRASH_AFTER_SECONDS", 0, 0, LONGEST_SECONDS)
    return Faults(
        start_delay_seconds=read_number(
            environ, "FAULT_START_DELAY_SECONDS", 0, 0, LONGEST_SECONDS
        ),
        sick_healthz=read_switch(environ, "FAULT_SICK_HEALTHZ"),
        crash_after_seconds=crash_after if crash_asked else None,
        ignore_sigterm=read_switch(environ, "FAULT_IGNORE_SIGTERM"),
    )


def _check_allowed(environ: Mapping[str, str], present: list[str]) -> None:
    allowance = environ.get("FAULTS", "").strip()
    if allowance not in ("", "allow"):
        raise refuse("FAULTS", allowance, "be 'allow' or unset", "unset it in production")
    for name in present:
        if name not in NAMES:
            known = ", ".join(NAMES)
            raise SettingsError(
                f"{name} is {environ[name][:200]!r}: there is no such fault; use one of {known}."
            )
        if allowance != "allow":
            raise SettingsError(
                f"{name} is {environ[name][:200]!r}: faults are refused unless FAULTS=allow; "
                f"remove {name}, or set FAULTS=allow for a drill."
            )


def arm(faults: Faults) -> None:
    """Switch on the faults that concern the whole process. Call once, before serving."""
    if faults.ignore_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if faults.crash_after_seconds is not None:
        timer = threading.Timer(faults.crash_after_seconds, _crash)
        timer.daemon = True
        timer.start()


def _crash() -> None:
    sys.stderr.write("fault: exit 1, as FAULT_CRASH_AFTER_SECONDS asks\n")
    sys.stderr.flush()
    os._exit(1)

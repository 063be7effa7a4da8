# mypy: untyped-calls-exclude=locust
"""`python -m loadtest`: one load, headless, for drills and pipelines.

Exit codes: 0 whatever requests failed, 2 the load could not start or broke, 64 wrong usage.
"""

import argparse
import math
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from loadtest.settings import (
    HEADER_HELP,
    WRONG_USAGE,
    Settings,
    SettingsError,
    add_options,
    read_settings,
)

if TYPE_CHECKING:
    from loadtest.start import Part

_MOST_PROCESSES = 64
_LOOPBACK = "127.0.0.1"
_STOP_SPARE_S = 5  # Locust's own limit comes after ours
_PASSED_ON = (  # options of both
    *("scenario", "rate", "duration", "mix", "path", "record"),
    *("time-scale", "ca", "longest", "seed"),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}; hint: python -m loadtest --help")


def main(arguments: Sequence[str]) -> int:
    """Run one load to its end; the exit code."""
    try:
        options = _make_parser().parse_args(arguments)
        settings = read_settings(options)
        _check(settings, options)
    except SettingsError as error:
        sys.stderr.write(f"loadtest: {error}\n")
        return WRONG_USAGE
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    _run(settings, options)


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m loadtest", description=__doc__, allow_abbrev=False)
    parser.add_argument("--host", required=True, help="URL of the service, or of its load balancer")
    parser.add_argument("--processes", type=int, default=1, help="generators to share the rate")
    parser.add_argument("--header", action="append", help=HEADER_HELP)
    add_options(parser)
    return parser


def _check(settings: Settings, options: argparse.Namespace) -> None:
    if options.processes not in range(1, _MOST_PROCESSES + 1):
        raise SettingsError(
            f"--processes is {options.processes}; hint: it must be 1 to {_MOST_PROCESSES}"
        )
    if settings.record is not None and settings.record.exists():
        raise SettingsError(f"--record {settings.record} exists; hint: give each load a new file")


def _leave(number: int, frame: FrameType | None) -> None:
    """A signal before the load began; Locust's own handler takes over once it runs."""
    raise SystemExit(0)


def _run(settings: Settings, options: argparse.Namespace) -> NoReturn:
    """Hand over to Locust, in this process. Imported late: it patches the standard library."""
    from locust import events
    from locust.main import main as run_locust

    from loadtest.arrivals import arrivals_started

    events.init.add_listener(_listen)
    events.quit.add_listener(_deafen)
    arrivals_started.add_listener(_announce)
    sys.argv = ["locust", *_translate(settings, options)]
    run_locust()
    raise AssertionError("Locust's main ends by SystemExit")


def _translate(settings: Settings, options: argparse.Namespace) -> list[str]:
    """Our options as Locust's."""
    translated = {
        "--locustfile": Path(__file__).with_name("locustfile.py"),
        "--host": settings.host,
        "--stop-timeout": math.ceil(settings.drain_s) + _STOP_SPARE_S,
        "--exit-code-on-error": 0,
        "--loglevel": "WARNING",
    }
    for name in _PASSED_ON:
        translated[f"--{name}"] = getattr(options, name.replace("-", "_"))
    if options.processes > 1:
        translated["--processes"] = options.processes
        translated["--master-bind-host"] = translated["--master-host"] = _LOOPBACK
        translated["--master-bind-port"] = translated["--master-port"] = _find_port()
    headers = [f"--header={header}" for header in options.header or ()]
    return ["--headless", "--only-summary", *(f"{k}={v}" for k, v in translated.items()), *headers]


def _find_port() -> int:
    """A port of this machine that is free now, for Locust's master and its workers."""
    with socket.create_server((_LOOPBACK, 0)) as server:
        return int(server.getsockname()[1])


def _listen(**_: object) -> None:
    """Runs in every generator process: end with the parent, and on Ctrl-C as on SIGTERM."""
    import gevent

    from loadtest.lifeline import watch_lifeline

    gevent.signal_handler(signal.SIGINT, os.kill, os.getpid(), signal.SIGTERM)
    watch_lifeline(_abandon)


def _deafen(**_: object) -> None:
    """All is done and the exit code known: a signal now must not kill what is ending well."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _abandon() -> None:
    from loadtest.arrivals import ArrivalRateUser

    ArrivalRateUser.abandoned.set()
    os.kill(os.getpid(), signal.SIGTERM)


def _announce(part: "Part") -> None:
    if part.index == 0:
        sys.stdout.write("load: started\n")
        sys.stdout.flush()

"""Running a plane in this process, until a signal or the lifeline ends it.

Kept apart from the command line, as it imports the whole plane.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import anyio
import click

from infra.local import plane
from infra.local.edge.protocol import EdgeUnreachableError
from infra.local.folder import AlreadyRunningError
from infra.local.options import Options, WrongOptionError
from infra.local.proxy.errors import EnvoyMissingError
from infra.local.runtime.addresses import OutOfAddressesError
from infra.local.runtime.images import CatalogueError
from infra.local.runtime.protocol import RuntimeUnavailableError
from infra.local.server import PortTakenError
from infra.local.settings import WrongSettingsError
from infra.local.tempo import WrongProfileError
from infra.local.terraform.errors import NoRootError, TerraformError
from rehearse.errors import INTERRUPTED, USAGE, fail, ignore_signals
from rehearse.here import STATE_DIR

WRONG_INPUT = (
    WrongOptionError,
    WrongSettingsError,
    WrongProfileError,
    CatalogueError,
    NoRootError,
)
REFUSED = (
    AlreadyRunningError,
    EdgeUnreachableError,
    EnvoyMissingError,
    OutOfAddressesError,
    PortTakenError,
    PermissionError,
    RuntimeUnavailableError,
    TerraformError,
    plane.ApplyError,
)
HINTS = {
    AlreadyRunningError: "stop it with `rehearse down`, or choose another --state-dir",
    PortTakenError: "end that process, or choose others with --port, --http-port, --https-port",
    WrongSettingsError: "infra/app.schema.json says what is allowed",
}


def run_foreground(options: Options, *, lifeline: bool, ready_fd: int | None) -> int:
    """Run until SIGTERM (0), SIGINT (130) or the lifeline's end (0); a refusal ends with `fail`."""
    errors: list[BaseException] = []
    try:
        return anyio.run(_run, options, lifeline, ready_fd)
    except* (*WRONG_INPUT, *REFUSED) as group:
        errors.append(_first(group))  # to exit here would raise a group in Python 3.11.2
    finally:
        ignore_signals()
    (error,) = errors
    code = USAGE if isinstance(error, WRONG_INPUT) else 1
    fail(str(error), code=code, hint=_hint(error))


def _hint(error: BaseException) -> str | None:
    """An error knows its remedy, or its class has one."""
    own: str | None = getattr(error, "hint", None)
    return own or HINTS.get(type(error))  # type: ignore[arg-type] # by exact class


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _run(options: Options, lifeline: bool, ready_fd: int | None) -> int:
    codes: list[int] = []  # of the signals that came
    with anyio.CancelScope() as scope:
        _take_signals(scope, codes)
        async with anyio.create_task_group() as tasks:
            if lifeline:
                tasks.start_soon(_watch_stdin, scope.cancel)
            await plane.run(options, lambda facts: _ready(facts, options, ready_fd), _tell)
    return codes[0] if codes else 0


def _take_signals(scope: anyio.CancelScope, codes: list[int]) -> None:
    """Let the first signal end the plane. Later ones, to the very end, must not cut that short.

    That is why these are plain handlers: a loop's own are gone before the process is.
    """
    loop = asyncio.get_running_loop()

    def take(number: int, frame: FrameType | None) -> None:
        codes.append(INTERRUPTED if number == signal.SIGINT else 0)
        if len(codes) == 1:
            loop.call_soon_threadsafe(scope.cancel)

    signal.signal(signal.SIGTERM, take)
    signal.signal(signal.SIGINT, take)


async def _watch_stdin(gone: Callable[[], None]) -> None:
    while True:
        await anyio.wait_readable(sys.stdin)
        if not os.read(sys.stdin.fileno(), 4096):
            gone()
            return


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _terraform(options: Options) -> str:
    """The command that runs terraform on this plane's root."""
    where = "" if options.state_dir == STATE_DIR else f" --state-dir {options.state_dir}"
    return f"rehearse terraform{where}"


def _ready(facts: dict[str, Any], options: Options, ready_fd: int | None) -> None:
    click.echo(
        f"ready: {facts['url']} and {facts['https_url']} (AWS endpoint {facts['endpoint']}, "
        f"page {facts['endpoint']}/_rehearse/)",
        err=True,
    )
    if facts["terraform"]:
        click.echo(f"after a change: `{_terraform(options)} apply`", err=True)
    for notice in facts["notices"]:
        click.echo(notice, err=True)
    for name in facts["unsteady"]:
        click.echo(f"{name} is not steady yet: see `rehearse events {name}`", err=True)
    if facts["composed"] and not os.environ.get("DOCKER_HOST"):
        click.echo(
            "this plane has Docker's socket, and with it the whole machine: docs/guides/compose.md"
            " tells of a socket proxy",
            err=True,
        )
    for limit in facts["limits"]:
        click.echo(f"not emulated here: {limit}", err=True)
    if ready_fd is not None:
        os.write(ready_fd, b"ready\n")
        os.close(ready_fd)

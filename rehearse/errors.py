"""How a command fails: one sentence, a hint, an exit code."""

import signal
import sys
from typing import NoReturn

import click

USAGE = 64
INTERNAL = 70
INTERRUPTED = 130


def ignore_signals() -> None:
    """For a command's last moments: the exit code is decided, another Ctrl-C changes nothing.

    An ignored signal stays ignored while the interpreter shuts down; a handled one kills it then.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def fail(sentence: str, *, code: int = 1, hint: str | None = None) -> NoReturn:
    """End the command with a sentence on stderr and, if there is one, what to do."""
    click.echo(f"rehearse: {sentence}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    sys.exit(code)

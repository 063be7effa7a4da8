"""How a command fails: one sentence, a hint, an exit code."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
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


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that everything is undone; exit code 130."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        ignore_signals()
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    finally:
        ignore_signals()


def fail(sentence: str, *, code: int = 1, hint: str | None = None) -> NoReturn:
    """End the command with a sentence on stderr and, if there is one, what to do."""
    click.echo(f"rehearse: {sentence}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    sys.exit(code)

"""How a command fails: one sentence, a hint, an exit code."""

import sys
from typing import NoReturn

import click

USAGE = 64
INTERNAL = 70
INTERRUPTED = 130


def fail(sentence: str, *, code: int = 1, hint: str | None = None) -> NoReturn:
    """End the command with a sentence on stderr and, if there is one, what to do."""
    click.echo(f"rehearse: {sentence}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    sys.exit(code)

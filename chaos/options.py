"""What the command line gives besides the target."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos.load import LOAD_COMMAND


def _to_stdout(text: str) -> None:
    sys.stdout.write(text + "\n")


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteOptions:
    """Where to write, how to show it, and what to run it with.

    `show` takes the data (tables, plans), `say` the talk. `rate` and `arrivals` None: each
    drill's own.
    """

    out: Path = Path("runs")
    rate: float | None = None
    arrivals: int | None = None
    seed: int = 1
    path: str = ""
    colour: bool = False
    width: int = 100
    load_command: Sequence[str] = LOAD_COMMAND
    show: Callable[[str], None] = field(default=_to_stdout)
    say: Callable[[str], None] = field(default=_to_stderr)

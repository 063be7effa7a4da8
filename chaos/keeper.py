"""`python -m chaos.keeper RUN_DIR`: puts back what a killed runner left changed.

Reads JSON lines from standard input: the target's options, then one undo each. Ends when it is
told that all is undone. If the input ends before that, the runner is dead: the undos are carried
out, last in first out, and recorded in the run's journal.
"""

import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.keeping import RELEASED

if TYPE_CHECKING:  # imported late: the keeper costs next to nothing while it only waits
    from chaos.target import Target, TargetOptions
    from chaos.undo import Undo

PATIENCE_SECONDS = 60.0  # for AWS; a local plane that does not answer is gone, and its tasks too
PAUSE_SECONDS = 1.0


def main(folder: Path) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # what ends the runner must not end its keeper
    lines = [json.loads(line) for line in sys.stdin]
    if not lines or lines[-1] == RELEASED:
        return 0
    return _put_back(folder, lines[0], lines[1:])


def _put_back(folder: Path, options: object, documents: Sequence[object]) -> int:
    from chaos.codec import decode
    from chaos.target import TargetOptions
    from chaos.undo import Undo

    found = decode(TargetOptions, options)
    undos = [decode(Undo, document) for document in documents]
    target = _reach(found)
    return 1 if target is None else _undo(folder, found, target, undos)


def _reach(options: "TargetOptions") -> "Target | None":
    """The target; None once there is no hope that it answers."""
    from chaos.errors import DrillError
    from chaos.resolve import resolve

    deadline = time.monotonic() + (PATIENCE_SECONDS if options.kind == "aws" else 0.0)
    while True:
        try:
            return resolve(options)
        except DrillError as error:
            if time.monotonic() >= deadline:
                sys.stderr.write(f"the target cannot be reached: {error}\n")
                return None
        time.sleep(PAUSE_SECONDS)


def _undo(folder: Path, options: "TargetOptions", target: "Target", undos: "list[Undo]") -> int:
    from chaos.undo import carry_out, undo_all

    code = 0
    with (folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
        journal.write("\n")  # the runner may have died in the middle of a line
        for undo, problem, _ in undo_all(undos, lambda undo: carry_out(undo, target)):
            journal.write(_line(undo, problem))
            if problem:
                code = 1
                if _reach(options) is None:
                    break
    return code


def _line(undo: "Undo", problem: str) -> str:
    from chaos.clock import Clock
    from chaos.entries import Step
    from chaos.journal import encode

    text = f"by the keeper, as the runner was killed: {undo.text}"
    name, more = ("undo failed", f": {problem}") if problem else ("undo", "")
    return encode(Step(at_ms=Clock().now_ms(), name=name, text=text + more))


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

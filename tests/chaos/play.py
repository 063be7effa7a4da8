"""One short drill against the fake target: imported, or as a process of its own.

`play.py FOLDER VARIANT [--drill NAME] [--mode MODE] [--undo-fails] [--never-settles]`.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from chaos.drill import Drill, Offer, Variant
from chaos.drills.rolling_deploy import ROLLING_DEPLOY
from chaos.effect import BREAKER, DELAY
from chaos.run import Run
from chaos.runner import Order, run_drill
from chaos.suite import find_drills, judge_folder
from chaos.verdict import Verdict
from tests.chaos.fake import FakeTarget, front

LOAD = (sys.executable, str(Path(__file__).with_name("fake_load.py")))
SHORT = Offer(rate=100.0, arrivals=150, baseline_real_seconds=0.3, tail_real_seconds=0.2)


def play(
    folder: Path,
    target: FakeTarget,
    variant: Variant = Variant.FIXED,
    mode: str = "good",
    drill: Drill = ROLLING_DEPLOY,
) -> tuple[Run, Verdict]:
    """Run and judge; the target's url must be served."""
    folder.mkdir(parents=True, exist_ok=True)
    short = replace(drill, offer=SHORT)
    order = Order(drill=short, variant=variant, load_command=(*LOAD, "--mode", mode), say=_say)
    run = run_drill(order, target, folder)
    _, verdict = judge_folder(folder)
    return run, verdict


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("variant", type=Variant)
    parser.add_argument("--drill", default="rolling-deploy")
    parser.add_argument("--mode", default="good")
    parser.add_argument("--undo-fails", action="store_true")
    parser.add_argument("--never-settles", action="store_true")
    options = parser.parse_args()
    target = FakeTarget(never_settles=options.never_settles)
    if options.undo_fails:
        target.refuse.add("undo")
    with front(target):
        (drill,) = find_drills([options.drill])
        _, verdict = play(options.folder, target, options.variant, options.mode, drill)
    left = {DELAY: target.delays, BREAKER: target.breaker.enable, "deployed": target.deployed}
    (options.folder / "left.json").write_text(json.dumps(left))
    return verdict.outcome.exit_code


if __name__ == "__main__":
    raise SystemExit(main())

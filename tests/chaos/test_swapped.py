"""Broken variants swapped on a real plane: each run is found guilty of what was done in it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.drill import Drill, Variant
from chaos.drills.bad_image import BAD_IMAGE
from chaos.drills.crash_on_start import CRASH_ON_START
from chaos.outcome import Outcome
from chaos.resolve import resolve
from chaos.runner import Order, run_drill
from chaos.suite import judge_folder
from chaos.target import TargetOptions
from tests.plane.up import Up

pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("plane") / "state", scale=10).start()
    yield up
    up.stop()


@pytest.mark.parametrize(
    ("judge", "played"),
    [(CRASH_ON_START, BAD_IMAGE), (BAD_IMAGE, CRASH_ON_START)],
    ids=["bad-image played as crash-on-start", "crash-on-start played as bad-image"],
)
def test_the_cause_is_that_of_the_steps(
    judge: Drill, played: Drill, plane: Up, tmp_path: Path
) -> None:
    drill = replace(judge, steps=played.steps)
    target = resolve(TargetOptions(endpoint_url=plane.endpoint))
    run_drill(Order(drill=drill, variant=Variant.BROKEN), target, tmp_path)
    _, verdict = judge_folder(tmp_path)
    assert verdict.run.drill == judge.name
    assert verdict.outcome is Outcome.FAIL, verdict.reason
    assert verdict.causes == (played.expected,)
    assert judge.expected is not played.expected

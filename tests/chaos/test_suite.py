"""What the command line calls: plans, refusals, and what `both` demands."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.causes import Cause
from chaos.drill import Drill, Variant
from chaos.drills import all_drills, core_drills
from chaos.entries import AccessSeen
from chaos.errors import UsageError
from chaos.options import SuiteOptions
from chaos.result import RunResult
from chaos.suite import find_drills, run_suite
from chaos.target import Target, TargetOptions
from tests.chaos.builder import RunBuilder, deployment
from tests.chaos.fake import FakeTarget
from tests.chaos.results import play

NAMES = ["rolling-deploy"]


def suite(
    variant: str, target: FakeTarget, *, plan_only: bool = False, names: Sequence[str] = NAMES
) -> tuple[int, str]:
    """Run with the fake target; the exit code and everything that was said and shown."""
    words: list[str] = []
    options = SuiteOptions(out=Path("/nonexistent"), show=words.append, say=words.append)
    code = run_suite(
        names,
        variant,
        TargetOptions(),
        plan_only=plan_only,
        options=options,
        find_target=lambda _: target,
    )
    return code, "\n".join(words)


def test_a_plan_acts_on_nothing() -> None:
    target = FakeTarget()
    code, text = suite("both", target, plan_only=True)
    assert code == 0
    assert "ModifyTargetGroupAttributes order-api: deregistration_delay" in text
    assert "UpdateService inventory-api" in text
    assert (target.history, target.registered, target.deployed) == ([], [], {})


def test_a_plan_names_the_services_that_the_drill_acts_on_and_its_changes() -> None:
    _, text = suite("both", FakeTarget(), plan_only=True, names=["slow-start", "bad-image"])
    steps = [line for line in text.splitlines() if "UpdateService" in line]
    assert not [line for line in steps if "inventory-api" in line]
    assert "UpdateService order-api: healthCheckGracePeriodSeconds=0 (put back at the end)" in text
    assert "FAULT_START_DELAY_SECONDS=30" in text
    assert "image tag no-such-tag-of-a-drill" in text
    assert "deploymentCircuitBreaker.enable=false" in text


def test_settings_of_others_need_to_be_allowed() -> None:
    code, text = suite("broken", FakeTarget(allow_settings=False))
    assert code == 64
    assert "--allow-settings" in text


def test_an_unknown_variant_is_wrong_usage() -> None:
    code, text = suite("borken", FakeTarget())
    assert (code, "fixed, broken, both" in text) == (64, True)


def test_an_unknown_drill_is_named() -> None:
    with pytest.raises(UsageError, match="no drill 'rolling-deplyo'; there are: rolling-deploy"):
        find_drills(["rolling-deplyo"])


def test_no_name_means_the_core_set_in_its_order() -> None:
    assert find_drills([]) == core_drills() == all_drills()[: len(core_drills())]


Play = Callable[[Drill, Variant, Target, SuiteOptions], RunResult]


def playing(tmp_path: Path, **builders: RunBuilder) -> Play:
    """Recorded runs in place of real ones, by variant."""

    def instead(drill: Drill, variant: Variant, target: Target, options: SuiteOptions) -> RunResult:
        return play(tmp_path / variant.value, builders[variant.value])

    return instead


def unexplained() -> RunBuilder:
    builder = deployment(delay_seconds=5.0)
    builder.drop(AccessSeen)
    builder.requests = [
        row if row.error is None else replace(row, error="timeout", task=None)
        for row in builder.requests
    ]
    return builder


def passing_as_broken() -> RunBuilder:
    builder = deployment()
    builder.run = replace(builder.run, variant="broken")
    return builder


@pytest.mark.parametrize(
    ("broken", "fixed", "code", "words"),
    [
        pytest.param(
            deployment(5.0), deployment(), 0, "failed as it must", id="broken fails, fixed passes"
        ),
        pytest.param(
            passing_as_broken(), deployment(), 1, "did not find", id="the broken one passes"
        ),
        pytest.param(
            unexplained(), deployment(), 1, "but not for", id="the broken one fails otherwise"
        ),
        pytest.param(deployment(5.0), RunBuilder(), 2, "PASS", id="the fixed one cannot be judged"),
    ],
)
def test_both_demands_fail_and_pass(
    broken: RunBuilder,
    fixed: RunBuilder,
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chaos.suite._run_one", playing(tmp_path, broken=broken, fixed=fixed))
    said: list[str] = []
    options = SuiteOptions(out=tmp_path, show=said.append, say=said.append)
    target = FakeTarget()
    found = run_suite(NAMES, "both", TargetOptions(), options=options, find_target=lambda _: target)
    assert found == code
    assert words in "\n".join(said) or words == "PASS"
    assert (tmp_path / "junit.xml").read_text().count("<testsuite ") == 2
    page = (tmp_path / "report.html").read_text()
    links = re.findall(r'href="([^"]*)"', page)
    assert set(links) == {"broken/report.html", "fixed/report.html"}
    assert page.count("as demanded") >= 2
    assert "rolling-deploy (broken)" in (tmp_path / "summary.md").read_text()


def test_a_suite_that_is_interrupted_leaves_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = deployment()
    stopped.run = replace(stopped.run, ending="INTERRUPTED", why="Ctrl-C", variant="broken")
    monkeypatch.setattr("chaos.suite._run_one", playing(tmp_path, broken=stopped))
    options = SuiteOptions(out=tmp_path, show=lambda _: None, say=lambda _: None)
    code = run_suite(
        NAMES, "both", TargetOptions(), options=options, find_target=lambda _: FakeTarget()
    )
    assert code == 130
    for name in ("report.html", "summary.md", "junit.xml"):
        assert "rolling-deploy (fixed)" in (tmp_path / name).read_text()
        assert "not run" in (tmp_path / name).read_text()


@pytest.mark.parametrize("drill", all_drills(), ids=lambda drill: drill.name)
def test_each_drill_is_a_whole(drill: Drill) -> None:
    assert set(drill.steps) == set(Variant)
    assert drill.question.endswith("?")
    assert any(check.premise for check in drill.checks)
    assert drill.expected is not Cause.UNKNOWN
    assert len({check.name for check in drill.checks}) == len(drill.checks)

"""What the benchmark measures: a state of a hundred resources, and a fleet of twenty services.

How long it takes is printed by `python -m tests.checklist.bench`, and judged there: a test on a
machine with other work would say little.
"""

from pathlib import Path

import pytest

from infra.checklist.check import check, read_files
from infra.checklist.documents import Kind, load
from infra.checklist.fleet import Standing
from infra.checklist.waivers import WaiverFile
from tests.checklist.bench import CASES, LIMITS_S, copies, main
from tests.checklist.stored import TODAY


def test_the_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told] == list(LIMITS_S) == list(CASES)


def test_a_hundred_resources_are_a_hundred(tmp_path: Path) -> None:
    assert len(load(CASES["100 resources"](tmp_path), Kind.STATE)) == 100


def standings(path: Path) -> list[Standing]:
    report = check(read_files([path], Kind.STATE), WaiverFile(), TODAY)
    return report.standings()


def test_the_fleet_is_twenty_services_in_which_nothing_is_wrong(tmp_path: Path) -> None:
    found = standings(CASES["20 services"](tmp_path))
    assert len(found) == 20
    assert not any(one.errors or one.warnings or one.unknown for one in found)


def test_the_fleets_worst_service_comes_first(tmp_path: Path) -> None:
    path = copies(tmp_path, 10)
    text = path.read_text()
    before = '"deployment_minimum_healthy_percent": 100'
    path.write_text(text.replace(before, before.replace("100", "0"), 1))
    first, *rest = standings(path)
    assert first.errors == 1
    assert not any(one.errors for one in rest)

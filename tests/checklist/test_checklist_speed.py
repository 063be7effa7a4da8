"""A check is quick enough to run at every commit."""

from pathlib import Path

import pytest

from infra.checklist.check import check, read_files
from infra.checklist.documents import Kind
from infra.checklist.waivers import WaiverFile
from tests.checklist.bench import CASES, LIMITS_S, seconds
from tests.checklist.stored import TODAY


@pytest.mark.parametrize("name", CASES)
def test_it_is_quick(name: str, tmp_path: Path) -> None:
    assert seconds(CASES[name](tmp_path)) < LIMITS_S[name]


def test_the_fleet_is_twenty_services_in_which_nothing_is_wrong(tmp_path: Path) -> None:
    facts = read_files([CASES["20 services"](tmp_path)], Kind.STATE)
    report = check(facts, WaiverFile(), TODAY)
    assert len(report.standings()) == 20
    assert (report.errors, report.unknown) == (0, 0)

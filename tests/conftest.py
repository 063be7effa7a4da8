"""For all tests: where nothing may be missing, a skipped test fails (CI sets this)."""

import os
from collections.abc import Generator

import pytest

REFUSE_SKIPS = "REHEARSE_REFUSE_SKIPS"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if os.environ.get(REFUSE_SKIPS) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which {REFUSE_SKIPS} refuses: {report.longrepr}"
    return report

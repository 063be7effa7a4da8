"""For all tests: where nothing may be missing, a skipped test fails (CI sets this)."""

import os
import signal
from collections.abc import Generator, Iterator
from typing import Any

import docker
import pytest

from infra.images.engine import ImagesError, check_engine

REFUSE_SKIPS = "REHEARSE_REFUSE_SKIPS"
os.environ["REHEARSE_COMPOSED"] = (
    "off"  # no test finds the stack of docker compose that may run here
)
ENGINE_LIMIT_S = 60
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # as in a shell's background job: all that the tests start and interrupt would ignore it, too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Any]:
    """A client of the Docker engine; where none answers, the test is skipped with the reason."""
    try:
        check_engine()  # the SDK leaves a socket open where none answers
    except ImagesError as error:
        pytest.skip(str(error))
    client = docker.from_env(timeout=ENGINE_LIMIT_S)
    yield client
    client.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if os.environ.get(REFUSE_SKIPS) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which {REFUSE_SKIPS} refuses: {report.longrepr}"
    return report

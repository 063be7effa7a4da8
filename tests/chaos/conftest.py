"""What tests of drills share."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.clock import Clock
from chaos.drill import Stage
from chaos.journal import Journal, write_run
from chaos.stop import Stop
from chaos.undo import UndoStack
from tests.chaos.builder import make_run
from tests.chaos.fake import FakeTarget


@pytest.fixture
def free_endpoint() -> str:
    """A loopback URL that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage whose drill acts on order-api alone."""
    write_run(tmp_path, make_run())
    journal, clock, target = Journal(tmp_path), Clock(), FakeTarget()
    setups = target.setups()
    yield Stage(
        target=target,
        setups=setups,
        subjects=setups[1:],
        journal=journal,
        clock=clock,
        undo=UndoStack(journal, clock.now_ms),
        stop=Stop(),
        marker="m",
    )
    journal.close()

"""Fixtures of the tests of adoption."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a story keeps its records; made anew by each."""
    return tmp_path / "state"

"""Waiting for conditions instead of sleeping for luck."""

import time
from collections.abc import Callable

LONGEST_WAIT = 20.0


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until `condition` holds; fail with `what` after LONGEST_WAIT seconds."""
    deadline = time.monotonic() + LONGEST_WAIT
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {LONGEST_WAIT} s"
        time.sleep(0.01)

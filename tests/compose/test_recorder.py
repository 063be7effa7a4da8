"""Two runs that did the same in other steps look alike; two that did something else do not."""

import pytest

from tests.compose.recorder import together

GONE, DRAIN = "(service a) deregistered {} targets in (g)", "(service a) draining {} tasks."
STOPPED = "(service a) has stopped {} running tasks: {}"


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (
            [GONE.format(1), DRAIN.format(1), GONE.format(1), DRAIN.format(1)],
            [GONE.format(2), DRAIN.format(2)],
        ),
        ([GONE.format(2), DRAIN.format(2)], [GONE.format(2), DRAIN.format(2)]),
        (
            [GONE.format(1), "(service a) has reached a steady state.", GONE.format(1)],
            [GONE.format(1), "(service a) has reached a steady state.", GONE.format(1)],
        ),
        (["no count", "no count"], ["no count", "no count"]),
        (
            [STOPPED.format(1, "(task ID)."), STOPPED.format(2, "(task ID) (task ID).")],
            [STOPPED.format(3, "(task ID)")],
        ),
    ],
)
def test_steps_do_not_count(texts: list[str], wanted: list[str]) -> None:
    assert together(texts) == wanted

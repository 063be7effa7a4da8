"""The lookout: asks once with what it found; a look that fails ends the run too."""

from chaos.lookout import Found, Lookout
from chaos.outcome import Outcome
from tests.plane.up import wait_for


def asked(looks: list[Found | Exception | None]) -> list[Found]:
    """Let a lookout have these looks, one after the other; what it asked for."""
    told: list[Found] = []

    def look() -> Found | None:
        found = looks.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    lookout = Lookout(look, lambda outcome, why: told.append((outcome, why)))
    lookout.start()
    wait_for(lambda: told, 10)
    lookout.close()
    return told


def test_it_asks_once_with_the_first_reason() -> None:
    assert asked([None, (Outcome.ABORTED, "first"), (Outcome.ABORTED, "second")]) == [
        (Outcome.ABORTED, "first")
    ]


def test_a_look_that_fails_is_an_error_of_ours() -> None:
    ((outcome, why),) = asked([ValueError("no such column")])
    assert outcome is Outcome.ERROR
    assert "no such column" in why


def test_it_may_be_closed_without_having_started() -> None:
    lookout = Lookout(lambda: None, lambda outcome, why: None)
    lookout.close()
    lookout.close()

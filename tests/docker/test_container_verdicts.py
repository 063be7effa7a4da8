"""How a container ended, by what the engine says of it."""

from typing import Any

import pytest
import requests
from docker.errors import APIError

from infra.local.runtime.docker.inspection import OUT_OF_MEMORY, verdict


class Engine:
    """Says this of every container."""

    def __init__(self, said: dict[str, Any] | Exception) -> None:
        self._said = said

    def inspect_container(self, _: str) -> dict[str, Any]:
        if isinstance(self._said, Exception):
            raise self._said
        return {"State": self._said}


def state(status: str, code: int = 0, oom: bool = False) -> dict[str, Any]:
    return {"Status": status, "ExitCode": code, "OOMKilled": oom}


def absent() -> APIError:
    answer = requests.Response()
    answer.status_code = 404
    return APIError("no such container", response=answer)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(state("exited", 3), (3, None), id="it ended by itself"),
        pytest.param(state("exited", 137), (137, None), id="it was killed"),
        pytest.param(
            state("exited", 137, oom=True), (137, OUT_OF_MEMORY), id="it was killed for its memory"
        ),
        pytest.param(
            state("exited", 0, oom=True), (0, None), id="only a child was killed for its memory"
        ),
        pytest.param(
            state("exited", 1, oom=True), (1, None), id="it ended because a child was killed so"
        ),
        pytest.param(state("running", oom=True), (None, None), id="it lives on after that"),
        pytest.param(state("paused"), (None, None), id="it is frozen"),
        pytest.param(state("created", 127), (None, None), id="it never started"),
        pytest.param(state("dead", 137), (137, None), id="the engine could not remove it"),
        pytest.param(absent(), (137, None), id="it has been removed"),
    ],
)
def test_verdicts(
    said: dict[str, Any] | Exception, expected: tuple[int | None, str | None]
) -> None:
    assert verdict(Engine(said), "c") == expected


def test_an_engine_that_does_not_answer_gives_none() -> None:
    with pytest.raises(requests.ConnectionError):
        verdict(Engine(requests.ConnectionError("gone")), "c")

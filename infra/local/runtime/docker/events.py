"""Hearing of containers' ends, also across a restart of the engine."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from infra.local.runtime.docker import labels
from infra.local.runtime.docker.engine import ERRORS

AGAIN_S = 0.3  # after the stream of events broke off


class Ends:
    """Calls `ended` with a container's id after each end, and `lost` whenever some may have been
    missed: the stream began, or began again. Both are called in a thread of its own, at any time;
    if the engine fails them, the stream begins again.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - untyped SDK
        project: str,
        ended: Callable[[str], None],
        lost: Callable[[], None],
    ) -> None:
        self._client = client
        self._project = project
        self._ended = ended
        self._lost = lost
        self._closing = threading.Event()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._run, name="docker-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        stream = self._stream
        if stream is not None:
            with suppress(*ERRORS):  # it broke off at this moment
                stream.close()

    def _run(self) -> None:
        chosen = {**labels.filters(self._project), "event": ["die"]}
        while not self._closing.is_set():
            try:
                self._stream = self._client.events(filters=chosen, decode=True)
                if self._closing.is_set():
                    return
                self._lost()
                for event in self._stream:
                    self._ended(event["id"])
            except ERRORS:
                self._stream = None
            self._closing.wait(AGAIN_S)

# mypy: untyped-calls-exclude=locust
"""What surrounds a load in one Locust process: the recorder, its flushes, the end."""

import json
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

import gevent
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from loadtest.arrivals import arrivals_ended, arrivals_started
from loadtest.clock import now_ms
from loadtest.ending import end_load, fail_load
from loadtest.recorder import Recorder, RequestRow, WriteRow
from loadtest.settings import Settings, read_settings
from loadtest.start import Part, load_began
from loadtest.users import write_known

_FLUSH_S = 0.05  # a flush of many rows would hold up the arrivals that are due meanwhile
_MASTER_SPARE_S = 1.0
_LIBRARIES = ("locust", "geventhttpclient", "gevent")


class Session:
    """Listens to Locust and to our own hooks; Locust's page may start and stop it many times."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._recorder: Recorder | None = None
        self._part: Part | None = None

    def attach(self) -> None:
        """Start listening."""
        events = self._environment.events
        events.test_start.add_listener(self._begin)
        events.test_stop.add_listener(self._end)
        events.request.add_listener(self._keep_request)
        events.user_error.add_listener(self._fail)
        arrivals_started.add_listener(self._note_start)
        load_began.add_listener(self._await_end)
        arrivals_ended.add_listener(self._finish)
        write_known.add_listener(self._keep_write)

    def _begin(self, **_: object) -> None:
        settings = self._read_settings()
        master = isinstance(self._environment.runner, MasterRunner)
        if settings.record is not None and not master:
            self._open(settings.record, settings)

    def _read_settings(self) -> Settings:
        return read_settings(self._environment.parsed_options, self._environment.host)

    def _await_end(self, start_ms: float) -> None:
        """Workers end their arrivals by themselves; then the master ends the load."""
        shape = self._read_settings().shape
        if isinstance(self._environment.runner, MasterRunner) and not shape.endless:
            wait_s = (start_ms - now_ms()) / 1000 + shape.seconds + _MASTER_SPARE_S
            gevent.spawn_later(wait_s, end_load, self._environment)

    def _note_start(self, part: Part) -> None:
        if self._recorder is not None:
            self._recorder.note(
                {
                    "load": part.load_id,
                    "started_ms": part.start_ms,
                    "generators": part.share,
                    f"generator {part.index}": "started",
                }
            )
            self._part = part

    def _keep_request(self, context: dict[str, object], **_: object) -> None:
        row = context.get("row")
        if self._recorder is not None and isinstance(row, RequestRow):
            self._recorder.requests.append(row)

    def _keep_write(self, row: WriteRow) -> None:
        if self._recorder is not None:
            self._recorder.writes.append(row)

    def _fail(self, exception: BaseException, **_: object) -> None:
        """A crash of the load's own code makes its numbers worthless."""
        sentence = f"the load itself failed: {exception!r}; hint: report this as a bug"
        fail_load(self._environment, sentence)

    def _finish(self) -> None:
        if isinstance(self._environment.runner, LocalRunner):  # of workers, the master ends all
            end_load(self._environment)

    def _end(self, **_: object) -> None:
        """The file is complete once this returns. Locust may call it twice."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        try:
            recorder.note({"ended_ms": now_ms()} | self._ended())
            recorder.close()
        except sqlite3.Error as error:
            self._fail_recording(error)

    def _ended(self) -> dict[str, object]:
        part, self._part = self._part, None
        return {f"generator {part.index}": "ended"} if part else {}

    def _open(self, path: Path, settings: Settings) -> None:
        try:
            self._recorder = Recorder(path)
            self._recorder.note(_describe(settings))
        except sqlite3.Error as error:
            self._recorder = None
            self._fail_recording(error)
        else:
            gevent.spawn(self._keep_flushing, self._recorder)

    def _keep_flushing(self, recorder: Recorder) -> None:
        while recorder is self._recorder:
            try:
                recorder.flush()
            except sqlite3.Error as error:
                self._fail_recording(error)
                return
            gevent.sleep(_FLUSH_S)

    def _fail_recording(self, error: sqlite3.Error) -> None:
        sentence = f"cannot write the record: {error}; hint: is --record on a disk with space?"
        fail_load(self._environment, sentence)


def _describe(settings: Settings) -> dict[str, object]:
    versions = {name: version(name) for name in _LIBRARIES} | {"python": platform.python_version()}
    return {
        "rate": settings.shape.peak,
        "stages": settings.shape,
        "time_scale": settings.time_scale,
        "host": settings.host,
        "scenario": settings.scenario,
        "mix": settings.path or settings.mix,
        "seed": settings.seed,
        "longest": settings.longest_s,
        "self_test": "passed",
        "versions": json.dumps(versions),
    }

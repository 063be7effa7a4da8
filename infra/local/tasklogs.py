"""The tasks' output as CloudWatch Logs has it: `api.logs.LogSource` over the containers' files."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path

from infra.local.api.logs import LogLine
from infra.local.control.environment import SpecMaker
from infra.local.runtime.logs import read
from infra.local.store import Store


class TaskLogs:
    """Reads the files of every container whose task definition writes to the asked log group."""

    def __init__(self, records: Store, specs: SpecMaker) -> None:
        self._records = records
        self._specs = specs

    def lines(
        self, group: str, start_ms: int | None, end_ms: int | None, limit: int
    ) -> Sequence[LogLine]:
        """The first `limit` lines with start_ms <= at_ms < end_ms, by time."""
        last_ms = None if end_ms is None else end_ms - 1
        streams = (
            [
                LogLine(stream, at_ms, text)
                for at_ms, text in read(path, start_ms or 0, last_ms, limit)
            ]
            for stream, path in self._streams(group)
        )
        return list(islice(merge(*streams, key=lambda line: (line.at_ms, line.stream)), limit))

    def _streams(self, group: str) -> Iterator[tuple[str, Path]]:
        for task in self._records.tasks.values():
            definition = self._records.definitions[task.task_definition]
            for container in definition.containers:
                if container.log_group == group:
                    parts = (container.log_stream_prefix, container.name, task.id)
                    path = self._specs.log_path(task.id, container.name)
                    yield "/".join(part for part in parts if part), path

"""CloudWatch Logs: the tasks' lines, read from wherever the plane keeps them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from infra.local.api.context import Context
from infra.local.api.errors import ApiError
from infra.local.api.pagination import page, with_token
from infra.local.store import Document, Task

EVENTS_MAX = 10_000
LINES_MAX = 100_000
_TERM = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a container: `stream` is `prefix/container/taskid`, `message` has no newline."""

    stream: str
    at_ms: int
    message: str


class LogSource(Protocol):
    """Where the tasks' lines are."""

    def lines(
        self, group: str, start_ms: int | None, end_ms: int | None, limit: int
    ) -> Sequence[LogLine]:
        """The first `limit` lines with start_ms <= at_ms < end_ms, by time, always in one order."""


@dataclass(slots=True)
class _Group:
    created_ms: int
    retention: int | None = None  # days
    tags: dict[str, str] = field(default_factory=dict)


class Logs:
    """A group exists when it was created, or when a task definition writes to it."""

    def __init__(self, context: Context, source: LogSource) -> None:
        self._context = context
        self._store = context.store
        self._source = source
        self._groups: dict[str, _Group] = {}

    async def filter_log_events(self, params: Document) -> Document:
        """Lines by time. A page may be empty and still have a nextToken, as on AWS."""
        group = self._require(params)
        wanted = _pattern(params.get("filterPattern", ""))
        limit = params.get("limit", EVENTS_MAX)
        end = None if "endTime" not in params else params["endTime"] + 1
        start, skip = _read_token(params.get("nextToken"), params.get("startTime"))
        lines = self._source.lines(group, start, end, limit + skip + 1)[skip:]
        given = lines[:limit]
        matching = (x for x in given if _in_streams(x, params) and wanted(x.message))
        events = [_event(line) for line in matching]
        token = _write_token(given, start, skip) if len(lines) > limit else None
        return with_token({"events": events, "searchedLogStreams": []}, "nextToken", token)

    async def get_log_events(self, params: Document) -> Document:
        """One stream's lines: the last ones, or the first with startFromHead."""
        group, limit = self._require(params), params.get("limit", EVENTS_MAX)
        times = params.get("startTime"), params.get("endTime")
        stream = params["logStreamName"]
        lines = [x for x in self._source.lines(group, *times, LINES_MAX) if x.stream == stream]
        if not lines and stream not in {name for name, _ in self._streams(group)}:
            raise _missing("stream")
        first = _first(params, len(lines), limit)
        found = lines[max(0, first) : first + limit]
        return {
            "events": [_plain(line) for line in found],
            "nextForwardToken": f"f/{max(0, first) + len(found)}",
            "nextBackwardToken": f"b/{max(0, first)}",
        }

    async def describe_log_streams(self, params: Document) -> Document:
        group, prefix = self._require(params), params.get("logStreamNamePrefix", "")
        by_time = params.get("orderBy") == "LastEventTime"
        streams = [(name, task) for name, task in self._streams(group) if name.startswith(prefix)]
        found, token = page(
            streams,
            lambda pair: (pair[1].created_ms if by_time else 0, pair[0]),
            params.get("limit", 50),
            params.get("nextToken"),
            descending=params.get("descending", False),
        )
        arn = self._arn(group)
        documents = [
            {
                "logStreamName": name,
                "creationTime": task.created_ms,
                "arn": f"{arn}:log-stream:{name}",
                "storedBytes": 0,
            }
            for name, task in found
        ]
        return with_token({"logStreams": documents}, "nextToken", token)

    async def describe_log_groups(self, params: Document) -> Document:
        prefix, pattern = (
            params.get("logGroupNamePrefix", ""),
            params.get("logGroupNamePattern", ""),
        )
        names = [n for n in self._known() if n.startswith(prefix) and pattern in n]
        limit = params.get("limit", 50)
        found, token = page(names, lambda name: (name,), limit, params.get("nextToken"))
        groups = [self._describe(name) for name in found]
        return with_token({"logGroups": groups}, "nextToken", token)

    async def create_log_group(self, params: Document) -> Document:
        name = params["logGroupName"]
        if name in self._groups:
            message = "The specified log group already exists"
            raise ApiError("ResourceAlreadyExistsException", message)
        if len(self._groups) >= EVENTS_MAX:
            raise ApiError("LimitExceededException", f"{EVENTS_MAX} log groups exist: delete one")
        self._groups[name] = _Group(self._context.now_ms(), tags=params.get("tags", {}))
        return {}

    async def put_retention_policy(self, params: Document) -> Document:
        """Kept and returned; the plane's lines end with the plane."""
        self._own(params["logGroupName"]).retention = params["retentionInDays"]
        return {}

    async def delete_log_group(self, params: Document) -> Document:
        self._own(params["logGroupName"])
        del self._groups[params["logGroupName"]]
        return {}

    async def list_tags_for_resource(self, params: Document) -> Document:
        return {"tags": self._own(_name_of(params["resourceArn"])).tags}

    async def tag_resource(self, params: Document) -> Document:
        self._own(_name_of(params["resourceArn"])).tags.update(params["tags"])
        return {}

    async def untag_resource(self, params: Document) -> Document:
        tags = self._own(_name_of(params["resourceArn"])).tags
        for key in params["tagKeys"]:
            tags.pop(key, None)
        return {}

    def _own(self, name: str) -> _Group:
        if name not in self._known():
            raise _missing("group")
        return self._groups.setdefault(name, _Group(self._context.now_ms()))

    def _require(self, params: Document) -> str:
        name = _name_of(params.get("logGroupIdentifier") or params.get("logGroupName") or "")
        if name not in self._known():
            raise _missing("group")
        return name

    def _known(self) -> set[str]:
        definitions = self._store.definitions.values()
        written = {c.log_group for d in definitions for c in d.containers if c.log_group}
        return written | set(self._groups)

    def _streams(self, group: str) -> Iterator[tuple[str, Task]]:
        """Names as the awslogs driver makes them on Fargate, and their tasks."""
        for task in self._store.tasks.values():
            for container in self._store.definitions[task.task_definition].containers:
                if container.log_group == group:
                    prefix = container.log_stream_prefix
                    yield "/".join(filter(None, (prefix, container.name, task.id))), task

    def _describe(self, name: str) -> Document:
        group = self._groups.get(name, _Group(0))
        document = {
            "logGroupName": name,
            "creationTime": group.created_ms,
            "metricFilterCount": 0,
            "arn": f"{self._arn(name)}:*",
            "logGroupArn": self._arn(name),
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
        }
        return document | ({"retentionInDays": group.retention} if group.retention else {})

    def _arn(self, name: str) -> str:
        return self._store.arn("logs", f"log-group:{name}")


def _name_of(reference: str) -> str:
    """A group's name of its name or ARN."""
    return reference.partition(":log-group:")[2].removesuffix(":*") or reference


def _missing(what: str) -> ApiError:
    return ApiError("ResourceNotFoundException", f"The specified log {what} does not exist.")


def _in_streams(line: LogLine, params: Document) -> bool:
    names = params.get("logStreamNames")
    return (not names or line.stream in names) and line.stream.startswith(
        params.get("logStreamNamePrefix", "")
    )


def _pattern(text: str) -> Callable[[str], bool]:
    """Terms that all must be in the message, in quotes if they have blanks; `-term` must not be."""
    if text.lstrip().startswith(("{", "[", "%")):
        message = f"filterPattern {text!r} is not emulated: use plain or quoted terms"
        raise ApiError("InvalidParameterException", message)
    terms = [(quoted or plain) for quoted, plain in _TERM.findall(text)]
    return lambda message: all(
        (term[1:] not in message) if term.startswith("-") else term in message for term in terms
    )


def _event(line: LogLine) -> Document:
    identity = f"{line.at_ms}/{line.stream}/{abs(hash(line.message))}"
    return {"logStreamName": line.stream, "eventId": identity, **_plain(line)}


def _plain(line: LogLine) -> Document:
    return {"timestamp": line.at_ms, "message": line.message or " ", "ingestionTime": line.at_ms}


def _first(params: Document, count: int, limit: int) -> int:
    """Index of the first line to give; negative when fewer than `limit` come before a token."""
    kind, _, index = params.get("nextToken", "").partition("/")
    if kind in ("f", "b") and index.isdecimal():
        return min(int(index), count) if kind == "f" else int(index) - limit
    if kind:
        raise ApiError("InvalidParameterException", "The specified nextToken is invalid.")
    return 0 if params.get("startFromHead", False) else max(0, count - limit)


def _write_token(given: Sequence[LogLine], start: int | None, skip: int) -> str:
    """Where the next page starts: a time, and how many lines of that time were given."""
    last = given[-1].at_ms
    before = skip if last == start else 0
    return f"{last}/{before + sum(line.at_ms == last for line in given)}"


def _read_token(token: str | None, start: int | None) -> tuple[int | None, int]:
    if token is None:
        return start, 0
    at, _, skip = token.partition("/")
    if not at.isdecimal() or not skip.isdecimal() or int(skip) > LINES_MAX:
        raise ApiError("InvalidParameterException", "The specified nextToken is invalid.")
    return int(at), int(skip)

"""Why a deployment does not come up: what the circuit breaker counted, how its tasks ended."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from chaos.following.facts import Exit, Followed, Sight, TaskFact
from chaos.target import EventView, ServiceView

SHOWN_MAX = 6
_SIDECAR = "ecs-service-connect-"
_TASK = re.compile(r"\(task [0-9a-f]{32}\) ?")
TELLING = (
    "is unhealthy in",
    "failed container health checks",
    "was unable to place a task",
    "unable to consistently start tasks",
    "was unable to stop or start tasks",
    "operations are being throttled",
)


def explain(followed: Followed, sight: Sight) -> tuple[str, ...]:
    """Sentences, the most telling first; none when nothing went wrong."""
    parts = [*_breaker(followed, sight), *_endings(sight.ended)]
    parts += [e for e in _events(sight.service, followed.since_ms) if not _is_said(e, parts)]
    return tuple(parts[:SHOWN_MAX])


def _is_said(event: str, parts: list[str]) -> bool:
    """Its reason is that of the tasks which ended."""
    _, found, reason = event.partition("Reason: ")
    return bool(found) and any(reason.rstrip(".") in part for part in parts)


def _breaker(followed: Followed, sight: Sight) -> Iterator[str]:
    release = sight.release_of(followed.deployment)
    if release is None or not release.failures:
        return
    limit = f" of {release.threshold}" if release.threshold else ""
    said = {"TRIGGERED": " and tripped", "DISABLED": ", but is off"}.get(release.breaker, "")
    yield f"the circuit breaker counted {release.failures}{limit} failures{said}"


def _endings(ended: tuple[TaskFact, ...]) -> Iterator[str]:
    """Tasks that ended in the same way are one sentence."""
    counts = Counter(_ending(task) for task in ended if not _was_scaled_in(task))
    for text, count in counts.most_common():
        yield f"{count} {'task' if count == 1 else 'tasks'} ended: {text}"


def _was_scaled_in(task: TaskFact) -> bool:
    """Stopped by the scheduler because it was not needed: no failure of its own."""
    return task.reason.startswith("Scaling activity initiated by")


def _ending(task: TaskFact) -> str:
    exits = [text for text in map(_exit, task.exits) if text]
    said = task.reason or "no reason given"
    code = f"{task.stop_code}: " if task.stop_code else ""
    return f"{code}{said} ({', '.join(exits)})" if exits else f"{code}{said}"


def _exit(ended: Exit) -> str:
    if ended.container.startswith(_SIDECAR) and not ended.reason:
        return ""  # it follows the application
    code = f" exited with {ended.code}" if ended.code is not None else ""
    reason = f": {ended.reason}" if ended.reason else ""
    return f"{ended.container}{code}{reason}" if code or reason else ""


def oldest_first(events: Sequence[EventView]) -> list[EventView]:
    """ECS lists the newest first; those of one moment keep their order."""
    reversed_events = events[::-1]
    return sorted(reversed_events, key=lambda event: event.at_ms)


def _events(service: ServiceView, since_ms: float) -> Iterator[str]:
    """Telling service events, each text once, with how often; task ids are left out."""
    counts: dict[str, int] = {}
    for event in oldest_first(service.events):
        if event.at_ms >= since_ms and any(text in event.message for text in TELLING):
            message = _TASK.sub("", event.message)
            counts[message] = counts.get(message, 0) + 1
    for message, count in counts.items():
        yield f"{count}x {message}" if count > 1 else message

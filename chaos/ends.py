"""How tasks ended: by whom, with which exit code, how long after SIGTERM, under which settings."""

from chaos.entries import DefinitionSeen, TaskSeen
from chaos.history import History
from chaos.lives import Life, Moment, read_lives

BY_USER = "UserInitiated"  # stopCode of StopTask
BY_SCHEDULER = "ServiceSchedulerInitiated"
SCALING = "Scaling activity initiated by"  # stoppedReason of a deployment and of scale-in


def stopped_by(history: History, code: str) -> tuple[Life, ...]:
    """The tasks that ended with this stopCode."""
    return tuple(life for life in read_lives(history) if stop_code_of(life) == code)


def stop_code_of(life: Life) -> str | None:
    return next((s.stop_code for s in reversed(life.states) if s.stop_code), None)


def exit_code_of(life: Life) -> int | None:
    return next((s.exit_code for s in reversed(life.states) if s.exit_code is not None), None)


def definition_of(history: History, life: Life) -> DefinitionSeen | None:
    """The task definition that the task ran."""
    seen = (e for e in history.of(DefinitionSeen) if e.task_definition == life.revision)
    return next(seen, None)


def told_to_stop(life: Life) -> Moment | None:
    """When SIGTERM was sent: the application's own word, else when the task was STOPPING."""
    return life.sigterm or life.stopping


def end_of(life: Life) -> Moment | None:
    """When the application had ended. Polling may see STOPPED long after the task stopped."""
    for entry in life.states:
        if entry.status == "STOPPED" or entry.exit_code is not None:
            return _moment(entry)
    return None


def _moment(entry: TaskSeen) -> Moment:
    reach = float("inf") if entry.error_ms is None else entry.error_ms
    return Moment(entry.at_ms - reach, entry.at_ms, entry.line)


def stop_seconds(history: History, life: Life) -> float | None:
    """Unscaled seconds from SIGTERM to the end, at most; None if one was not seen."""
    told, end = told_to_stop(life), end_of(life)
    if told is None or end is None:
        return None
    begun_ms = told.earliest_ms if told.earliest_ms > float("-inf") else told.latest_ms
    return (end.latest_ms - begun_ms) * history.run.time_scale / 1000

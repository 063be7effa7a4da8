"""Stops outside deployments: was one seen, what came to the task after SIGTERM, how did it end?"""

import re
from collections.abc import Iterator, Sequence

from chaos.causes import KILLED, Cause, find_causes
from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.checks.tasks import order_fault
from chaos.diagnosis import Diagnosis, supported_seconds
from chaos.effect import DESIRED
from chaos.ends import (
    BY_SCHEDULER,
    BY_USER,
    definition_of,
    end_of,
    exit_code_of,
    stop_code_of,
    stop_seconds,
    stopped_by,
    told_to_stop,
)
from chaos.entries import DefinitionSeen, LogSeen, ServiceSeen, SettingSeen
from chaos.history import History
from chaos.lives import Life, lines, read_lives
from chaos.measured import longest_seen_seconds
from chaos.records import Request
from chaos.target import revision_of

SHELLS = ("sh", "bash", "dash", "ash", "/bin/sh", "/bin/bash", "/bin/dash", "/bin/ash")
SEPARATOR = re.compile(r"(\s*(?:&&|;)\s*)")  # between the commands of a script, kept
IDLE_WORDS = ("", "true", ":", "exit", "wait")  # commands that do nothing but follow
SHOWN = 3


def judge_stop_seen(history: History) -> Finding:
    """A task with a target was stopped by StopTask, and its SIGTERM and end were seen."""
    stopped = [x for x in stopped_by(history, BY_USER) if x.targets]
    whole = [x for x in stopped if told_to_stop(x) is not None and end_of(x) is not None]
    if not whole:
        return failed("no task with a target was seen stopped by StopTask, from SIGTERM to its end")
    evidence = tuple(line for x in whole for line in lines(told_to_stop(x), end_of(x)))
    return passed(f"{_tasks(whole)} stopped by StopTask, from SIGTERM to the end", evidence)


def judge_routed(history: History) -> Finding:
    """Requests were sent to a task of StopTask's after its SIGTERM: the moment in question."""
    came = 0
    stopped = [x for x in stopped_by(history, BY_USER) if told_to_stop(x) is not None]
    for life in stopped:
        told = told_to_stop(life)
        assert told is not None
        asked = _asked(history, life)
        came += sum((row.sent_ms or row.scheduled_ms) > told.latest_ms for row in asked)
    if not came:
        return failed("no request was sent to a stopped task after its SIGTERM: nothing was tried")
    evidence = tuple(line for life in stopped for line in lines(told_to_stop(life)))
    return passed(f"{came} requests were sent to {_tasks(stopped)} after SIGTERM", evidence)


def judge_scaled(history: History) -> Finding:
    """More tasks were asked for, then fewer, and tasks with targets were stopped for it."""
    counts: dict[str, list[float]] = {}
    for entry in history.of(SettingSeen):
        if entry.name == DESIRED:
            counts.setdefault(entry.service, []).append(float(entry.value))
    lowered = {name for name, seen in counts.items() if seen[-1] < max(seen)}
    gone = [x for x in _scaled_in(history) if x.service in lowered]
    if not gone:
        return failed("no task with a target was stopped by a scale-in: the run proves nothing")
    told = ", ".join(
        f"{name} from {max(counts[name]):g} to {counts[name][-1]:g}"
        for name in sorted({x.service for x in gone})
    )
    evidence = tuple(line for x in gone for line in lines(x.draining, x.left, end_of(x)))
    return passed(f"{_tasks(gone)} stopped by scale-in: {told}", evidence)


def _scaled_in(history: History) -> list[Life]:
    """Tasks of the revision that runs at the end, stopped by the scheduler: they were surplus."""
    current = {
        seen.service: revision_of(primary.task_definition)
        for seen in history.of(ServiceSeen)
        for primary in seen.deployments
        if primary.status == "PRIMARY"
    }
    stopped = stopped_by(history, BY_SCHEDULER)
    return [x for x in stopped if x.targets and x.revision == current.get(x.service)]


def judge_in_order(history: History) -> Finding:
    """Each task that the scheduler stopped drained for its whole delay; only then SIGTERM."""
    stopped = [x for x in stopped_by(history, BY_SCHEDULER) if x.targets]
    drained = [x for x in stopped if x.delay_seconds]
    if not stopped:
        return unknown("no task with a target was stopped by the scheduler")
    faults = [(x, order_fault(x, history.run.time_scale)) for x in drained]
    wrong = [f"{x.service} task {x.short} {said}" for x, (said, sure) in faults if said and sure]
    evidence = tuple(
        line for x in drained for line in lines(x.draining, x.left, told_to_stop(x), end_of(x))
    )
    if wrong:
        return failed("; ".join(wrong), evidence)
    unclear = [f"{x.service} task {x.short} {said}" for x, (said, sure) in faults if said]
    if unclear:
        return unknown("; ".join(unclear))
    rest = len(stopped) - len(drained)
    more = f"; {rest} had no delay to wait for" if rest else ""
    return passed(f"{_tasks(drained)} drained for the whole delay before SIGTERM{more}", evidence)


def judge_pid_one(history: History) -> Finding:
    """A task's main process is PID 1 as in a container: only that one may be deaf to SIGTERM."""
    limits = [limit for limit in history.run.not_emulated if "PID 1" in limit]
    if limits:
        return failed(f"nothing can be said of SIGTERM here: {limits[0]}")
    if not read_lives(history):
        return failed("no task was seen")
    return passed("a task's main process is PID 1")


def judge_long_in_flight(history: History) -> Finding:
    """Long requests were in flight to a task as it began to stop, by StopTask and otherwise."""
    found: dict[str, int] = {BY_USER: 0, BY_SCHEDULER: 0}
    evidence: list[int] = []
    for code in found:
        for life in stopped_by(history, code):
            begun = life.draining or told_to_stop(life)
            if begun is not None:
                count = sum(_spans(row, begun.latest_ms) for row in _asked(history, life))
                found[code] += count
                evidence += [begun.line] if count else []
    missing = [_by(code) for code, count in found.items() if not count]
    if missing:
        return failed(f"no long request was in flight to a task as {' and '.join(missing)} began")
    told = ", ".join(f"{count} as {_by(code)} began" for code, count in found.items())
    return passed(f"long requests in flight to stopping tasks: {told}", tuple(evidence))


def _by(code: str) -> str:
    return "StopTask" if code == BY_USER else "a stop by the scheduler"


def _spans(row: Request, at_ms: float) -> bool:
    if row.length_ms is None:
        return False
    sent_ms = row.sent_ms or row.scheduled_ms
    return sent_ms < at_ms < sent_ms + row.length_ms


def _asked(history: History, life: Life) -> Iterator[Request]:
    """The requests that the task answered, and the failed ones that it was asked for."""
    for row in history.records.requests:
        if row.task == life.task:
            yield row
    for group in find_causes(history):
        for case in group.cases:
            if case.life is not None and case.life.task == life.task and case.request.task is None:
                yield case.request


def judge_prompt(history: History) -> Finding:
    """Every task that was told to stop ended by itself: no SIGKILL at the end of stopTimeout."""
    told = [x for x in read_lives(history) if stop_code_of(x) in (BY_USER, BY_SCHEDULER)]
    ended = [x for x in told if exit_code_of(x) is not None and end_of(x) is not None]
    if not ended:
        return unknown("no task was seen to end after it was told to stop")
    killed = [x for x in ended if exit_code_of(x) == KILLED]
    if not killed:
        codes = sorted({exit_code_of(x) or 0 for x in ended})
        longest = max((stop_seconds(history, x) or 0.0 for x in ended), default=0.0)
        whom = "itself" if len(ended) == 1 else "themselves"
        return passed(
            f"{_tasks(ended)} ended by {whom} at most {longest:.1f} s after SIGTERM (exit code"
            f" {', '.join(map(str, codes))})",
            tuple(line for x in ended for line in lines(end_of(x))),
        )
    evidence = tuple(line for x in killed for line in lines(told_to_stop(x), end_of(x)))
    return failed(
        f"{len(killed)} of {len(ended)} stopped tasks were killed (exit code {KILLED})",
        evidence,
        tuple(_diagnoses(history, killed)),
    )


def _diagnoses(history: History, killed: Sequence[Life]) -> Iterator[Diagnosis]:
    """Deaf tasks, busy ones, and those of which that cannot be told."""
    deaf = [x for x in killed if x.sigterm is None and _logs(history, x)]
    busy = [x for x in killed if x.sigterm is not None]
    dark = [x for x in killed if x.sigterm is None and not _logs(history, x)]
    for cause, lives, advice in (
        (Cause.SIGTERM_IGNORED, deaf, _deaf_advice),
        (Cause.STOP_TIMEOUT, busy, _busy_advice),
        (Cause.UNKNOWN, dark, _dark_advice),
    ):
        if lives:
            evidence = tuple(line for x in lives for line in lines(told_to_stop(x), end_of(x)))
            sentence = f"{cause}: {_ends(history, lives)}"
            yield Diagnosis(cause, len(lives), sentence, advice(history, lives), evidence)


def _logs(history: History, life: Life) -> bool:
    """Whether the task's own lines can be read: then a missing one says something."""
    return any(entry.task == life.task for entry in history.of(LogSeen))


def _ends(history: History, lives: Sequence[Life]) -> str:
    parts = []
    for life in lives[:SHOWN]:
        took, seen = stop_seconds(history, life), definition_of(history, life)
        limit = f"{seen.stop_timeout} s" if seen else "unknown"
        length = "an unknown time" if took is None else f"{took:.1f} s"
        parts.append(
            f"{life.service} task {life.short} ended {length} after SIGTERM with exit code {KILLED}"
            f" (stopTimeout {limit})"
        )
    more = [f"the same of {len(lives) - SHOWN} more tasks"] if len(lives) > SHOWN else []
    return "; ".join([*parts, *more])


def _deaf_advice(history: History, lives: Sequence[Life]) -> str:
    parts = []
    for service, seen in _definitions(history, lives):
        if seen is None or not seen.command:
            parts.append(
                f"{service} runs its image's own command, which does not pass SIGTERM on: start the"
                " application in exec form, or with exec in the script"
            )
        else:
            parts.append(
                f"command of {seen.task_definition} is {list(seen.command)}; set it to"
                f" {exec_form(seen.command)}, so that the application itself is PID 1"
            )
    heard = [x for x in read_lives(history) if x.sigterm is not None and exit_code_of(x) != KILLED]
    took = [seconds for x in heard if (seconds := stop_seconds(history, x)) is not None]
    if took:
        parts.append(f"tasks that heard SIGTERM ended {max(took):.1f} s after it at the latest")
    return "; ".join(parts)


def exec_form(command: Sequence[str]) -> list[str]:
    """The command without a shell in between, or with a shell that hands over to the application.

    >>> exec_form(["sh", "-c", "python -m app; true"])
    ['sh', '-c', 'exec python -m app']
    """
    if len(command) > 2 and command[0] in SHELLS and command[1] == "-c":
        parts = SEPARATOR.split(command[2].strip())
        while len(parts) > 1 and parts[-1].split(" ")[0] in IDLE_WORDS:
            del parts[-2:]
        parts[-1] = f"exec {parts[-1].removeprefix('exec ')}"
        return [command[0], "-c", "".join(parts)]
    return ["exec form of", *command]


def _busy_advice(history: History, lives: Sequence[Life]) -> str:
    longest = longest_seen_seconds(history) or 0.0
    parts = []
    for service, seen in _definitions(history, lives):
        drain = (seen.drain_seconds if seen else None) or 0.0
        value = f"{seen.stop_timeout} s" if seen else "unknown"
        parts.append(
            f"stopTimeout of {service} is {value}; set it to at least"
            f" {supported_seconds(drain + longest)} s: {drain:g} s of drain and the longest request"
            f" seen, {longest:.1f} s"
        )
    return "; ".join(parts)


def _dark_advice(history: History, lives: Sequence[Life]) -> str:
    services = ", ".join(sorted({life.service for life in lives}))
    return (
        f"the log of {services} cannot be read here: see there whether SIGTERM came; if not, start"
        " the application in exec form; if so, raise stopTimeout"
    )


def _definitions(
    history: History, lives: Sequence[Life]
) -> list[tuple[str, DefinitionSeen | None]]:
    """Each service with the definition that these tasks ran."""
    found = {(x.service, x.revision): definition_of(history, x) for x in lives}
    return [(service, seen) for (service, _), seen in sorted(found.items(), key=lambda i: i[0])]


def _tasks(lives: Sequence[Life]) -> str:
    return f"{len(lives)} task" + "s" * (len(lives) != 1)


STOP_SEEN = Check("a stop was seen", judge_stop_seen, premise=True)
PID_ONE = Check("signals are as in a container", judge_pid_one, premise=True)
SCALED = Check("a scale-in was seen", judge_scaled, premise=True)
IN_ORDER = Check("scheduled stops drained first", judge_in_order)
ROUTED = Check("requests came after SIGTERM", judge_routed, premise=True)
LONG_IN_FLIGHT = Check("long requests were in flight", judge_long_in_flight, premise=True)
PROMPT = Check("every task ended by itself", judge_prompt)

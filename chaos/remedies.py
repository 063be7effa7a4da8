"""Advice from measured data: the setting, its value, and the value that the data supports."""

from collections.abc import Callable, Mapping, Sequence

from chaos.causes import KILLED, Case, Cause
from chaos.effect import DELAY, DRAIN
from chaos.ends import definition_of, exit_code_of
from chaos.history import History
from chaos.lives import Life
from chaos.measured import longest_seen_seconds, supported_seconds, unscaled_seconds
from chaos.target import group_name

STOP_TIMEOUT = "stopTimeout"
LONGEST_STOP_TIMEOUT = 120  # on Fargate (R1.7)

Remedy = Callable[[History, Sequence[Case]], str | None]


def serve_on(history: History, cases: Sequence[Case]) -> str | None:
    """How long requests came after SIGTERM is how long the application has to serve on."""
    came = [
        unscaled_seconds(history, case.sent_ms - case.life.sigterm.latest_ms)
        for case in cases
        if case.life is not None and case.life.sigterm is not None
    ]
    if not came:
        return None
    drain = supported_seconds(max(max(came), 0.1))
    return (
        f"{_drains(history, lives_of(cases))}; set it to at least {drain} s: requests came until"
        f" {max(came):.1f} s after SIGTERM; {_stop_timeouts(history, lives_of(cases), drain)}"
    )


def stay_longer(history: History, cases: Sequence[Case]) -> str | None:
    """How long requests came after the target had left is what the delay was too short by."""
    came = [
        unscaled_seconds(history, case.sent_ms - case.life.left.earliest_ms)
        for case in cases
        if case.life is not None and case.life.left is not None
    ]
    if not came:
        return None
    longest = longest_seen_seconds(history) or 0.0
    groups = {(group_name(t.group), x.delay_seconds) for x in lives_of(cases) for t in x.targets}
    settings = [f"{DELAY} of target group {name} is {_s(delay)}" for name, delay in sorted(groups)]
    return (
        f"{'; '.join(settings)}; set it to at least {supported_seconds(max(*came, longest))} s:"
        f" requests came until {max(came):.1f} s after the target had left, and the longest request"
        f" seen took {longest:.1f} s"
    )


def finish_in_time(history: History, cases: Sequence[Case]) -> str | None:
    """A task that was killed needs a stopTimeout above its drain period and longest request."""
    killed = [life for life in lives_of(cases) if exit_code_of(life) == KILLED]
    if not killed or any(life.sigterm is None for life in killed):
        return None
    drains = [_definition_value(history, life) or 0.0 for life in killed]
    return _stop_timeouts(history, killed, max(drains))


def lives_of(cases: Sequence[Case]) -> list[Life]:
    """The tasks that were asked, each once."""
    found = {case.life.task: case.life for case in cases if case.life is not None}
    return list(found.values())


def _drains(history: History, lives: Sequence[Life]) -> str:
    values = {(life.service, _definition_value(history, life)) for life in lives}
    return "; ".join(f"{DRAIN} of {service} is {_s(value)}" for service, value in sorted(values))


def _definition_value(history: History, life: Life) -> float | None:
    seen = definition_of(history, life)
    return seen.drain_seconds if seen else None


def _stop_timeouts(history: History, lives: Sequence[Life], drain: float) -> str:
    """`stopTimeout of order-api is 2 s; set it to at least 25 s: ...`."""
    longest = longest_seen_seconds(history) or 0.0
    needed = supported_seconds(drain + longest)
    definitions = [(life.service, definition_of(history, life)) for life in lives]
    values = sorted({(name, seen.stop_timeout) for name, seen in definitions if seen is not None})
    named = "; ".join(f"{STOP_TIMEOUT} of {name} is {value} s" for name, value in values)
    sum_of = f"{drain:g} s of drain and the longest request seen, {longest:.1f} s"
    subject = named or f"{STOP_TIMEOUT} is unknown"
    if needed > LONGEST_STOP_TIMEOUT:
        return f"{subject}, and {sum_of} are more than Fargate allows (120 s): shorten the request"
    if values and min(value for _, value in values) >= needed:
        return f"{subject}, which is enough for {sum_of}"
    return f"{subject}; set it to at least {needed} s: {sum_of}"


def _s(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g} s"


REMEDIES: Mapping[Cause, Remedy] = {
    Cause.STILL_ROUTED: serve_on,
    Cause.LEFT_TOO_SOON: stay_longer,
    Cause.KILLED_IN_FLIGHT: finish_in_time,
}

"""Causes in words: what happened to how many requests, and which setting to change to what."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.causes import Case, Cause, Verified
from chaos.effect import DELAY
from chaos.history import History
from chaos.lives import Life
from chaos.measured import MARGIN as MARGIN
from chaos.measured import ROUND_SECONDS as ROUND_SECONDS
from chaos.measured import longest_seen_seconds as longest_seen_seconds
from chaos.measured import supported_seconds as supported_seconds
from chaos.remedies import REMEDIES
from chaos.target import group_name

SHOWN = 3  # tasks named in one sentence


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A cause, what happened and what to do about it.

    `count` is how many it explains: requests for a cause of failed requests, else tasks. Any check
    may give its finding diagnoses of its own; `advice` names the setting, its value, and the value
    that the measured data supports.
    """

    cause: Cause
    count: int
    sentence: str
    advice: str
    evidence: tuple[int, ...] = ()


def diagnose(history: History, verified: Sequence[Verified]) -> tuple[Diagnosis, ...]:
    """Put each cause into words."""
    return tuple(
        Diagnosis(
            cause=group.cause,
            count=len(group.cases),
            sentence=_sentence(history, group),
            advice=_advice(history, group),
            evidence=_evidence(group.cases),
        )
        for group in verified
    )


def _sentence(history: History, group: Verified) -> str:
    count = _counted(len(group.cases), "request")
    if group.cause is Cause.CUT_AT_DELAY_END:
        return f"{group.cause}: {_cuts(history, group.cases)}"
    tasks = _tasks(group.cases)
    where = f" to {tasks}" if tasks else ""
    errors = Counter(case.error for case in group.cases).most_common(4)
    kinds = ", ".join(f"{number} {error}" for error, number in errors)
    return f"{group.cause}: {count}{where} ({kinds}){_period(history, group.cases)}"


def _cuts(history: History, cases: Sequence[Case]) -> str:
    """`7 requests longer than 5 s in flight to order-api 1a2b3c4d when its 5 s delay ended`."""
    by_task: dict[str, list[Case]] = {}
    for case in cases:
        by_task.setdefault(case.life.task if case.life else "", []).append(case)
    parts = []
    for found in by_task.values():
        life = found[0].life
        if life is not None:
            delay = "?" if life.delay_seconds is None else f"{life.delay_seconds:g}"
            # a request that was cut had run for as long as the delay, or longer
            parts.append(
                f"{_counted(len(found), 'request')} in flight for up to"
                f" {_longest_cut(history, found):.1f} s to {life.service} task {life.short}"
                f" when its {delay} s delay ended"
            )
    more = [f"the same at {len(parts) - SHOWN} more tasks"] if len(parts) > SHOWN else []
    return "; ".join([*sorted(parts)[:SHOWN], *more])


def _longest_cut(history: History, cases: Sequence[Case]) -> float:
    """How long the longest of them had been in flight, in unscaled seconds."""
    spans = [case.request.done_ms - case.sent_ms for case in cases]
    return max(spans) * history.run.time_scale / 1000


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _tasks(cases: Sequence[Case]) -> str:
    found = sorted({f"{c.life.service} task {c.life.short}" for c in cases if c.life})
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def _period(history: History, cases: Sequence[Case]) -> str:
    """When, in unscaled seconds since the load was started."""
    scale, start = history.run.time_scale / 1000, history.origin_ms
    times = [(case.request.done_ms - start) * scale for case in cases]
    return f", between {min(times):.1f} s and {max(times):.1f} s"


def _evidence(cases: Sequence[Case]) -> tuple[int, ...]:
    found = {case.access.line for case in cases if case.access}
    for case in cases:
        life = case.life
        moments = (life.draining, life.left, life.sigterm, life.stopped) if life else ()
        found |= {moment.line for moment in moments if moment}
    return tuple(sorted(found))[:20]


def _advice(history: History, group: Verified) -> str:
    if group.cause is Cause.CUT_AT_DELAY_END:
        return _delay_advice(history, [case.life for case in group.cases if case.life])
    if group.cause is Cause.APP_ERROR:
        routes = Counter(f"{c.request.name} {c.error}" for c in group.cases).most_common(3)
        return f"look into the application: {', '.join(f'{n}x {what}' for what, n in routes)}"
    remedy = REMEDIES.get(group.cause)
    return (remedy(history, group.cases) if remedy else None) or ADVICE[group.cause]


def _delay_advice(history: History, lives: Sequence[Life]) -> str:
    longest = longest_seen_seconds(history)
    delays = {(group_name(t.group), life.delay_seconds) for life in lives for t in life.targets}
    settings = [
        f"{DELAY} of target group {group} is {'unknown' if delay is None else f'{delay:g} s'}"
        for group, delay in sorted(delays, key=str)
    ]
    if longest is None:
        return f"{'; '.join(settings)}; it must be longer than the longest request"
    needed = supported_seconds(longest)
    if all(delay is not None and delay >= needed for _, delay in delays):
        return (
            f"{'; '.join(settings)}, which is enough for the longest request seen"
            f" ({longest:.1f} s): find out why requests were sent to the target so late in its"
            " draining"
        )
    return (
        f"{'; '.join(settings)}; set it to at least {needed} s:"
        f" the longest request seen took {longest:.1f} s"
    )


# For causes of failed requests whose remedy does not depend on a measured value.
ADVICE = {
    Cause.STILL_ROUTED: "on SIGTERM keep serving for a while (DRAIN_SECONDS of the service, above"
    " the time until the load balancer has taken the target out) with /healthz failing, then end;"
    " stopTimeout must be longer than that plus the longest request",
    Cause.LEFT_TOO_SOON: "make the deregistration delay longer than the load balancer's nodes need"
    " to hear of it, and than the longest request",
    Cause.KILLED_IN_FLIGHT: "let the application finish what is in flight on SIGTERM, and make"
    " stopTimeout of the container longer than the longest request",
    Cause.REFUSED_BY_DEAD: "the target stayed registered after its task had ended: find out why"
    " it ended (stoppedReason, exit code), and lower the health check's interval and"
    " unhealthy_threshold so that dead targets leave sooner",
    Cause.NOT_READY: "no target was healthy, so the load balancer asked one that was not ready:"
    " keep minimumHealthyPercent at 100 and find out why the other targets were unhealthy",
    Cause.NO_TARGETS: "keep minimumHealthyPercent at 100 with at least 2 tasks, and let the health"
    " check pass before old tasks stop",
    Cause.BALANCER_TIMEOUT: "the task took longer than idle_timeout.timeout_seconds of the load"
    " balancer without sending anything: answer sooner, or raise the timeout",
    Cause.CLIENT_TIMEOUT: "the client gave up: compare its timeout with the longest request",
    Cause.NO_BALANCER: "the load balancer's listener refused connections: is it running?",
    Cause.KEEP_ALIVE: "the task closed an idle connection as a request came: its keep-alive"
    " (KEEP_ALIVE_SECONDS) must be longer than idle_timeout.timeout_seconds of the load balancer",
    Cause.UNKNOWN: "no cause could be derived: compare these requests with the journal",
}

"""What the documentation says of drills, taken from `chaos`."""

from dataclasses import fields
from inspect import getdoc

from chaos.causes import OTHER_CAUSES, REQUEST_CAUSES, Cause
from chaos.checks.finding import Check
from chaos.diagnosis import ADVICE, MARGIN, ROUND_SECONDS
from chaos.drill import Drill, Variant
from chaos.drills import all_drills, core_drills
from chaos.outcome import EXIT_CODES, USAGE_EXIT_CODE, Outcome
from chaos.run import Limits
from docs.table import code, table

MEANINGS = {
    Outcome.PASS: "all checks passed",
    Outcome.FAIL: "a check failed; the reason names the most frequent cause",
    Outcome.INVALID: "the run proves nothing: not steady before, load not offered, data missing",
    Outcome.ABORTED: "a guard or the deadline ended the run; everything was undone",
    Outcome.ERROR: "an error of this program, or an undo that failed",
    Outcome.INTERRUPTED: "Ctrl-C or SIGTERM; everything was undone",
}
MEASURED = {
    Cause.CUT_AT_DELAY_END: "set `deregistration_delay.timeout_seconds` to the longest request seen"
    f" times {MARGIN:g}, rounded up to {ROUND_SECONDS} s (the verdict has the number)",
    Cause.GRACE_TOO_SHORT: "set `healthCheckGracePeriodSeconds` to the longest start measured and"
    f" the time until the health check has passed, times {MARGIN:g}, rounded up to {ROUND_SECONDS}"
    " s (the verdict has the number)",
    Cause.NO_BREAKER: "set `deploymentCircuitBreaker.enable` and `rollback` to true (the verdict"
    " has the failed task and the moment at which it would have tripped)",
    Cause.NO_GROUP_RULE: "add the rule that the verdict names: group, protocol, port, peer",
    Cause.NO_ROLLBACK: "set `deploymentCircuitBreaker.rollback` to true",
    Cause.STILL_ROUTED: "set `DRAIN_SECONDS` (how long the application serves on after SIGTERM)"
    " above the time for which requests still came, and `stopTimeout` above that plus the longest"
    " request (the verdict has the numbers)",
    Cause.LEFT_TOO_SOON: "set `deregistration_delay.timeout_seconds` above the time for which"
    " requests still came, and above the longest request (the verdict has the numbers)",
    Cause.KILLED_IN_FLIGHT: "set `stopTimeout` to the drain period and the longest request seen,"
    f" times {MARGIN:g}, rounded up to {ROUND_SECONDS} s; if the task was not killed, let the"
    " application finish what is in flight on SIGTERM",
    Cause.SIGTERM_IGNORED: "start the application as PID 1: exec form, or `exec` in the shell (the"
    " verdict has the command and how it should read)",
    Cause.STOP_TIMEOUT: "set `stopTimeout` to the drain period and the longest request seen, times"
    f" {MARGIN:g}, rounded up to {ROUND_SECONDS} s (the verdict has the number)",
    Cause.KEEP_ALIVE_SHORT: "set the application's keep-alive (`KEEP_ALIVE_SECONDS`) above"
    f" `idle_timeout.timeout_seconds` of the load balancer, times {MARGIN:g}, rounded up to"
    f" {ROUND_SECONDS} s",
    Cause.APP_ERROR: "look into the application: the verdict names the routes and errors",
}


def drill_table() -> str:
    """For the README; the core set is marked."""
    return table(
        ("drill", "question", "the broken variant must be found guilty of"),
        ([_linked(d), d.question, d.expected.value] for d in all_drills()),
    )


def _linked(drill: Drill) -> str:
    mark = " (core)" if drill in core_drills() else ""
    return f"[{code(drill.name)}](docs/guides/drills/{drill.name}.md){mark}"


def exit_codes() -> str:
    rows = [[str(EXIT_CODES[outcome]), outcome.value, MEANINGS[outcome]] for outcome in EXIT_CODES]
    rows.append([str(USAGE_EXIT_CODE), "wrong usage", "the command said what; nothing was done"])
    return table(("exit code", "outcome", "meaning"), sorted(rows, key=lambda row: int(row[0])))


def checks() -> str:
    """The page on drills, their checks, causes and limits."""
    known: dict[str, Check] = {c.name: c for drill in all_drills() for c in drill.checks}
    parts = [
        "# Drills, checks and causes",
        "## Drills",
        *(_drill(drill) for drill in all_drills()),
        "## Checks",
        "Each check reads the recorded run and nothing else. A *premise* asks whether the run can"
        " prove anything: if it fails, the verdict is INVALID. Any other check that fails makes it"
        " FAIL; one that cannot be answered (`unknown`) makes it INVALID. R2.1 and the like are"
        " [rules of AWS](aws-rules.md).",
        table(("check", "premise", "asks"), map(_check, known.values())),
        "## Causes of failed requests",
        "A cause is derived from data: the load balancer's response flag, who answered, and when,"
        " relative to draining and SIGTERM of the task that was asked. What cannot be derived is"
        " `unknown`.",
        table(("cause", "advice"), ((c.value, _advice(c)) for c in REQUEST_CAUSES)),
        "## Other causes",
        "What a check may find guilty although no request failed, derived from what was seen of"
        " tasks, deployments and settings.",
        table(("cause", "advice"), ((c.value, _advice(c)) for c in OTHER_CAUSES)),
        "## Limits",
        "What a run is held to. Names with `real` are real time; other durations are unscaled.",
        table(("limit", "value"), ([code(f.name), f"{f.default:g}"] for f in fields(Limits))),
        "On AWS, `propagation_seconds` is 15 and `propagation_real_seconds` 0.",
    ]
    return "\n\n".join(parts)


def _drill(drill: Drill) -> str:
    offer = drill.offer
    rows = [
        ("load", f"{offer.rate:g} arrivals per real second, at least {offer.arrivals}"),
        ("longest request", f"{offer.longest_seconds:g} s, unscaled"),
        *((f"steps, {v}", ", then ".join(act.name for act in drill.steps[v])) for v in Variant),
        ("services", ", ".join(drill.services) or "all"),
        ("undo", drill.undo),
        ("checks", ", ".join(check.name for check in drill.checks)),
        ("expected cause, broken", drill.expected.value),
    ]
    return f"### {drill.name}\n\n{drill.question}\n\n{table(('', ''), rows)}"


def _check(check: Check) -> tuple[str, str, str]:
    asked = (getdoc(check.judge) or "").split("\n\n")[0]
    return check.name, "yes" if check.premise else "no", asked


def _advice(cause: Cause) -> str:
    return MEASURED.get(cause) or ADVICE[cause]

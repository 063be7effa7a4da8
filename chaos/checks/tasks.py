"""Order of events for each task that was replaced: draining, the whole delay, then SIGTERM."""

from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.history import History
from chaos.lives import Life, lines, read_lives

CLOCK_MS = 50.0  # clocks of task and watcher, and rounding


def judge_order(history: History) -> Finding:
    """Each old task: its target drained for the whole delay and left; only then SIGTERM (R1.20)."""
    old = [life for life in read_lives(history) if life.old and life.targets]
    if not old:
        return unknown("no task of the old revision with a target was seen")
    return judge_ends(history, old)


def judge_ends(history: History, old: list[Life]) -> Finding:
    """The order of these tasks' ends."""
    wrong: list[str] = []
    unclear: list[str] = []
    evidence: list[int] = []
    for life in old:
        said, sure = order_fault(life, history.run.time_scale)
        if said:
            (wrong if sure else unclear).append(f"{life.service} task {life.short} {said}")
            evidence += lines(life.draining, life.left, life.sigterm, life.stopping)
    if wrong:
        return failed("; ".join(wrong), tuple(evidence))
    if unclear:
        return unknown("; ".join(unclear))
    every = (lines(x.draining, x.left, x.sigterm, x.stopped) for x in old)
    return passed(
        f"all {len(old)} old tasks drained for {_delays(old)}, then had SIGTERM, then stopped",
        tuple(line for found in every for line in found),
    )


def order_fault(life: Life, time_scale: float) -> tuple[str, bool]:
    """What is wrong with one task, and whether that is sure (else it was not observable)."""
    ended = life.sigterm or life.stopping
    if life.draining is None:
        return (
            ("ended without its target ever draining", True) if ended else ("is still there", True)
        )
    if ended is None:
        return "was never seen stopping", False
    if ended.latest_ms < life.draining.earliest_ms - CLOCK_MS:
        return "had SIGTERM before its target began to drain", True
    if life.left is None:
        return "ended while its target was still draining", True
    if ended.latest_ms < life.left.earliest_ms - CLOCK_MS:
        early = life.left.earliest_ms - ended.latest_ms
        return f"had SIGTERM {early * time_scale / 1000:.1f} s before its target left", True
    return _too_short(life, time_scale)


def _too_short(life: Life, time_scale: float) -> tuple[str, bool]:
    if life.delay_seconds is None:
        return "drained, but the delay in effect is not known", False
    if life.draining is None or life.left is None:
        return "", True
    longest_ms = life.left.latest_ms - life.draining.earliest_ms
    if longest_ms + CLOCK_MS < life.delay_seconds * 1000 / time_scale:
        seconds = longest_ms * time_scale / 1000
        return f"drained for {seconds:.1f} s of its {life.delay_seconds:g} s delay", True
    if life.stopped is None:
        return "was never seen STOPPED", False
    return "", True


def _delays(lives: list[Life]) -> str:
    seconds = sorted({life.delay_seconds for life in lives if life.delay_seconds is not None})
    return f"their whole delay ({', '.join(f'{value:g} s' for value in seconds)})"


ORDER = Check("drained, then SIGTERM, then stopped", judge_order)

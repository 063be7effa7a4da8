"""Target health: enough healthy targets at every moment, and no request to a drained one."""

import math
from collections.abc import Iterator

from chaos.checks.finding import Check, Finding, failed, passed, unknown
from chaos.entries import TARGET_HEALTH, ObservationEnded, TargetSeen
from chaos.history import History
from chaos.lives import HEALTHY, Life, lines_of, read_lives
from chaos.run import ServiceSetup


def judge_capacity(history: History) -> Finding:
    """Never fewer healthy targets than ceil(desired * minimumHealthyPercent / 100) (R2.1, R2.2).

    A healthy target whose task has ended counts as gone. Between two polls nothing is known: the
    sentence says how long the worst gap was.
    """
    parts, evidence = [], []
    for setup in history.run.services:
        floor = math.ceil(setup.desired_count * setup.minimum_healthy_percent / 100)
        for group in setup.groups:
            least, line = _least(history, setup, group)
            if least is None:
                return unknown(f"the targets of {setup.name} were never observed")
            if least < floor:
                evidence.append(line)
                parts.append(f"{setup.name} had only {least} healthy targets (minimum {floor})")
            elif not evidence:
                parts.append(f"{setup.name} never under {least} (minimum {floor})")
    if not parts:
        return unknown("no service with a target group was observed")
    if evidence:
        return failed("; ".join(part for part in parts if "only" in part), tuple(evidence))
    return passed(f"{'; '.join(parts)}; longest blind gap {worst_gap_ms(history):.0f} ms")


def worst_gap_ms(history: History) -> float:
    """The longest time, in real ms, between a poll of target health and the end of the next."""
    ended = [e.worst_error_ms for e in history.of(ObservationEnded) if e.source == TARGET_HEALTH]
    return max(ended) if ended else max(e.error_ms or 0.0 for e in history.of(TargetSeen))


def _least(history: History, setup: ServiceSetup, group: str) -> tuple[int | None, int]:
    """The lowest number of healthy targets of a group, and the journal line that made it so."""
    lives = [life for life in read_lives(history) if life.service == setup.name]
    least, line = None, 0
    for moment, count in _counts(lives, group):
        if least is None or count < least:
            least, line = count, moment
    return least, line


def _counts(lives: list[Life], group: str) -> Iterator[tuple[int, int]]:
    """(journal line, healthy targets) after each change; changes of one poll are one change."""
    changes: list[tuple[float, int, str, str]] = []
    for life in lives:
        changes += [(e.at_ms, e.line, life.task, e.state) for e in life.targets if e.group == group]
        if life.stopping is not None:
            changes.append((life.stopping.latest_ms, life.stopping.line, life.task, "ended"))
    changes.sort()
    if not any(change[3] != "ended" for change in changes):
        return
    states: dict[str, str] = {}
    for index, (at_ms, line, task, state) in enumerate(changes):
        if states.get(task) != "ended":
            states[task] = state
        last_of_poll = index + 1 == len(changes) or changes[index + 1][0] != at_ms
        if last_of_poll:
            yield line, sum(value == HEALTHY for value in states.values())


def judge_drained(history: History) -> Finding:
    """No request may be sent to a target that drains (R4.30), propagation allowed for (R4.32)."""
    lives = {life.task: life for life in read_lives(history) if life.draining is not None}
    rows = history.records.requests
    if not rows:
        return unknown("no requests were recorded")
    if not any(row.task for row in rows):
        return unknown("no answer says which task served it (header x-task-id)")
    if not lives:
        return unknown("no target was seen draining")
    allowed_ms = history.run.limits.propagation_ms(history.run.time_scale)
    ends = {task: _last_ms(life, allowed_ms) for task, life in lives.items()}
    late: dict[str, int] = {}
    for row in rows:
        if row.task in ends and row.sent_ms is not None and row.sent_ms > ends[row.task]:
            late[row.task] = late.get(row.task, 0) + 1
    if not late:
        return passed(
            f"no request was sent to any of {len(lives)} targets once it was draining"
            f" (allowed: {allowed_ms / 1000:g} s real for the load balancer to follow)"
        )
    worst = [f"{count} to task {lives[task].short}" for task, count in sorted(late.items())]
    evidence = lines_of([entry for task in sorted(late) for entry in lives[task].targets])
    return failed(f"requests were sent to draining targets: {', '.join(worst)}", evidence)


def _last_ms(life: Life, allowed_ms: float) -> float:
    """Until when requests may go to a draining target; never longer than it is registered."""
    draining_ms = life.draining.latest_ms if life.draining else float("inf")
    left_ms = life.left.latest_ms if life.left else float("inf")
    return min(draining_ms + allowed_ms, left_ms)


CAPACITY = Check("never under the minimum healthy", judge_capacity)
DRAINED = Check("no request to a drained target", judge_drained)

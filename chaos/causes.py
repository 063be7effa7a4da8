"""Why requests failed, from recorded data alone.

The load balancer's response flags (UF refused or no connection, UC cut, UH no target, SI silent),
who answered, and when: relative to the draining and the SIGTERM of the task that was asked.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chaos.entries import AccessSeen
from chaos.history import History
from chaos.lives import HEALTHY, Life, read_lives
from chaos.records import DROPPED, Records, Request

NEAR_MS = 150.0  # real time that a cut may be away from its event, beyond the observation error
CLOCK_MS = 20.0  # clocks of task and load, and rounding
SHORT_SECONDS = 2.0  # a delay of no more than this may end before all nodes have heard of it
NODES_MS = 600.0  # real time that such a node may cut too late
KILLED = 137  # exit code after SIGKILL (R1.8)
FAST_MS = 1000.0  # a request shorter than this is not cut for its length


class Cause(StrEnum):
    """What a check found guilty. The words are those of verdict.json.

    Up to UNKNOWN: why a request failed. After it: what else went wrong with a release, which
    clients need not notice.
    """

    CUT_AT_DELAY_END = "cut at the end of the deregistration delay"
    STILL_ROUTED = "SIGTERM while still routed"
    LEFT_TOO_SOON = "requests came after the target had left"
    KILLED_IN_FLIGHT = "the task ended with the request in flight"
    REFUSED_BY_DEAD = "refused by a dead task"
    NOT_READY = "refused by a task that was not ready yet"
    NO_TARGETS = "no target to route to"
    BALANCER_TIMEOUT = "timeout at the load balancer"
    APP_ERROR = "error answer of the application"
    CLIENT_TIMEOUT = "timeout at the client"
    NO_BALANCER = "no connection to the load balancer"
    KEEP_ALIVE = "keep-alive race"
    UNKNOWN = "unknown"
    SIGTERM_IGNORED = "SIGTERM never reached the application"
    STOP_TIMEOUT = "killed at the end of stopTimeout, still busy"
    KEEP_ALIVE_SHORT = "keep-alive shorter than the load balancer's idle timeout"
    GRACE_TOO_SHORT = "killed within its start-up: grace period too short"
    NO_BREAKER = "no circuit breaker: the release hangs"
    NO_ROLLBACK = "circuit breaker without rollback: the failed release stays"
    NO_GROUP_RULE = "no security group rule lets the load balancer in"


REQUEST_CAUSES = tuple(Cause)[: tuple(Cause).index(Cause.UNKNOWN) + 1]
OTHER_CAUSES = tuple(Cause)[len(REQUEST_CAUSES) :]


@dataclass(frozen=True, slots=True)
class Case:
    """One failed request with what else is known of it. `life` is the task that was asked."""

    request: Request
    access: AccessSeen | None
    life: Life | None

    @property
    def flags(self) -> frozenset[str]:
        return frozenset((self.access.flags if self.access else "").split(","))

    @property
    def error(self) -> str:
        return self.request.error or ""

    @property
    def sent_ms(self) -> float:
        return self.request.sent_ms or self.request.scheduled_ms

    @property
    def cut(self) -> bool:
        """The connection to the task ended with the request outstanding."""
        if self.access is not None and self.flags & {"UC", "UPE"}:
            return True
        silent = self.access is None and self.error in ("reset", "proxy-502")
        return silent or self.error == "truncated"

    @property
    def refused(self) -> bool:
        """No connection to the task, or its own proxy found nobody behind it (R6.10)."""
        return "UF" in self.flags or self._by_proxy

    @property
    def _by_proxy(self) -> bool:
        """The load balancer was given this answer, whole, by the task's Service Connect proxy."""
        passed_on = self.access is not None and self.flags == {"-"}
        return passed_on and self.error in ("proxy-502", "proxy-503")


@dataclass(frozen=True, slots=True)
class Verified:
    """A cause with the failed requests it explains."""

    cause: Cause
    cases: tuple[Case, ...]


def failed_requests(history: History) -> tuple[Request, ...]:
    """Every arrival that was sent and got no good answer."""
    rows = history.records.requests
    return tuple(row for row in rows if row.error is not None and row.error != DROPPED)


def failed_ids(records: Records) -> frozenset[str]:
    """The request ids of all arrivals that got no good answer."""
    return frozenset(row.request_id for row in records.requests if row.error is not None)


def find_causes(history: History) -> tuple[Verified, ...]:
    """The causes of all failed requests, the most frequent first."""
    lives = read_lives(history)
    access = {e.request_id: e for e in history.of(AccessSeen) if e.request_id}
    found: dict[Cause, list[Case]] = defaultdict(list)
    for request in failed_requests(history):
        row = access.get(request.request_id)
        case = Case(request, row, _asked(request, row, lives) or _suspect(request, row, lives))
        found[cause_of(case)].append(case)
    groups = [Verified(cause, tuple(cases)) for cause, cases in found.items()]
    return tuple(sorted(groups, key=lambda g: (-len(g.cases), g.cause)))


def _asked(request: Request, row: AccessSeen | None, lives: Sequence[Life]) -> Life | None:
    """The task that answered or was asked: by its header, else by the address in the access log."""
    if request.task is not None:
        return next((life for life in lives if life.task == request.task), None)
    if row is None or row.upstream is None:
        return None
    address = row.upstream.rpartition(":")[0]
    born = [x for x in lives if x.address == address and x.states[0].at_ms <= request.done_ms]
    return max(born, key=lambda life: life.states[0].at_ms, default=None)


def _suspect(request: Request, row: AccessSeen | None, lives: Sequence[Life]) -> Life | None:
    """Without an access log: the task whose delay ended at the moment the request was cut."""
    if row is not None or request.error not in ("proxy-502", "reset"):
        return None
    return next((x for x in lives if _at_delay_end(Case(request, row, x), x)), None)


def cause_of(case: Case) -> Cause:
    """The cause of one failed request; UNKNOWN rather than a guess."""
    if case.error.startswith(("app-", "status-")):
        return Cause.APP_ERROR
    if "UH" in case.flags or (case.error == "proxy-503" and not case.refused):
        return Cause.NO_TARGETS
    if case.cut or case.refused:
        return _by_life(case)
    if case.error == "proxy-504" or "SI" in case.flags:
        return Cause.BALANCER_TIMEOUT
    if case.error == "timeout":
        return Cause.CLIENT_TIMEOUT
    if case.error == "refused":
        return Cause.NO_BALANCER
    return _by_life(case) if case.life else Cause.UNKNOWN


def _by_life(case: Case) -> Cause:
    """A connection to a task was cut or refused: what was happening to that task?"""
    life = case.life
    if life is None:
        return Cause.UNKNOWN
    if not case.refused and _at_delay_end(case, life):
        return Cause.CUT_AT_DELAY_END
    if _after_sigterm(case, life):
        return Cause.LEFT_TOO_SOON if _after_left(case, life) else Cause.STILL_ROUTED
    if case.refused:
        if life.stopping is not None and life.stopping.earliest_ms <= case.request.done_ms:
            return Cause.REFUSED_BY_DEAD
        return Cause.NOT_READY if _unready(case, life) else Cause.UNKNOWN
    if _near_end(case, life):
        return Cause.KILLED_IN_FLIGHT
    quiet = life.draining is None and life.stopping is None and life.sigterm is None
    fast = (case.request.service_ms or 0.0) < FAST_MS
    return Cause.KEEP_ALIVE if quiet and fast and "UC" in case.flags else Cause.UNKNOWN


def _at_delay_end(case: Case, life: Life) -> bool:
    """Cut when the target left, after it had drained; without a delay no poll sees it drain."""
    delay = life.delay_seconds
    if life.left is None or (life.draining is None and delay != 0):
        return False
    late_ms = NEAR_MS if delay is None or delay > SHORT_SECONDS else NODES_MS
    earliest, latest = life.left.earliest_ms - NEAR_MS, life.left.latest_ms + late_ms
    return earliest <= case.request.done_ms <= latest


def _unready(case: Case, life: Life) -> bool:
    """Asked before its target was ever healthy: the load balancer had no better one (R4.10)."""
    healthy = next((e for e in life.targets if e.state == HEALTHY), None)
    return bool(life.targets) and (healthy is None or case.request.done_ms <= healthy.at_ms)


def _after_sigterm(case: Case, life: Life) -> bool:
    """Sent to a task that had had its SIGTERM, and not cut by a SIGKILL."""
    if life.sigterm is None or case.sent_ms < life.sigterm.earliest_ms - CLOCK_MS:
        return False
    return case.refused or not (_was_killed(life) and _near_end(case, life))


def _was_killed(life: Life) -> bool:
    return any(entry.exit_code == KILLED for entry in life.states)


def _after_left(case: Case, life: Life) -> bool:
    """Sent when the target was not even listed any more: some node had not heard of it (R4.32)."""
    return life.left is not None and case.sent_ms >= life.left.earliest_ms - CLOCK_MS


def _near_end(case: Case, life: Life) -> bool:
    """Cut between SIGTERM and the task's end, or, where SIGTERM was not logged, near the end."""
    ended = life.stopped or life.stopping
    if ended is None:
        return False
    begun_ms = ended.earliest_ms if life.sigterm is None else life.sigterm.earliest_ms
    return begun_ms - NEAR_MS <= case.request.done_ms <= ended.latest_ms + NEAR_MS

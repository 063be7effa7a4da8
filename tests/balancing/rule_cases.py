"""Cases of target health, registration and routing: a situation, and what must come of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from infra.local.scheduler.model import TargetState
from infra.local.store import Target, TargetGroup
from tests.balancing.records import group, store
from tests.balancing.rules import Rules

INIT, H, U, D = (
    TargetState.INITIAL,
    TargetState.HEALTHY,
    TargetState.UNHEALTHY,
    TargetState.DRAINING,
)
STATES = {"i": INIT, "h": H, "u": U, "d": D, "n": D, "x": TargetState.UNUSED}
MINIMUM = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"
MISMATCH = "Target.ResponseCodeMismatch"
CODES = "Health checks failed with these codes: [503]"
KEY = ("127.0.0.1", 1)


@dataclass(frozen=True, slots=True)
class Case:
    """`told` asks the rules about the situation; `expected` is what they must say."""

    sentence: str
    told: Callable[[Rules], object]
    expected: object

    def fault(self, rules: Rules) -> str | None:
        """What is wrong with the answer, or None."""
        got = self.told(rules)
        return None if got == self.expected else f"expected {self.expected}, got {got}"


def checked(start: TargetState, probes: str) -> Callable[[Rules], object]:
    """(state, reason, description, since) after these checks: `+` passed, `-` wrong code, `t` no
    answer. Two failures in a row make a target unhealthy, three passes bring it back."""

    def told(rules: Rules) -> object:
        target = Target(*KEY, "a", since_ms=0, registered_ms=0, state=start)
        if start is not INIT:
            target.reason = target.description = None
        feed(rules, target, probes)
        return target.state, target.reason, target.description, target.since_ms

    return told


def feed(rules: Rules, target: Target, probes: Iterable[str]) -> None:
    results = {
        "+": rules.checker.PASSED,
        "-": rules.health.Probe(False, MISMATCH, CODES),
        "t": rules.checker.TIMED_OUT,
    }
    for at_ms, letter in enumerate(probes, start=1):
        verdict = rules.health.judge(target, results[letter], 3, 2)
        rules.health.settle(target, verdict, at_ms)


REGISTERING = ("Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = ("Elb.InitialHealthChecking", "Initial health checks in progress")
BAD = (MISMATCH, CODES)
WELL = (None, None)
HEALTH = (
    Case("a new target is registering", checked(INIT, ""), (INIT, *REGISTERING, 0)),
    Case("the first pass makes a new target healthy", checked(INIT, "+"), (H, *WELL, 1)),
    Case("one failure leaves a new target initial", checked(INIT, "-"), (INIT, *CHECKING, 0)),
    Case("one pass is enough for a new target after a failure too",
         checked(INIT, "-+"), (H, *WELL, 2)),
    Case("enough failures make a new target unhealthy", checked(INIT, "--"), (U, *BAD, 2)),
    Case("one failure leaves a healthy target", checked(H, "-"), (H, *WELL, 0)),
    Case("failures must be in a row", checked(H, "-+-+-"), (H, *WELL, 0)),
    Case("two failures in a row do it", checked(H, "+--"), (U, *BAD, 3)),
    Case("two of three passes are not enough", checked(H, "--++"), (U, *BAD, 2)),
    Case("passes must be in a row", checked(H, "--++-++"), (U, *BAD, 2)),
    Case("three passes in a row bring a target back", checked(H, "--+++"), (H, *WELL, 5)),
    Case("a recovered target's failures count anew", checked(H, "--+++-"), (H, *WELL, 5)),
    Case("the reason follows the last failure",
         checked(H, "--t"), (U, "Target.Timeout", "Request timed out", 2)),
    Case("a pass that is not enough leaves the reason",
         checked(H, "tt+"), (U, "Target.Timeout", "Request timed out", 2)),
    Case("passes that come late do not wake a draining target", checked(D, "+++"), (D, *WELL, 0)),
    Case("failures that come late do not touch a draining target",
         checked(D, "---"), (D, *WELL, 0)),
    Case("results that come late do not touch an unused target",
         checked(TargetState.UNUSED, "+-+-"), (TargetState.UNUSED, *WELL, 0)),
)  # fmt: skip


def done(*acts: str) -> Callable[[Rules], object]:
    """(state, reason, since, registered) of a target after these acts, 10 ms apart, from 10 ms on;
    a list of what each deregistration said comes last."""

    def told(rules: Rules) -> object:
        one, said = group(store()), []
        for at_ms, act in enumerate(acts, start=1):
            said += _do(rules, one, act, at_ms * 10)
        target = one.targets.get(KEY)
        if target is None:
            return said
        return target.state, target.reason, target.since_ms, target.registered_ms, said

    return told


def _do(rules: Rules, one: TargetGroup, act: str, now_ms: int) -> list[bool]:
    if act == "register":
        rules.targets.register(one, *KEY, "a", now_ms)
    elif act == "deregister":
        return [rules.targets.deregister(one, *KEY, now_ms)]
    else:
        feed(rules, one.targets[KEY], act)
    return []


LEAVING = "Target.DeregistrationInProgress"
ANEW = REGISTERING[0]
REGISTRATION = (
    Case("a registered target is initial", done("register"), (INIT, ANEW, 10, 10, [])),
    Case("a deregistered target is draining from then on",
         done("register", "+", "deregister"), (D, LEAVING, 30, 10, [True])),
    Case("a target is deregistered whatever its health",
         done("register", "--", "deregister"), (D, LEAVING, 30, 10, [True])),
    Case("a second deregistration does not begin the delay again",
         done("register", "deregister", "deregister"), (D, LEAVING, 20, 10, [True, False])),
    Case("registering a draining target makes it initial",
         done("register", "deregister", "register"), (INIT, ANEW, 30, 30, [True])),
    Case("a target registered again is judged anew",
         done("register", "-", "deregister", "register", "-"),
         (INIT, CHECKING[0], 40, 40, [True])),
    Case("registering a healthy target again changes nothing",
         done("register", "+", "register"), (H, None, 1, 10, [])),
    Case("registering an unhealthy target again changes nothing",
         done("register", "--", "register"), (U, MISMATCH, 2, 10, [])),
    Case("deregistering a stranger succeeds and does nothing", done("deregister"), [False]),
)  # fmt: skip


def routed(
    letters: str, *, now_ms: int = 100, lag_ms: int = 0, **attributes: str
) -> Callable[[Rules], object]:
    """Which of these targets, all in their state since 90 ms, get requests: `d` was healthy before
    it began to drain, `n` was not."""

    def told(rules: Rules) -> object:
        targets = [
            Target(
                "127.0.0.1",
                n,
                "a",
                since_ms=90,
                registered_ms=0,
                state=STATES[letter],
                was_healthy=letter == "d",
            )
            for n, letter in enumerate(letters)
        ]
        named = {f"{MINIMUM}.{name}": value for name, value in attributes.items()}
        chosen = rules.routing.routable(targets, named, now_ms, lag_ms)
        return "".join(letters[t.port] for t in chosen)

    return told


ROUTING = (
    Case("healthy targets get requests", routed("hh"), "hh"),
    Case("one healthy target is enough to keep the others out", routed("hui"), "h"),
    Case("no healthy target: fail open to all registered ones", routed("ui"), "ui"),
    Case("new targets only: fail open to them", routed("ii"), "ii"),
    Case("a draining target gets none", routed("hd"), "h"),
    Case("a draining target gets none when the group fails open either", routed("ud"), "u"),
    Case("a group with draining targets only has none", routed("d"), ""),
    Case("unused targets get none", routed("x"), ""),
    Case("a minimum count opens earlier", routed("hhu", count="3"), "hhu"),
    Case("at the minimum count the group is closed", routed("hhu", count="2"), "hh"),
    Case("a minimum percentage is rounded up", routed("hhu", percentage="67"), "hhu"),
    Case("at the minimum percentage the group is closed", routed("hhu", percentage="66"), "hh"),
    Case("no percentage is no minimum", routed("hhu", percentage="off"), "hh"),
    Case("the percentage is of the registered targets only",
         routed("hudd", percentage="50"), "h"),
    Case("of count and percentage the larger decides",
         routed("hhuu", count="3", percentage="25"), "hhuu"),
    Case("a node that has not heard goes on sending", routed("hd", now_ms=94, lag_ms=5), "hd"),
    Case("a node never sends to a target that was not healthy when it began to drain",
         routed("hn", now_ms=94, lag_ms=5), "h"),
    Case("a node that has heard does not", routed("hd", now_ms=95, lag_ms=5), "h"),
    Case("what drains does not keep a group from failing open",
         routed("ud", now_ms=91, lag_ms=5), "ud"),
    Case("the lag is the draining target's only", routed("hux", now_ms=91, lag_ms=5), "h"),
)  # fmt: skip


def leaving(letters: str, *, pushed_ms: int, now_ms: int) -> Callable[[Rules], object]:
    """How long until a target leaves: the first in its state since 90 ms, the next since 91, ...;
    the nodes need 5 ms to hear of it."""

    def told(rules: Rules) -> object:
        targets = [
            Target("127.0.0.1", n, "a", 90 + n, 0, state=STATES[letter], was_healthy=True)
            for n, letter in enumerate(letters)
        ]
        return rules.routing.leaves_in_ms(targets, pushed_ms, now_ms, 5)

    return told


DEPARTING = (
    Case("a draining target leaves when the nodes have heard",
         leaving("hd", pushed_ms=92, now_ms=92), 4),
    Case("of two the first decides", leaving("dd", pushed_ms=92, now_ms=92), 3),
    Case("one whose time came during the push leaves at once",
         leaving("dd", pushed_ms=95, now_ms=97), 0),
    Case("one that the push left out already is not waited for",
         leaving("d", pushed_ms=95, now_ms=96), None),
    Case("nobody drains, nobody is waited for", leaving("hui", pushed_ms=92, now_ms=92), None),
)  # fmt: skip

CASES = (*HEALTH, *REGISTRATION, *ROUTING, *DEPARTING)

"""Mutants of health checks, draining and routing that the fast tests must catch."""

import re
from dataclasses import dataclass

from tests.balancing.rules import Rules, load, sources


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """`text` occurs exactly once in the module. `cases` (tables), `stories` (seeds with an oracle)
    and `keeper` (small servers in this process) say which layer must see it."""

    name: str
    module: str
    text: str
    instead: str
    cases: bool = True
    stories: bool = True
    keeper: bool = False


def plant(bug: PlantedBug) -> Rules:
    """The rules with the bug in them, under the package name that `alias` gives."""
    source = sources()[bug.module]
    count = source.count(bug.text)
    assert count == 1, f"{bug.name}: {count} times in {bug.module}"
    return load(alias(bug), {bug.module: source.replace(bug.text, bug.instead)})


def alias(bug: PlantedBug) -> str:
    return "planted_elb_" + re.sub(r"\W", "_", bug.name)


def _keeper(name: str, module: str, text: str, instead: str) -> PlantedBug:
    return PlantedBug(name, module, text, instead, cases=False, stories=False, keeper=True)


P = PlantedBug
BUGS = (
    P("a new target needs as many passes as a recovering one", "health",
      "needed = healthy_count if target.state is TargetState.UNHEALTHY else 1",
      "needed = healthy_count"),
    P("one pass brings an unhealthy target back", "health",
      "needed = healthy_count if target.state is TargetState.UNHEALTHY else 1", "needed = 1"),
    P("one failure makes a target unhealthy", "health",
      "or failures == unhealthy_count:", "or failures:"),
    P("it takes one failure more than the threshold", "health",
      "or failures == unhealthy_count:", "or failures == target.failures == unhealthy_count:"),
    P("passes need not be in a row", "health",
      "probe.reason, probe.description, 0, failures)",
      "probe.reason, probe.description, target.passes, failures)"),
    P("failures need not be in a row", "health",
      "return Verdict(TargetState.HEALTHY, None, None, passes, 0)",
      "return Verdict(TargetState.HEALTHY, None, None, passes, target.failures)"),
    P("a new target that failed once is called healthy", "health",
      "if target.state is TargetState.INITIAL:", "if target.state is TargetState.UNUSED:"),
    P("the first failure's reason stays", "health",
      "    if target.state is TargetState.UNHEALTHY or failures == unhealthy_count:",
      "    if target.state is TargetState.UNHEALTHY:\n"
      "        return Verdict(target.state, target.reason, target.description, 0, failures)\n"
      "    if failures == unhealthy_count:", stories=False),
    P("a late check wakes a draining target", "health",
      "if target.state not in CHECKED:", "if target.state is TargetState.UNUSED:"),
    P("a healthy target keeps its reason", "health",
      "return Verdict(TargetState.HEALTHY, None, None, passes, 0)",
      "return Verdict(TargetState.HEALTHY, target.reason, target.description, passes, 0)"),
    P("every check is a new state", "targets",
      "    if target.state is not state:\n        target.since_ms = now_ms",
      "    target.since_ms = now_ms"),
    P("the time of a state is the registration's", "targets",
      "    if target.state is not state:\n        target.since_ms = now_ms", "    pass"),
    P("a draining target cannot come back", "targets",
      "if known is None or known.state is TargetState.DRAINING:", "if known is None:"),
    P("registering again starts the health anew", "targets",
      "if known is None or known.state is TargetState.DRAINING:", "if True:"),
    P("a second deregistration starts the delay again", "targets",
      "if target is None or target.state is TargetState.DRAINING:\n        return False",
      "if target is None:\n        return False\n    target.since_ms = now_ms"),
    P("unhealthy targets are not deregistered", "targets",
      "if target is None or target.state is TargetState.DRAINING:",
      "if target is None or target.state in (TargetState.DRAINING, TargetState.UNHEALTHY):"),
    P("a group never fails open", "routing",
      "registered if opened else healthy", "healthy"),
    P("a group fails open to draining targets", "routing",
      "CANDIDATES = frozenset({", "CANDIDATES = frozenset({TargetState.DRAINING, "),
    P("unhealthy targets get requests at any time", "routing",
      "opened = len(healthy) < _minimum(attributes, len(registered))", "opened = True"),
    P("a group opens at the minimum already", "routing",
      "opened = len(healthy) < _minimum", "opened = len(healthy) <= _minimum"),
    P("the share rounds down", "routing",
      "-(-registered * int(percentage) // 100)", "registered * int(percentage) // 100"),
    P("the smaller of count and share decides", "routing",
      "return max(count, share)", "return min(count, share) or count"),
    P("the share is of all that are listed", "routing",
      "_minimum(attributes, len(registered))", "_minimum(attributes, len(present))"),
    P("every node hears of the draining at once", "routing",
      "now_ms < target.since_ms + propagation_ms", "now_ms < target.since_ms"),
    P("a node hears a millisecond late", "routing",
      "now_ms < target.since_ms + propagation_ms", "now_ms <= target.since_ms + propagation_ms"),
    P("a node sends to a target that is leaving and never was healthy", "routing",
      "return unheard and target.was_healthy", "return unheard"),
    P("every target that is leaving was healthy", "targets",
      "target.was_healthy = target.state is TargetState.HEALTHY",
      "target.was_healthy = target.state is not TargetState.INITIAL", cases=False),
    P("what drains keeps the group from failing open", "routing",
      "return (*(registered if opened else healthy), *late)",
      "return (*(registered if opened and not late else healthy), *late)"),
    P("what leaves during a push is forgotten", "routing",
      "if still_routed(target, pushed_ms, propagation_ms)",
      "if still_routed(target, now_ms, propagation_ms)", stories=False),
    P("the last to leave decides when to look again", "routing",
      "first_ms = min(ends, default=None)", "first_ms = max(ends, default=None)",
      stories=False),
    _keeper("a redirect is followed, or passes", "checker",
            "if any(status in codes for codes in check.codes):",
            "if any(status in codes for codes in check.codes) or status // 100 == 3:"),
    _keeper("the last code of a range fails", "checker",
            "range(int(first), int(last) + 1)", "range(int(first), int(last) + (not dash))"),
    _keeper("silence is called a failure", "checker",
            "        return TIMED_OUT", "        return FAILED"),
    _keeper("what no rule lets through is asked all the same", "keeper",
            "if self._reachable(self._group, check.address, check.port):", "if True:"),
    _keeper("what no rule lets through is a failed check", "keeper",
            "        return TIMED_OUT\n", "        return Probe(False, 'Failed')\n"),
    _keeper("the first check waits an interval", "keeper",
            "            while self._is_checked(key, watch.target):\n",
            "            await anyio.sleep(self._scaled_ms(self._group.interval) / 1000)\n"
            "            while self._is_checked(key, watch.target):\n"),
    _keeper("a slow answer shifts the next check", "keeper",
            "await anyio.sleep((next_ms - self._clock.now_ms()) / 1000)",
            "await anyio.sleep(interval_ms / 1000)"),
    _keeper("draining targets are checked", "keeper",
            "self._group.targets.get(key) is target and target.state in CHECKED",
            "self._group.targets.get(key) is target"),
    _keeper("an idle target's draining ends early", "keeper",
            "wait_ms = target.since_ms + delay_ms - now_ms",
            "wait_ms = target.since_ms + delay_ms // 2 - now_ms"),
    _keeper("the draining of all ends with the first to look", "keeper",
            "if wait_ms > 0:", "if wait_ms > delay_ms:"),
    _keeper("a target is unused while requests are in flight", "keeper",
            "            cut_count = await self._release(self._group, target)\n",
            "            cut_count = 0\n"),
    _keeper("the delay is as long as the nodes need to hear", "keeper",
            "self._clock.now_ms() < target.since_ms + self._propagation_ms", "False"),
    _keeper("nobody hears that a draining has ended", "keeper",
            "        del self._noted[key]\n        self._changed(self._group)\n",
            "        del self._noted[key]\n"),
    _keeper("a target that came back leaves at the old delay's end", "keeper",
            "if target.state is not TargetState.DRAINING or key in self._ending:",
            "if target.reason == 'x' or key in self._ending:"),
)  # fmt: skip
